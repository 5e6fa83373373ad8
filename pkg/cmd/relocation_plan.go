// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relocate"
)

// relocationPlan is what is to be moved, as the cluster is now.
type relocationPlan struct {
	report  *v1alpha1.PlacementReport
	groups  []placement.Group
	refused []placement.Refusal
	pools   []pool.Pool
	// warnings are what an operator should know of the moves.
	warnings []v1alpha1.Finding
}

// plan judges the cluster as the watches show it now.
func (r *relocation) plan() relocationPlan {
	s := r.watcher.Snapshot()
	now := r.now()
	if r.began.IsZero() {
		r.began = now
	}
	p := relocationPlan{pools: pool.List(s.Nodes, r.profile)}
	found := placement.Find(placement.Input{
		Snapshot: s, Volumes: r.volumes, Pools: p.pools, Profile: disruption.ViewOf(s, r.profile),
		Time: now, Planned: r.began, IsOurs: isOurCordon,
	})
	p.report = found.Report
	var wanted []placement.Misplaced
	for _, m := range found.Misplaced {
		if r.chosen == nil && m.Verdict != v1alpha1.PlacementWrong || r.chosen != nil && !r.chosen(m) || slices.Contains(r.left, m.Pod.UID) {
			continue
		}
		if why := r.whyNot(m); why != "" {
			p.refused = append(p.refused, placement.Refusal{Misplaced: m, Why: why})
			continue
		}
		wanted = append(wanted, m)
	}
	for p.try(found, wanted, func(g placement.Group) []v1alpha1.Finding {
		return relocate.Judge(g, s, p.pools, r.profile, r.drain).Findings
	}) {
		wanted = slices.DeleteFunc(wanted, p.refuses)
	}
	return p
}

// try plans the moves of pods, and reports whether some of them may not go after
// all: then the others have to be planned without the places that those leave.
func (p *relocationPlan) try(found placement.Found, wanted []placement.Misplaced, judge func(placement.Group) []v1alpha1.Finding) bool {
	groups, stuck := found.Plan(wanted)
	p.groups, p.warnings = nil, nil
	again := false
	for _, group := range groups {
		findings := judge(group)
		if finding.HasErrors(findings) {
			p.refuse(group, findings[0])
			again = true
			continue
		}
		p.groups, p.warnings = append(p.groups, group), append(p.warnings, findings...)
	}
	if !again {
		p.refused = append(p.refused, stuck...)
	}
	return again
}

// refuse refuses a group for what was found.
func (p *relocationPlan) refuse(group placement.Group, found v1alpha1.Finding) {
	for _, step := range group {
		p.refused = append(p.refused, placement.Refusal{Misplaced: step.Misplaced, Why: found.Object + ": " + found.Message, Remedy: found.Remedy})
	}
}

func (p *relocationPlan) refuses(m placement.Misplaced) bool {
	return slices.ContainsFunc(p.refused, func(refusal placement.Refusal) bool { return refusal.Pod == m.Pod })
}

// whyNot says why a pod is not moved, whether or not there is room.
func (r *relocation) whyNot(m placement.Misplaced) string {
	switch {
	case m.Workload == nil:
		return "nothing creates it again"
	case !m.Known && !r.force:
		return "the profile does not know " + m.Workload.String() + ": whether it may be restarted is not known; --force moves it all the same"
	}
	return ""
}

// planned is the report with the plan in it.
func (r *relocation) planned(p relocationPlan) *v1alpha1.PlacementReport {
	out := p.report
	out.Relocation = &v1alpha1.Relocation{Outcome: v1alpha1.RelocationPlanned, DryRun: r.dryRun.String(), Moves: []v1alpha1.Move{}}
	for _, group := range p.groups {
		for _, step := range group {
			out.Relocation.Moves = append(out.Relocation.Moves, relocate.PlannedMove(step, p.pools))
		}
	}
	out.Findings = append(out.Findings, p.warnings...)
	for _, refusal := range p.refused {
		out.Relocation.Moves = append(out.Relocation.Moves, relocate.RefusedMove(refusal, p.pools))
		out.Findings = append(out.Findings, finding.New(finding.RelocationRefused, cluster.PodObject(refusal.Pod), refusal.Why, refusal.Remedy))
	}
	finding.Sort(out.Findings)
	return out
}

// isOurCordon reports whether a node was cordoned by a run of ours, so that
// uncordon-pool gives it back.
func isOurCordon(node *corev1.Node) bool {
	_, ours := drain.MarkOf(node)
	return ours
}

// isRefused reports whether a group is where it was because the API server refuses its
// keep-off pods, and nothing else is wrong.
func isRefused(found []v1alpha1.Finding) bool {
	return len(found) > 0 && !slices.ContainsFunc(found, func(f v1alpha1.Finding) bool { return f.Code != string(finding.KeepOffRefused) })
}

// leave takes the pods of a group out of what is still to be planned.
func (r *relocation) leave(group placement.Group) {
	for _, step := range group {
		r.left = append(r.left, step.Pod.UID)
	}
}
