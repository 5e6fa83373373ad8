// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// PauseReport prints which budgets block and what was done about them, for
// people.
func PauseReport(w io.Writer, r *v1alpha1.PauseReport, next Next, style Style, wide bool) error {
	if len(r.Blockers) > 0 {
		if err := printBlockers(w, r.Blockers, style, wide); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	if len(r.Paused) > 0 {
		if err := printPaused(w, r.Paused, style, wide); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	Findings(w, r.Findings, style)
	printPauseVerdict(w, r, next, style)
	return nil
}

func printBlockers(w io.Writer, blockers []v1alpha1.Blocker, style Style, wide bool) error {
	t := newTable("^PDB", "BLOCKS", "^WORKLOAD", "PODS", "RELIEF", "+OWNER", "+NODES", "+CAUSE")
	n := shown(len(blockers), wide)
	for i := range blockers[:n] {
		b := &blockers[i]
		owner := ""
		if b.Owner != nil {
			owner = b.Owner.Kind + " " + b.Owner.Name
		}
		t.add(b.Namespace+"/"+b.PDB, class(b), orNone(blocked(b, wide)), len(b.Pods), relief(b), orNone(owner), strings.Join(b.Nodes, ","), oneLine(b.Cause))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, len(blockers)-n, "blocker")
	return nil
}

// class says in a word or two why a budget blocks.
func class(b *v1alpha1.Blocker) string {
	if b.Later {
		return "later"
	}
	switch b.Class {
	case "PermanentBySpec":
		return "by spec"
	case "PermanentBySize":
		return "by size"
	}
	return strings.ToLower(b.Class)
}

// blocked names the workloads behind a budget, which are in its namespace.
func blocked(b *v1alpha1.Blocker, wide bool) string {
	names := make([]string, 0, len(b.Workloads))
	for _, d := range b.Workloads {
		name := workload(inGroup(d.Group, d.Kind), "", d.Name)
		names = append(names, strings.Replace(name, " /", " ", 1))
	}
	if len(names) > 1 && !wide {
		return fmt.Sprintf("%s +%d", names[0], len(names)-1)
	}
	return strings.Join(names, ",")
}

// relief says what is done about a blocker.
func relief(b *v1alpha1.Blocker) string {
	switch {
	case b.Refused != "":
		return "refused"
	case b.Mode != "":
		return b.Mode
	case b.Class == "Transient" || b.Class == "Stale":
		return "by itself"
	}
	return "none"
}

func printPaused(w io.Writer, paused []v1alpha1.PausedField, style Style, wide bool) error {
	t := newTable("^OBJECT", "~CHANGE", "STATE", "+MODE", "+EXPIRES", "+RUN", "+UID")
	n := shown(len(paused), wide)
	for i := range paused[:n] {
		p := &paused[i]
		t.add(object(p.Object, wide), change(p.Field, p.Before, p.After, wide), p.State, p.Mode, moment(p.Expires, wide), orNone(p.Run), p.UID)
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, len(paused)-n, "change")
	return nil
}

// printPauseVerdict says on the last lines how it ended and what to type next.
func printPauseVerdict(w io.Writer, r *v1alpha1.PauseReport, next Next, style Style) {
	count := func(state v1alpha1.PauseState) int {
		n := 0
		for i := range r.Paused {
			if r.Paused[i].State == state {
				n++
			}
		}
		return n
	}
	applied := count(v1alpha1.PauseStateApplied)
	missing := len(r.Paused) - applied - count(v1alpha1.PauseStateKept)
	errors, _ := counts(r.Findings)
	switch r.Outcome {
	case v1alpha1.PausePlanned:
		if r.DryRun != "none" { // else the question follows
			fmt.Fprintf(w, "%s. Nothing was touched (dry run: %s).\n", style.Green("Nothing would block"), r.DryRun)
		}
	case v1alpha1.PauseNothingToDo:
		fmt.Fprintf(w, "%s to be relieved. Nothing was changed.\n", style.Green("Nothing is there"))
	case v1alpha1.PauseDone:
		fmt.Fprintf(w, "%s: %s made and read back%s.\n", style.Green("Done"), plural(applied, "change"), until(r.Paused))
		printNext(w, "Next: drain the pools, then ", next.GiveBack)
	case v1alpha1.PauseBlocked:
		switch planned := count(v1alpha1.PauseStatePlanned); {
		case planned > 0 && r.DryRun != "none":
			fmt.Fprintf(w, "%s: %s; %s would be made, %s would remain.\nNothing was touched (dry run: %s).\n", style.Red("Would block"),
				plural(len(r.Blockers), "blocker"), plural(planned, "change"), plural(errors, "error"), r.DryRun)
			printNext(w, "Next: ", next.Again)
			return
		case count(v1alpha1.PauseStateFailed) > 0 && r.DryRun == "none": // given back, or never made
			fmt.Fprintf(w, "%s by %s; 0 changes made.\n", style.Red("Blocked"), plural(errors, "finding"))
		default:
			fmt.Fprintf(w, "%s by %s. Nothing was touched.\n", style.Red("Blocked"), plural(errors, "finding"))
		}
		printNext(w, "Next: mend what is named above, then ", next.Again)
	case v1alpha1.PauseStopped:
		if missing == 0 && errors > 0 {
			fmt.Fprintf(w, "%s by %s; %s made and read back%s.\n", style.Red("Still blocked"), plural(errors, "finding"), plural(applied, "change"), until(r.Paused))
			printNext(w, "To give back: ", next.GiveBack)
			printNext(w, "Next: mend what is named above, then ", next.Again)
			return
		}
		fmt.Fprintf(w, "%s: %s made, %d not.\n", style.Red("Stopped part-way"), plural(applied, "change"), missing)
		if missing == count(v1alpha1.PauseStateFailed) { // the same command would fail again
			printNext(w, "Next: mend what is named above, then ", next.Again)
		} else {
			printNext(w, "To go on: ", next.Again)
		}
		printNext(w, "To give back: ", next.GiveBack)
	case v1alpha1.PauseInterrupted:
		fmt.Fprintf(w, "%s. Nothing new was changed after the signal: %s made, %d not.\n", style.Yellow("Interrupted"), plural(applied, "change"), missing)
		printNext(w, "To go on: ", next.Again)
		printNext(w, "To give back: ", next.GiveBack)
	}
}

// until says when the first of the pauses ends.
func until(paused []v1alpha1.PausedField) string {
	var first *metav1.Time
	for i := range paused {
		if e := paused[i].Expires; e != nil && (first == nil || e.Before(first)) {
			first = e
		}
	}
	if first == nil {
		return ""
	}
	return ".\nTo be given back by " + first.Local().Format(time.DateTime) + "; after that every command warns"
}

// printNext writes a command to type, where there is one.
func printNext(w io.Writer, before, command string) {
	if command != "" {
		fmt.Fprintf(w, "%s%s\n", before, command)
	}
}
