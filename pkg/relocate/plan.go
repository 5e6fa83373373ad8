// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package relocate moves single pods to the nodes where they belong: it decides
// their order, keeps each off every other node while it restarts, and has the
// drain engine evict it within every floor.
package relocate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Candidate is a pod that is to be moved.
type Candidate struct {
	Pod      *corev1.Pod
	Workload *cluster.Workload
	// Allowed are the nodes where it belongs, the best first.
	Allowed []string
}

// isSingle reports whether the workload is away while the pod moves.
func (c Candidate) isSingle() bool { return c.Workload.Replicas == 1 }

// Group is what is moved at the same time. One pod mostly; more where they hold
// each other's places: then the first one goes first, and comes back last.
type Group []Step

// Step is the move of one pod; To is the node that it would fit on.
type Step struct {
	Candidate
	To string
}

// Refusal is a pod that cannot be moved, why, and the command that mends it where
// there is one.
type Refusal struct {
	Candidate
	Why, Remedy string
}

// Fit says why a pod does not fit on a node of a cluster; empty when it does.
type Fit func(s *cluster.Snapshot, pod *corev1.Pod, node string) string

// Plan puts moves into an order in which each finds room, one after the other.
// Where none does, one pod has to go before its own place is free: the single
// replica, as in the runbook, since it is away for a moment anyway.
func Plan(s *cluster.Snapshot, candidates []Candidate, fit Fit) ([]Group, []Refusal) {
	p := planner{fit: fit, left: slices.Clone(candidates), snapshot: s}
	for len(p.left) > 0 {
		if i, to := p.firstThatFits(p.snapshot, nil); i >= 0 {
			p.groups = append(p.groups, Group{p.take(i, to)})
			continue
		}
		if !p.swap() {
			break
		}
	}
	refused := make([]Refusal, 0, len(p.left))
	for _, c := range p.left {
		refused = append(refused, Refusal{Candidate: c, Why: p.whyNot(c)})
	}
	return p.groups, refused
}

// planner is a plan that is being made; snapshot is the cluster as the moves so
// far would leave it.
type planner struct {
	fit      Fit
	snapshot *cluster.Snapshot
	left     []Candidate
	groups   []Group
}

// firstThatFits finds a pod that finds room, but for one.
func (p *planner) firstThatFits(s *cluster.Snapshot, but *corev1.Pod) (int, string) {
	for i, c := range p.left {
		if c.Pod == but {
			continue
		}
		if to := p.room(s, c); to != "" {
			return i, to
		}
	}
	return -1, ""
}

// room is the first of the allowed nodes that takes a pod.
func (p *planner) room(s *cluster.Snapshot, c Candidate) string {
	for _, node := range c.Allowed {
		if node != c.Pod.Spec.NodeName && p.fit(s, c.Pod, node) == "" {
			return node
		}
	}
	return ""
}

// take moves a pod in the simulation.
func (p *planner) take(i int, to string) Step {
	c := p.left[i]
	p.left = slices.Delete(p.left, i, i+1)
	p.snapshot = moved(p.snapshot, c.Pod, to)
	return Step{Candidate: c, To: to}
}

// swap lets one pod go first, and moves others until it finds room itself.
func (p *planner) swap() bool {
	for _, first := range p.goingFirst() {
		q := planner{fit: p.fit, snapshot: moved(p.snapshot, first.Pod, ""), left: slices.Clone(p.left)}
		var group Group
		for {
			if to := q.room(q.snapshot, first); to != "" && len(group) > 0 {
				at := slices.IndexFunc(q.left, func(c Candidate) bool { return c.Pod == first.Pod })
				group = append(Group{q.take(at, to)}, group...)
				p.left, p.snapshot, p.groups = q.left, q.snapshot, append(p.groups, group)
				return true
			}
			i, to := q.firstThatFits(q.snapshot, first.Pod)
			if i < 0 {
				break
			}
			group = append(group, q.take(i, to))
		}
	}
	return false
}

// goingFirst are the pods that could go first, single replicas before others.
func (p *planner) goingFirst() []Candidate {
	order := slices.Clone(p.left)
	slices.SortStableFunc(order, func(a, b Candidate) int {
		switch {
		case a.isSingle() == b.isSingle():
			return 0
		case a.isSingle():
			return -1
		}
		return 1
	})
	return order
}

// whyNot says why a pod finds no room.
func (p *planner) whyNot(c Candidate) string {
	times := map[string]int{}
	for _, node := range c.Allowed {
		if node != c.Pod.Spec.NodeName {
			times[p.fit(p.snapshot, c.Pod, node)]++
		}
	}
	if len(times) == 0 {
		return "there is no other node where it belongs"
	}
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(times)) {
		reasons = append(reasons, fmt.Sprintf("%d %s", times[reason], reason))
	}
	return "no room on the nodes where it belongs: " + strings.Join(reasons, ", ")
}

// moved is the cluster with a pod on another node; on none when that is empty.
func moved(s *cluster.Snapshot, pod *corev1.Pod, to string) *cluster.Snapshot {
	pods := s.Pods()
	for i := range pods {
		if pods[i].UID == pod.UID {
			other := *pods[i]
			other.Spec.NodeName = to
			pods[i] = &other
		}
	}
	return s.WithPods(pods)
}
