// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Columns that a command has in the table of runs, and the runs that it shows
// when nothing of them is open.
const (
	commandWidth = 19
	maxRuns      = 5
)

// StatusReport prints what is under way and what is still ours, for people.
func StatusReport(w io.Writer, r *v1alpha1.StatusReport, next Next, style Style, wide bool) error {
	printLock(w, r.Lock, style)
	if len(r.Runs) > 0 {
		fmt.Fprintln(w)
		if err := printRuns(w, r.Runs, wide); err != nil {
			return err
		}
	}
	if len(r.Changes) > 0 {
		fmt.Fprintln(w)
		if err := printChanges(w, r.Changes, wide); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	n := shown(len(r.Findings), wide)
	Findings(w, r.Findings[:n], style)
	tail(w, len(r.Findings)-n, "finding")
	if len(r.Changes) == 0 {
		fmt.Fprintf(w, "%s: nothing of ours is left in the cluster.\n", style.Green("Clean"))
	} else {
		fmt.Fprintf(w, "%s of ours in the cluster.\n", style.Yellow(plural(len(r.Changes), "change")))
	}
	printNext(w, "To go on: ", next.Again)
	printNext(w, "To give back: ", next.GiveBack)
	return nil
}

func printLock(w io.Writer, lock *v1alpha1.LockStatus, style Style) {
	if lock == nil {
		fmt.Fprintln(w, "Lock: free; no command is working")
		return
	}
	line := "Lock: " + style.Bold(oneLine(lock.Holder))
	if lock.Command != "" {
		line += fmt.Sprintf(" runs %q", lock.Command)
	}
	if lock.Since != nil {
		line += " since " + lock.Since.Local().Format(time.DateTime)
	}
	if lock.Lapsed {
		line += "; " + style.Yellow("lapsed") + ": it is gone, the next command takes over"
	}
	fmt.Fprintln(w, line)
}

// printRuns shows every run that left something and the newest of the others.
func printRuns(w io.Writer, runs []v1alpha1.RunStatus, wide bool) error {
	t := newTable("RUN", "COMMAND", "STARTED", "OUTCOME", "OPEN", "+ENDED", "+OPERATOR", "+HOST")
	left, done := 0, 0
	for i := range runs {
		run := &runs[i]
		if run.Open == 0 && run.Outcome != "" {
			if done++; done > maxRuns && !wide {
				left++
				continue
			}
		}
		command, outcome := oneLine(run.Command), run.Outcome
		if !wide {
			command = cut(command, commandWidth)
		}
		if outcome == "" {
			outcome = "unfinished"
		}
		t.add(run.ID, command, moment(&run.Started, wide), outcome, fmt.Sprintf("%d/%d", run.Open, run.Total),
			moment(run.Ended, wide), oneLine(run.Operator), oneLine(run.Host))
	}
	if err := t.print(w, wide); err != nil {
		return err
	}
	tail(w, left, "finished run")
	return nil
}

// printChanges shows the changes that are not as we left them first.
func printChanges(w io.Writer, changes []v1alpha1.ChangeStatus, wide bool) error {
	t := newTable("OBJECT", "CHANGE", "SINCE", "STATE", "+NOW", "+MODE", "+EXPIRES", "+RUN", "+UID")
	rows := make([]*v1alpha1.ChangeStatus, 0, len(changes))
	for _, ours := range []bool{false, true} {
		for i := range changes {
			if (changes[i].State == v1alpha1.ChangeOurs && !changes[i].Expired) == ours {
				rows = append(rows, &changes[i])
			}
		}
	}
	n := shown(len(rows), wide)
	for _, c := range rows[:n] {
		state := string(c.State)
		if c.Expired && c.State == v1alpha1.ChangeOurs {
			state = "Expired"
		}
		t.add(object(c.Object, wide), change(c.Field, c.Before, c.After, wide), moment(&c.Since, wide), state, value(c.Now),
			c.Mode, moment(c.Expires, wide), c.Run, c.UID)
	}
	if err := t.print(w, wide); err != nil {
		return err
	}
	tail(w, len(rows)-n, "change")
	return nil
}
