// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Relocation prints which pods were moved to where they belong, or are to be, for
// people.
func Relocation(w io.Writer, r *v1alpha1.PlacementReport, next Next, style Style, wide bool) error {
	if err := printMoves(w, r.Relocation, style, wide); err != nil {
		return err
	}
	findings := besidesMoves(r)
	others := 0
	if !wide {
		findings, others = aboutMoves(r, findings)
	}
	firstFindings(w, findings, style, wide)
	if others > 0 {
		fmt.Fprintf(w, "%s about other pods; placement-check shows them\n", plural(others, "finding"))
	}
	printRelocationVerdict(w, r, next, style)
	return nil
}

// besidesMoves are the findings that the planned moves do not mend.
func besidesMoves(r *v1alpha1.PlacementReport) []v1alpha1.Finding {
	planned := map[string]bool{}
	for i := range r.Relocation.Moves {
		if m := &r.Relocation.Moves[i]; m.State == "Planned" {
			planned["pod/"+m.Namespace+"/"+m.Pod] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f v1alpha1.Finding) bool { return planned[f.Object] })
}

// aboutMoves keeps the findings that have to do with the moves, and counts the
// others.
func aboutMoves(r *v1alpha1.PlacementReport, findings []v1alpha1.Finding) (about []v1alpha1.Finding, others int) {
	concerned := map[string]bool{"pods": true}
	for i := range r.Relocation.Moves {
		m := &r.Relocation.Moves[i]
		concerned["pod/"+m.Namespace+"/"+m.Pod], concerned[m.Workload] = true, true
	}
	for _, f := range findings {
		if concerned[f.Object] || strings.HasPrefix(f.Code, "VU-2") || strings.HasPrefix(f.Code, "VU-42") {
			about = append(about, f)
		} else {
			others++
		}
	}
	return about, others
}

// printMoves has a row for every move. A plan names the node that is expected, as
// such: the scheduler decides; what was not come to belongs on its pool.
func printMoves(w io.Writer, r *v1alpha1.Relocation, style Style, wide bool) error {
	moves := r.Moves
	if len(moves) == 0 {
		return nil
	}
	to, isPlan := "^TO", r.Outcome == v1alpha1.RelocationPlanned
	if isPlan {
		to = "^EXPECTED"
	}
	away := "+AWAY" // nothing was away yet
	if slices.ContainsFunc(moves, func(m v1alpha1.Move) bool { return m.Seconds > 0 }) {
		away = "AWAY"
	}
	t := newTable("^POD", "^FROM", to, "STATE", away, "NOTE", "+WORKLOAD", "+MESSAGE")
	for i := range moves {
		m := &moves[i]
		to := shortNode(m.ToNode, wide)
		if to == "" || m.State == "Planned" && !isPlan {
			to = m.ToPool
		}
		note := ""
		if m.Downtime {
			note = "downtime"
		}
		if m.State == "OnTheWay" {
			note = strings.TrimPrefix(note+", away", ", ")
		}
		t.add(m.Namespace+"/"+m.Pod, shortNode(m.FromNode, wide), orNone(to), m.State, seconds(m.Seconds), note, m.Workload, oneLine(m.Message))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return nil
}

// printRelocationVerdict says on the last lines how it ended and what to type next.
func printRelocationVerdict(w io.Writer, r *v1alpha1.PlacementReport, next Next, style Style) {
	done, open, away, refused := 0, 0, 0, 0
	for i := range r.Relocation.Moves {
		switch r.Relocation.Moves[i].State {
		case "Moved":
			done++
		case "OnTheWay":
			away++
		case "Refused":
			refused++
			open++
		default:
			open++
		}
	}
	say := func(format string, args ...any) {
		fmt.Fprintln(w, wrapped(fmt.Sprintf(format, args...), style.room(), 0, ""))
	}
	switch r.Relocation.Outcome {
	case v1alpha1.RelocationPlanned:
		if r.Relocation.DryRun != "none" { // else the question follows
			say("%s to be moved. Nothing was touched (dry run: %s).", style.Green(plural(open, "pod")), r.Relocation.DryRun)
			printNext(w, "Next: ", next.Again)
		}
	case v1alpha1.RelocationNothingToDo:
		say("%s: no pod is in a wrong place. Nothing was changed.", style.Green("All right already"))
	case v1alpha1.RelocationDone:
		say("%s: %s moved. Read back: each is Ready where it belongs, and nothing of ours is left.", style.Green("Done"), plural(done, "pod"))
	case v1alpha1.RelocationBlocked:
		say("%s: %s cannot be moved. Nothing was touched.", style.Red("Blocked"), plural(open, "pod"))
		printNext(w, "Next: mend what is named above, then ", next.Again)
	case v1alpha1.RelocationStopped:
		say("%s: %s moved, %d not.", style.Red("Stopped part-way"), plural(done, "pod"), open+away)
		if open+away > 0 && open+away == refused { // going on alone would change nothing
			printNext(w, "Next: mend what is named above, then ", next.Again)
		} else {
			printNext(w, "To go on: ", next.Again)
		}
	case v1alpha1.RelocationInterrupted:
		say("%s: %s moved, %d on the way, %d not. Nothing new was evicted after the signal.", style.Yellow("Interrupted"), plural(done, "pod"), away, open)
		if away > 0 {
			say("Those on the way are kept off wrong nodes until somebody goes on, or for an hour.")
		}
		printNext(w, "To go on: ", next.Again)
	}
}
