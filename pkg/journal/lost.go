// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

// Kept is how many runs of which nothing is left stay in the journal as history.
const Kept = 20

// Find returns a run by its id; nil when the journal does not have it.
func Find(runs []*Run, id string) *Run {
	for _, run := range runs {
		if run.ID == id {
			return run
		}
	}
	return nil
}

// MayBeLost reports whether a run that is not among all the runs of the journal may
// be missing from it rather than unknown to it. What is pruned had nothing left and
// was older than as many runs as are kept; so a run is lost when it is older than
// every one that is there, and nothing can have been pruned yet. In a journal with
// an older run than it, it was never written down, or somebody took out just it.
// An id that names no time is older than any.
func MayBeLost(runs []*Run, id string) bool {
	closed, at := 0, timeOfID(id)
	for _, run := range runs {
		if !timeOfID(run.ID).After(at) {
			return false
		}
		if !run.IsOpen() {
			closed++
		}
	}
	return closed < Kept
}
