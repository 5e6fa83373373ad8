// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// object is what a plan is about: a pool, or single pods.
func (p *Plan) object() string {
	if p.Pool.Name == "" {
		return "pods"
	}
	return "pool/" + p.Pool.Name
}

// NewMove judges the move of single pods, by the rules of a drain: no node is
// cordoned, and where the replacements go is somebody else's part. The plan ends
// when they, and the pods of the workloads in await, are Ready.
func NewMove(s *cluster.Snapshot, targets []Target, await []*cluster.Workload, pools []pool.Pool, prof *profile.Profile, options Options) *Plan {
	plan := &Plan{view: disruption.ViewOf(s, prof), options: options, Targets: targets, Former: await}
	judge := selector{snapshot: s, view: plan.view, options: options}
	for _, t := range targets {
		plan.Findings = append(plan.Findings, judge.judge(t.Pod)...)
	}
	plan.Members = plan.members(s)
	plan.Findings = append(plan.Findings, plan.blockers(s, pools)...)
	plan.Findings = append(plan.Findings, plan.warnings()...)
	finding.Sort(plan.Findings)
	return plan
}
