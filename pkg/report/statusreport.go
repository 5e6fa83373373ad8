// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// maxRuns is how many runs are shown of which nothing is open.
const maxRuns = 5

// StatusReport prints what is under way and what is still ours, for people.
func StatusReport(w io.Writer, r *v1alpha1.StatusReport, next Next, style Style, wide bool) error {
	printLock(w, r.Lock, style)
	if len(r.Runs) > 0 {
		fmt.Fprintln(w)
		if err := printRuns(w, r.Runs, style, wide); err != nil {
			return err
		}
	}
	if len(r.Changes) > 0 {
		fmt.Fprintln(w)
		if err := printChanges(w, r.Changes, style, wide); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	firstFindings(w, r.Findings, style, wide)
	printLeft(w, r, style)
	printNext(w, "To go on: ", next.Again)
	for _, step := range next.Steps {
		printNext(w, "Next: upgrade the nodes, then ", step)
	}
	printNext(w, "To give back: ", next.GiveBack)
	return nil
}

// printLeft says whether anything of ours is left. Clean is said only when nothing was
// found that may hide some more: a journal or a mark that cannot be read, or is stale.
func printLeft(w io.Writer, r *v1alpha1.StatusReport, style Style) {
	ours := 0
	for i := range r.Changes {
		if r.Changes[i].State != v1alpha1.ChangeNotApplied {
			ours++
		}
	}
	switch {
	case ours > 0:
		fmt.Fprintf(w, "%s of ours in the cluster.\n", style.Yellow(plural(ours, "change")))
	case len(r.Changes) > 0:
		fmt.Fprintf(w, "Nothing of ours is in the cluster: what is listed was written down and never made.\n")
	case finding.HasErrors(r.Findings):
		fmt.Fprintf(w, "%s whether anything of ours is left: see the findings.\n", style.Red("It cannot be told"))
	case len(r.Findings) > 0:
		fmt.Fprintf(w, "%s of ours is left to be given back; see the findings.\n", style.Yellow("No change"))
	default:
		fmt.Fprintf(w, "%s: nothing of ours is left in the cluster.\n", style.Green("Clean"))
	}
}

func printLock(w io.Writer, lock *v1alpha1.LockStatus, style Style) {
	if lock == nil {
		fmt.Fprintln(w, "Lock: free; no command is working")
		return
	}
	line, end := "Lock: "+style.Bold(oneLine(lock.Holder)), ""
	if lock.Since != nil {
		end = " since " + lock.Since.Local().Format(time.DateTime)
	}
	if command := oneLine(lock.Command); command != "" {
		if room := style.width - len(" runs ...") - visible(line+end); style.width > 0 {
			command = cut(command, max(room, leastCutWidth))
		}
		line += fmt.Sprintf(" runs %q", command)
	}
	fmt.Fprintln(w, line+end)
	if lock.Lapsed {
		fmt.Fprintln(w, "It has "+style.Yellow("lapsed")+": its holder is gone, the next command takes over.")
	}
}

// printRuns shows every run that left something and the newest of the others.
func printRuns(w io.Writer, runs []v1alpha1.RunStatus, style Style, wide bool) error {
	t := newTable("RUN", "~COMMAND", "STARTED", "OUTCOME", "OPEN", "+ENDED", "+OPERATOR", "+HOST")
	left, done := 0, 0
	for i := range runs {
		run := &runs[i]
		if run.Open == 0 && run.Outcome != "" {
			if done++; done > maxRuns && !wide {
				left++
				continue
			}
		}
		outcome := run.Outcome
		if outcome == "" {
			outcome = "unfinished"
		}
		t.add(run.ID, oneLine(run.Command), moment(&run.Started, wide), outcome, fmt.Sprintf("%d/%d", run.Open, run.Total),
			moment(run.Ended, wide), oneLine(run.Operator), oneLine(run.Host))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, left, "finished run")
	return nil
}

// printChanges shows the changes that are not as we left them first.
func printChanges(w io.Writer, changes []v1alpha1.ChangeStatus, style Style, wide bool) error {
	rows := make([]*v1alpha1.ChangeStatus, 0, len(changes))
	for _, ours := range []bool{false, true} {
		for i := range changes {
			if (changes[i].State == v1alpha1.ChangeOurs && !changes[i].Expired) == ours {
				rows = append(rows, &changes[i])
			}
		}
	}
	n := shown(len(rows), wide)
	t := changesTable(rows[:n], wide, "SINCE", false)
	if !wide && style.width > 0 && !t.fits(style.width) {
		if t = changesTable(rows[:n], wide, "+SINCE", false); !t.fits(style.width) {
			t = changesTable(rows[:n], wide, "+SINCE", true)
		}
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, len(rows)-n, "change")
	return nil
}

// changesTable is the table of changes. On a narrow terminal the run says since
// when, and the end of its id, which the table of runs has whole, says which.
func changesTable(rows []*v1alpha1.ChangeStatus, wide bool, since string, short bool) *table {
	t := newTable("^OBJECT", "~CHANGE", since, "STATE", "RUN", "+NOW", "+MODE", "+EXPIRES", "+UID")
	for _, c := range rows {
		state, run := string(c.State), oneLine(c.Run)
		if c.Expired && c.State == v1alpha1.ChangeOurs {
			state = "Expired"
		}
		if short {
			run = "…" + run[strings.LastIndex(run, "-")+1:]
		}
		t.add(object(c.Object, wide), changeNow(c, wide), moment(&c.Since, wide), state, orNone(run),
			now(c), c.Mode, moment(c.Expires, wide), c.UID)
	}
	return t
}

// changeNow writes a change, and the value that is there where it is not ours.
func changeNow(c *v1alpha1.ChangeStatus, wide bool) string {
	text := change(c.Field, c.Before, c.After, wide)
	switch c.State {
	case v1alpha1.ChangeReverted, v1alpha1.ChangeChanged, v1alpha1.ChangeTakenOver, v1alpha1.ChangeReturned:
		return text + ", now " + value(c.Now)
	case v1alpha1.ChangeOurs, v1alpha1.ChangeGone, v1alpha1.ChangeNotApplied, v1alpha1.ChangeUnknown:
	}
	return text
}

// now is the value that a field has; an object that is gone has none.
func now(c *v1alpha1.ChangeStatus) string {
	if c.State == v1alpha1.ChangeGone {
		return orNone("")
	}
	return value(c.Now)
}
