// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Next are the commands that an operator types after this one; an empty one is
// not shown.
type Next struct {
	// Again goes on with what was begun, GiveBack puts back what was changed.
	Again, GiveBack string
	// Forced does the same although somebody else has changed what it is about.
	Forced string
	// Resume gives back what is paused.
	Resume string
}

// DrainReport prints how a drain ended, for people. The plan is part of it only
// where the plan is the result (a dry run).
func DrainReport(w io.Writer, r *v1alpha1.DrainReport, next Next, style Style, wide bool) error {
	if r.Outcome == v1alpha1.DrainPlanned || r.Outcome == v1alpha1.DrainBlocked && r.DryRun != "none" {
		if err := DrainPlan(w, r, style, wide); err != nil {
			return err
		}
		if len(r.Findings) > 0 {
			fmt.Fprintln(w)
		}
	}
	if r.Result != nil {
		if err := printResult(w, r.Result, style, wide); err != nil {
			return err
		}
	}
	if r.Outcome != v1alpha1.DrainNothingToDo {
		Findings(w, r.Findings, style)
	}
	printReliefs(w, r.Paused, next)
	printVerdict(w, r, next, style)
	return nil
}

// printReliefs says what became of what was paused for the drain.
func printReliefs(w io.Writer, paused []v1alpha1.PausedField, next Next) {
	for i := range paused {
		p := &paused[i]
		switch {
		case p.State == v1alpha1.PauseStateRestored && p.Message == "":
			fmt.Fprintf(w, "Paused for the drain and given back: %s.\n", object(p.Object, true))
		case p.State == v1alpha1.PauseStateRestored:
			fmt.Fprintf(w, "Paused for the drain and given back: %s; %s.\n", object(p.Object, true), oneLine(p.Message))
		case p.State == v1alpha1.PauseStateApplied:
			fmt.Fprintf(w, "Still paused: %s. To give it back: %s\n", object(p.Object, true), next.Resume)
		}
	}
}

