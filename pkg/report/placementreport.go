// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// PlacementReport prints where pods are against where they belong, for people:
// the pods that are not right (with -o wide all), what is right by workload, the
// findings, the verdict.
func PlacementReport(w io.Writer, r *v1alpha1.PlacementReport, style Style, wide bool) error {
	if err := printPlaces(w, r, style, wide); err != nil {
		return err
	}
	if err := printPlacesByWorkload(w, r, style, wide); err != nil {
		return err
	}
	firstFindings(w, r.Findings, style, wide)
	printPlacementVerdict(w, r, style)
	return nil
}

// printPlaces has a row for every pod that is not right; with -o wide for all.
func printPlaces(w io.Writer, r *v1alpha1.PlacementReport, style Style, wide bool) error {
	t := newTable("~POD", "~NODE", "~BELONGS", "~CODES", "ROOM", "+VERDICT", "+POOL", "+ZONE", "+SINCE", "+WORKLOAD")
	var rows []*v1alpha1.PlacedPod
	for i := range r.Pods {
		if p := &r.Pods[i]; wide || p.Verdict != v1alpha1.PlacementRight {
			rows = append(rows, p)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	n := shown(len(rows), wide)
	for _, p := range rows[:n] {
		t.add(p.Namespace+"/"+p.Name, orNone(shortNode(p.Node, wide)), belongs(p), orNone(strings.Join(p.Codes, ",")), room(p),
			string(p.Verdict), orNone(p.Pool), orNone(p.Zone), orNone(moment(p.Since, true)), orNone(p.Workload))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	tail(w, len(rows)-n, "pod")
	fmt.Fprintln(w)
	return nil
}

func belongs(p *v1alpha1.PlacedPod) string {
	if len(p.Belongs) == 0 {
		if p.Known {
			return "<no pool>"
		}
		return "<any>"
	}
	return strings.Join(p.Belongs, ",")
}

// room says whether a node where the pod belongs would take it now; a pod that is
// right was not asked about.
func room(p *v1alpha1.PlacedPod) string {
	switch {
	case len(p.Room) > 0:
		return "yes"
	case p.NoRoom != "":
		return "no"
	}
	return "-"
}

// places counts the pods of a workload.
type places struct {
	kind, namespace, name string
	pools                 []string
	right, all            int
}

// printPlacesByWorkload has a row for every workload that the profile gives a
// place, and one for all others.
func printPlacesByWorkload(w io.Writer, r *v1alpha1.PlacementReport, style Style, wide bool) error {
	var order []string
	known, others := map[string]*places{}, places{}
	for i := range r.Pods {
		p := &r.Pods[i]
		count := &others
		if p.Known {
			if known[p.Workload] == nil {
				known[p.Workload] = newPlaces(p)
				order = append(order, p.Workload)
			}
			count = known[p.Workload]
		}
		count.all++
		if p.Verdict == v1alpha1.PlacementRight {
			count.right++
		}
	}
	t := newTable("~WORKLOAD", "PODS", "RIGHT", "~BELONGS")
	for _, name := range order {
		c := known[name]
		t.add(workload(c.kind, c.namespace, c.name), c.all, c.right, orNone(strings.Join(c.pools, ",")))
	}
	if others.all > 0 {
		t.add("all others", others.all, others.right, "<any>")
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	fmt.Fprintln(w)
	return nil
}

func newPlaces(p *v1alpha1.PlacedPod) *places {
	c := &places{name: p.Workload, namespace: p.Namespace, pools: p.Belongs}
	if parts := strings.Split(p.Workload, "/"); len(parts) == 3 {
		c.kind, c.namespace, c.name = kindOf(parts[0]), parts[1], parts[2]
	}
	return c
}

// kindOf is the kind that a name of ours begins with, as tables know it.
func kindOf(lower string) string {
	for _, kind := range []string{"StatefulSet", "Deployment", "ReplicaSet", "DaemonSet", "Job"} {
		if strings.EqualFold(kind, lower) {
			return kind
		}
	}
	return lower
}

// printPlacementVerdict says on the last lines how many pods are right, and what
// was not looked at.
func printPlacementVerdict(w io.Writer, r *v1alpha1.PlacementReport, style Style) {
	if len(r.Installations) == 0 {
		fmt.Fprintln(w, "There is no Vantiq installation in this cluster: nothing was asked of its map of pools.")
	}
	for _, n := range r.NotChecked {
		fmt.Fprintf(w, "%s: %s (%s)\n", style.Red("Not checked"), n.Check, n.Reason)
	}
	s := r.Summary
	if r.Verdict == v1alpha1.PlacementRight {
		fmt.Fprintf(w, "%s: %s, and nothing is to be said against their places.\n", style.Green("Right"), plural(s.Pods, "pod"))
		return
	}
	word := style.Red("Wrong")
	if r.Verdict == v1alpha1.PlacementPoor {
		word = style.Yellow("Could be better")
	}
	errors, warnings := counts(r.Findings)
	fmt.Fprintln(w, wrapped(fmt.Sprintf("%s: of %s %d in a wrong place, %d in a poor one, %d pending, %d right; %s, %s.", word,
		plural(s.Pods, "pod"), s.Wrong, s.Poor, s.Pending, s.Right, plural(errors, "error"), plural(warnings, "warning")), style.room(), 0, ""))
}

// PlacementChanges writes a line for every pod whose verdict is another than it
// was, or that is not right and new.
func PlacementChanges(w io.Writer, before, after *v1alpha1.PlacementReport) {
	was := make(map[string]*v1alpha1.PlacedPod, len(before.Pods))
	for i := range before.Pods {
		was[before.Pods[i].Namespace+"/"+before.Pods[i].Name] = &before.Pods[i]
	}
	for i := range after.Pods {
		p := &after.Pods[i]
		name := p.Namespace + "/" + p.Name
		old := was[name]
		delete(was, name)
		verdict := v1alpha1.PlacementRight
		if old != nil {
			verdict = old.Verdict
		}
		if verdict != p.Verdict {
			placementLine(w, after, name, verdict, p)
		}
	}
	for i := range before.Pods {
		p := &before.Pods[i]
		name := p.Namespace + "/" + p.Name
		if was[name] != nil && p.Verdict != v1alpha1.PlacementRight {
			fmt.Fprintf(w, "%s pod/%s %s -> gone\n", after.Time.Local().Format(time.TimeOnly), name, p.Verdict)
		}
	}
}

func placementLine(w io.Writer, r *v1alpha1.PlacementReport, name string, was v1alpha1.PlacementVerdict, p *v1alpha1.PlacedPod) {
	line := fmt.Sprintf("%s pod/%s %s -> %s", r.Time.Local().Format(time.TimeOnly), name, was, p.Verdict)
	if p.Node != "" {
		line += " on " + shortNode(p.Node, false)
	}
	if len(p.Codes) > 0 {
		line += " (" + strings.Join(p.Codes, ",") + ")"
	}
	fmt.Fprintln(w, line)
}
