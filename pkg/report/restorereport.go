// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// RestoreReport prints what was given back and what was not, for people.
func RestoreReport(w io.Writer, r *v1alpha1.RestoreReport, next Next, style Style, wide bool) error {
	if len(r.Restored) > 0 {
		if err := printRestored(w, r.Restored, style, wide); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	Findings(w, r.Findings, style)
	printRestoreVerdict(w, r, next, style)
	return nil
}

// printRestored shows what was not given back first: of a thousand nodes the one
// that needs a hand must be seen.
func printRestored(w io.Writer, restored []v1alpha1.RestoredField, style Style, wide bool) error {
	t := newTable("^OBJECT", "~CHANGE", "STATE", "+MODE", "+RUN", "+UID", "+MESSAGE")
	rows := make([]*v1alpha1.RestoredField, 0, len(restored))
	for _, wanted := range []bool{false, true} {
		for i := range restored {
			if isBack(restored[i].State) == wanted {
				rows = append(rows, &restored[i])
			}
		}
	}
	n := shown(len(rows), wide)
	for _, f := range rows[:n] {
		t.add(object(f.Object, wide), givenBack(f, wide), f.State, f.Mode, orNone(f.Run), f.UID, oneLine(f.Message))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, len(rows)-n, "change")
	return nil
}

// givenBack writes what happens to a field. Where nothing has to happen it is the
// value that is there, and why.
func givenBack(f *v1alpha1.RestoredField, wide bool) string {
	field, before := fieldName(f.Field, wide), value(f.To)
	switch {
	case f.State == v1alpha1.RestoreGone:
		return field + " (gone) -> " + before
	case f.State == v1alpha1.RestoreNotApplied:
		return field + " " + before + " (never changed)"
	case f.State == v1alpha1.RestoreTakenOver:
		return field + " " + value(f.From) + " (somebody else's)"
	case f.State == v1alpha1.RestoreAlreadyBack || value(f.From) == before:
		return field + " " + before + " (already back)"
	}
	return change(f.Field, f.From, f.To, wide)
}

// isBack reports whether nothing of a change is left.
func isBack(state v1alpha1.RestoreState) bool {
	switch state {
	case v1alpha1.RestoreRestored, v1alpha1.RestoreAlreadyBack, v1alpha1.RestoreNotApplied, v1alpha1.RestoreGone, v1alpha1.RestorePlanned, v1alpha1.RestoreReturned, v1alpha1.RestoreTakenOver:
		return true
	case v1alpha1.RestoreConflict, v1alpha1.RestoreNotReady, v1alpha1.RestoreFailed:
	}
	return false
}

// printRestoreVerdict says on the last lines how it ended and what to type next.
func printRestoreVerdict(w io.Writer, r *v1alpha1.RestoreReport, next Next, style Style) {
	back, left, conflicts, refused := countRestored(r)
	switch r.Outcome {
	case v1alpha1.PausePlanned:
		switch {
		case r.DryRun == "none":
			return // the question follows
		case len(r.Restored) == 0:
			fmt.Fprintf(w, "%s of ours is left to be given back. Nothing was touched (dry run: %s).\n", style.Green("Nothing"), r.DryRun)
			return
		}
		fmt.Fprintf(w, "%s to be given back. Nothing was touched (dry run: %s).\n", style.Green(plural(back, "change")), r.DryRun)
		printNext(w, "Next: ", next.Again)
	case v1alpha1.PauseNothingToDo:
		fmt.Fprintf(w, "%s of ours is left to be given back. Nothing was changed.\n", style.Green("Nothing"))
	case v1alpha1.PauseDone:
		if len(r.Restored) == 0 && len(r.Findings) > 0 {
			fmt.Fprintf(w, "%s: there was no change to give back; see the findings.\n", style.Green("Done"))
			return
		}
		if back == 0 {
			fmt.Fprintf(w, "%s: nothing had to be given back any more. Nothing of ours is left of it.\n", style.Green("Done"))
			return
		}
		fmt.Fprintf(w, "%s: %s given back and read back. Nothing of ours is left of them.\n", style.Green("Done"), plural(back, "change"))
		if slices.ContainsFunc(r.Restored, isUncordoned) {
			fmt.Fprintln(w, "Pods that had moved stay where they are: kubectl vantiq-upgrade placement-check")
		}
	case v1alpha1.PauseBlocked:
		switch {
		case r.DryRun == "none" && left == 0 && slices.ContainsFunc(r.Findings, isUnnoted):
			fmt.Fprintf(w, "%s, but not all of that is written down: see the findings.\n", style.Yellow(plural(back, "change")+" given back"))
		case r.DryRun == "none" && left == 0:
			fmt.Fprintf(w, "%s, but there may be more: not all of the journal and the marks can be read; see the findings.\n", style.Yellow(plural(back, "change")+" given back"))
		case r.DryRun == "none":
			fmt.Fprintf(w, "%s: %d left; see the findings.\n", style.Red("Nothing given back"), left)
		default:
			fmt.Fprintf(w, "%s: %s to be given back, %d to be left; see the findings.\nNothing was touched (dry run: %s).\n", style.Red("Not all can be given back"), plural(back, "change"), left, r.DryRun)
		}
		printForced(w, conflicts, next)
		printMended(w, refused, next)
	case v1alpha1.PauseStopped:
		if left == conflicts+refused {
			fmt.Fprintf(w, "%s: %s given back, %d left untouched; see the findings.\n", style.Red("Not all given back"), plural(back, "change"), left)
			printForced(w, conflicts, next)
			printMended(w, refused, next)
			return
		}
		fmt.Fprintf(w, "%s: %s given back, %d not yet.\n", style.Red("Stopped part-way"), plural(back, "change"), left)
		printNext(w, "To go on: ", next.Again)
	case v1alpha1.PauseInterrupted:
		fmt.Fprintf(w, "%s. Nothing new was changed after the signal: %s given back, %d not yet.\n", style.Yellow("Interrupted"), plural(back, "change"), left)
		printNext(w, "To go on: ", next.Again)
	}
}

// isUnnoted reports whether the journal could not be told of something.
func isUnnoted(f v1alpha1.Finding) bool { return f.Code == string(finding.RestoreUnnoted) }

// countRestored counts the changes that were given back, or would be in a dry run, and
// those that were not: left are all of them, of which some are conflicts, and some were
// refused by the API server. What was not come to is left; what is gone, or was never
// made, is neither.
func countRestored(r *v1alpha1.RestoreReport) (back, left, conflicts, refused int) {
	tried := r.DryRun == "none" && r.Outcome != v1alpha1.PausePlanned
	for i := range r.Restored {
		switch state := r.Restored[i].State; state {
		case v1alpha1.RestoreGone, v1alpha1.RestoreNotApplied, v1alpha1.RestoreTakenOver:
		case v1alpha1.RestorePlanned, v1alpha1.RestoreReturned:
			if tried {
				left++
			} else {
				back++
			}
		case v1alpha1.RestoreRestored, v1alpha1.RestoreAlreadyBack:
			back++
		default:
			left++
			if state == v1alpha1.RestoreConflict {
				conflicts++
			}
			if state == v1alpha1.RestoreFailed {
				refused++
			}
		}
	}
	return back, left, conflicts, refused
}

// printMended names the command to type once what was refused is mended: by itself it
// would be refused again.
func printMended(w io.Writer, refused int, next Next) {
	if refused > 0 {
		printNext(w, "Next: mend what is named above, then ", next.Again)
	}
}

// isUncordoned reports whether a node takes pods again.
func isUncordoned(f v1alpha1.RestoredField) bool {
	return f.Object.Kind == "Node" && f.State == v1alpha1.RestoreRestored
}

// printForced names the command that overwrites what somebody else has changed,
// where there is such a thing.
func printForced(w io.Writer, conflicts int, next Next) {
	if conflicts > 0 {
		printNext(w, "To put the recorded values back all the same: ", next.Forced)
	}
}