func printResult(w io.Writer, result *v1alpha1.DrainResult, style Style, wide bool) error {
	if len(result.Pods) > 0 {
		columns := []string{"^POD", "^FROM", "^TO", "STATE", "AWAY"}
		if slices.ContainsFunc(result.Pods, func(p v1alpha1.MovedPod) bool { return podNote(p) != "" }) {
			columns = append(columns, "NOTE")
		}
		t := newTable(columns...)
		for _, p := range result.Pods {
			cells := []any{p.Namespace + "/" + p.Name, shortNode(p.Node, wide), orNone(target(p, wide)), p.State, seconds(p.UnavailableSeconds), podNote(p)}
			t.add(cells[:len(columns)]...)
		}
		if err := t.print(w, style, wide); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	if len(result.Workloads) > 0 {
		t := newTable("^WORKLOAD", "FLOOR", "BEFORE", "LOWEST", "NOW")
		for _, d := range result.Workloads {
			now := ready(d.ReadyAfter, d.Replicas)
			if d.Changed != "" {
				now += " " + d.Changed
			}
			t.add(workload(d.Kind, d.Namespace, d.Name), d.Floor, ready(d.ReadyBefore, d.ReplicasBefore), ready(d.LowestReady, d.ReplicasBefore), now)
		}
		if err := t.print(w, style, wide); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return nil
}

// podNote says what is peculiar to a pod that was not simply moved.
func podNote(p v1alpha1.MovedPod) string {
	switch {
	case p.Lost:
		return "lost"
	case p.How == v1alpha1.HowFinished:
		return "had ended"
	case p.How == v1alpha1.HowBefore:
		return "left before"
	case p.How == v1alpha1.HowByOthers:
		return "by others"
	}
	return ""
}

// ready is how many replicas are Ready of those that are wanted.
func ready(n, of int) string { return fmt.Sprintf("%d/%d", n, of) }

// target is the node that a pod came to; the new pod's name where it differs
// and there is room for it.
func target(p v1alpha1.MovedPod, wide bool) string {
	node := shortNode(p.ToNode, wide)
	if wide && p.ToPod != "" && p.ToPod != p.Name {
		return node + " (" + p.ToPod + ")"
	}
	return node
}

func seconds(s float64) string {
	if s == 0 {
		return ""
	}
	return (time.Duration(s*10) * 100 * time.Millisecond).String()
}

// printVerdict says on the last lines how it ended and what to type next.
func printVerdict(w io.Writer, r *v1alpha1.DrainReport, next Next, style Style) {
	again, giveBack := next.Again, next.GiveBack
	errors, warnings := counts(r.Findings)
	if r.Result == nil && (r.Outcome == v1alpha1.DrainStopped || r.Outcome == v1alpha1.DrainInterrupted) {
		fmt.Fprintf(w, "%s before the drain began: no node was cordoned, no pod evicted.\nTo go on: %s\n", style.Red(string(r.Outcome)), again)
		return
	}
	switch r.Outcome {
	case v1alpha1.DrainPlanned:
		mind := ""
		if warnings > 0 {
			mind = ", but mind the " + plural(warnings, "warning")
		}
		fmt.Fprintf(w, "%s%s. Nothing was touched (dry run: %s).\nNext: %s\n", style.Green("Nothing stands in the way"), mind, r.DryRun, again)
	case v1alpha1.DrainNothingToDo:
		fmt.Fprintf(w, "%s: every node of %s is cordoned, nothing is left to move.\nNothing was changed.\nNext: %s\n", style.Green("Already drained"), r.Name, giveBack)
	case v1alpha1.DrainBlocked:
		fmt.Fprintf(w, "%s by %s. Nothing was touched.\nNext: mend what is named above, then %s\n", style.Red("Blocked"), plural(errors, "finding"), again)
	case v1alpha1.DrainDone:
		fmt.Fprintf(w, "%s in %s: %s.\nRead back: the pool is empty%s.\nThe pods stay where they are now; giving the pool back does not bring them back.\nNext: upgrade the nodes, then %s\n",
			style.Green("Done"), seconds(r.Result.Seconds), whatMoved(&r.Result.Counts), readiness(r.Result.Workloads), giveBack)
	case v1alpha1.DrainStopped:
		fmt.Fprintf(w, "%s after %s; run it again to go on:\n%s.\nTo go on: %s\nTo give the pool back: %s\n",
			style.Red("Stopped part-way"), seconds(r.Result.Seconds), tally(r.Result), again, giveBack)
	case v1alpha1.DrainInterrupted:
		fmt.Fprintf(w, "%s after %s. Nothing new was evicted after the signal:\n%s.\nTo go on: %s\nTo give the pool back: %s\n",
			style.Yellow("Interrupted"), seconds(r.Result.Seconds), tally(r.Result), again, giveBack)
	}
}

// tally says how far a drain came.
func tally(result *v1alpha1.DrainResult) string {
	c := &result.Counts
	text := plural(len(result.Cordoned), "node") + " cordoned by this run, " + whatMoved(c)
	if c.Replacing > 0 {
		text += fmt.Sprintf(", %d on the way", c.Replacing)
	}
	if c.Returned > 0 {
		text += fmt.Sprintf(", %d came back to the pool", c.Returned)
	}
	text += fmt.Sprintf(", %d still there", c.StillThere)
	if c.Terminating > 0 {
		text += fmt.Sprintf(" (%d of them evicted)", c.Terminating)
	}
	return text
}

// whatMoved counts what has moved, apart from what is only gone.
func whatMoved(c *v1alpha1.DrainCounts) string {
	text := plural(c.Moved, "pod") + " moved"
	if c.Gone > 0 {
		text += fmt.Sprintf(", %d gone without a replacement to wait for", c.Gone)
	}
	if c.Lost > 0 {
		text += fmt.Sprintf(", %d lost", c.Lost)
	}
	return text
}

// readiness says of the workloads how they are after a drain that is done.
func readiness(workloads []v1alpha1.DrainedWorkload) string {
	changed, broken := 0, 0
	for i := range workloads {
		switch w := &workloads[i]; {
		case w.Changed != "":
			changed++
		case w.ReadyAfter < w.Replicas:
			broken++
		}
	}
	if len(workloads) > 0 && changed == len(workloads) {
		return ", and others changed " + plural(changed, "workload") + " meanwhile"
	}
	text := " and every workload is at its former readiness"
	if broken > 0 {
		text += fmt.Sprintf(" (%s not whole before either)", plural(broken, "workload"))
	}
	if changed > 0 {
		text = strings.Replace(text, "every workload", "every other workload", 1) + "; others changed " + plural(changed, "workload") + " meanwhile"
	}
	return text
}
