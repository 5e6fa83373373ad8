// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relocate"
)

// relocationPlan is what is to be moved, as the cluster is now.
type relocationPlan struct {
	report  *v1alpha1.PlacementReport
	groups  []relocate.Group
	refused []relocate.Refusal
	pools   []pool.Pool
	// warnings are what an operator should know of the moves.
	warnings []v1alpha1.Finding
}

// plan judges the cluster as the watches show it now.
func (r *relocation) plan() relocationPlan {
	s := r.watcher.Snapshot()
	view := disruption.ViewOf(s, r.profile)
	p := relocationPlan{pools: pool.List(s.Nodes, r.profile)}
	report, misplaced := placement.Find(placement.Input{Snapshot: s, Volumes: r.volumes, Pools: p.pools, Profile: view, Time: r.now()})
	p.report = report
	var candidates []relocate.Candidate
	for _, m := range misplaced {
		if r.chosen == nil && m.Verdict != v1alpha1.PlacementWrong || r.chosen != nil && !r.chosen(m) || slices.Contains(r.left, m.Pod.UID) {
			continue
		}
		c := relocate.Candidate{Pod: m.Pod, Workload: m.Workload, Allowed: m.Homes}
		if why := r.whyNot(m); why != "" {
			if c.Workload == nil {
				c.Workload = &cluster.Workload{}
			}
			p.refused = append(p.refused, relocate.Refusal{Candidate: c, Why: why})
			continue
		}
		candidates = append(candidates, c)
	}
	groups, refused := relocate.Plan(s, candidates, placement.Fit(r.volumes))
	p.refused = append(p.refused, refused...)
	for _, group := range groups {
		p.add(group, relocate.Judge(group, s, p.pools, r.profile, r.drain).Findings)
	}
	return p
}

// add takes a group into the plan, or refuses it for what was found.
func (p *relocationPlan) add(group relocate.Group, found []v1alpha1.Finding) {
	if !finding.HasErrors(found) {
		p.groups, p.warnings = append(p.groups, group), append(p.warnings, found...)
		return
	}
	for _, step := range group {
		p.refused = append(p.refused, relocate.Refusal{Candidate: step.Candidate, Why: found[0].Object + ": " + found[0].Message, Remedy: found[0].Remedy})
	}
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

// isRefused reports whether a group is where it was because the API server refuses its
// keep-off pods, and nothing else is wrong.
func isRefused(found []v1alpha1.Finding) bool {
	return len(found) > 0 && !slices.ContainsFunc(found, func(f v1alpha1.Finding) bool { return f.Code != string(finding.KeepOffRefused) })
}

// leave takes the pods of a group out of what is still to be planned.
func (r *relocation) leave(group relocate.Group) {
	for _, step := range group {
		r.left = append(r.left, step.Pod.UID)
	}
}
