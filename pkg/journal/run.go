// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// How a run ended.
const (
	OutcomeDone        = "Done"
	OutcomeStopped     = "Stopped"
	OutcomeInterrupted = "Interrupted"
	// OutcomeAborting is written ahead of an abort: what is left of the run is to
	// be given back, and it is not gone on with.
	OutcomeAborting = "Aborting"
	OutcomeAborted  = "Aborted"
)

// Run is one command and what it changed.
type Run struct {
	// ID names the run; it is a DNS label and sorts by time, to the second.
	ID string `json:"id"`
	// Command is the subcommand with its arguments and flags, as it is to be
	// typed again: without the flags of the connection and without --yes.
	Command []string `json:"command"`
	// Operator is the user of the cluster, Host user@host of the machine.
	Operator string     `json:"operator"`
	Host     string     `json:"host"`
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended,omitempty"`
	// Outcome is empty until the run has ended.
	Outcome string `json:"outcome,omitempty"`
	// Changes are in the order of their numbers.
	Changes []Change `json:"-"`

	// Damaged: some of the run could not be read, so that more may be left of it
	// than Changes say. It never counts as closed.
	Damaged bool `json:"-"`
	// Newer: a newer version of this program has written the run. What is read
	// of it may not be all, and it cannot be written.
	Newer bool `json:"-"`
}

// IsOpen reports whether there is something left of the run: it has not ended,
// a change is not given back, or it cannot be told.
func (r *Run) IsOpen() bool {
	return r.Ended == nil || r.Damaged || slices.ContainsFunc(r.Changes, Change.IsOpen)
}

// Change returns the change of a number; nil when there is none.
func (r *Run) Change(number int) *Change {
	at, found := slices.BinarySearchFunc(r.Changes, number, func(c Change, n int) int { return c.Number - n })
	if !found {
		return nil
	}
	return &r.Changes[at]
}

// The parts of an id: the time in UTC, and random characters that tell two runs
// of the same second apart.
const (
	idTime      = "20060102-150405"
	randomChars = 5
)

// NewID returns the id of a run that starts now, such as
// 20261123-103305-x7k2p.
func NewID(now time.Time) string {
	return now.UTC().Format(idTime) + "-" + strings.ToLower(rand.Text()[:randomChars])
}

// clockError is how far the clocks of two commands may be apart: each knows the
// server's to the second.
const clockError = 2 * time.Second

// StartAfter is the start of a new run, moved behind those of the runs that began
// before it and whose clock was ahead of ours: only the holder of the lock begins
// one.
func StartAfter(runs []*Run, now time.Time) time.Time {
	after := now
	for _, run := range runs {
		if !after.After(run.Started) && run.Started.Sub(now) < clockError {
			after = run.Started.Add(time.Microsecond)
		}
	}
	return after
}

// timeOfID is the second in which a run got its id.
func timeOfID(id string) time.Time {
	at, _ := time.Parse(idTime, id[:min(len(id), len(idTime))]) // no id has no time
	return at
}

// IsID reports whether a text has the form of a run's id.
func IsID(text string) bool {
	if len(text) != len(idTime)+1+randomChars || text[len(idTime)] != '-' {
		return false
	}
	if _, err := time.Parse(idTime, text[:len(idTime)]); err != nil {
		return false
	}
	return strings.Trim(text[len(idTime)+1:], "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}
