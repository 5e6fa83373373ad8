// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
)

// begin takes in the plan, and the cluster as it is once the cordons are seen.
func (e *Engine) begin(plan *Plan) {
	e.plan = plan
	e.budgets = disruption.NewBudgets()
	e.answers = make(chan answer, plan.options.MaxInFlight)
	e.inquiry = inquiry{answers: make(chan warned, 1), began: e.Clock.Now()}
	e.refused = map[string]bool{}
	e.known = make(map[types.UID]bool, len(plan.Targets))
	e.ration = newRation()
	e.present, e.drained = map[types.UID]bool{}, map[string]bool{}
	for _, node := range plan.Pool.Nodes {
		e.drained[node.Name] = true
	}
	snapshot, now := e.Source.Snapshot(), e.Clock.Now()
	e.began = now
	for _, t := range plan.Targets {
		e.adopt(t, snapshot, now)
	}
	for _, pod := range snapshot.Pods() {
		e.present[pod.UID] = true
		owner, _ := snapshot.Owner(pod)
		e.ration.grant(sourceOf(owner, pod))
	}
	for _, w := range plan.Former {
		g := newGroup(w.Ref, snapshot, now)
		g.broken, g.missing = nil, 0 // what we moved has to come back
		e.groups = append(e.groups, g)
	}
}

// adopt adds a pod to those that leave.
func (e *Engine) adopt(t Target, s *cluster.Snapshot, now time.Time) *member {
	m := newMember(t, now)
	e.known[t.Pod.UID] = true
	g := e.groupFor(refOf(t), s, now)
	g.members = append(g.members, m)
	return m
}

// groupFor returns the group of a workload, and begins one where there is none.
func (e *Engine) groupFor(ref cluster.Ref, s *cluster.Snapshot, now time.Time) *group {
	for _, g := range e.groups {
		if g.ref == ref {
			return g
		}
	}
	g := newGroup(ref, s, now)
	e.groups = append(e.groups, g)
	return g
}

// groupOf returns the group of a target, or nil.
func (e *Engine) groupOf(t Target) *group {
	ref := refOf(t)
	for _, g := range e.groups {
		if g.ref == ref {
			return g
		}
	}
	return nil
}
