// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"slices"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
)

// waves simulates the drain: which pods can be away at the same time when
// everything between two waves becomes Ready. The budgets are counted here
// because a dry-run eviction on the server does not use them up.
func (p *Plan) waves(s *cluster.Snapshot) [][]Target {
	left := map[cluster.Ref][]Target{}
	for _, m := range p.Members {
		left[m.Workload.Ref] = m.Targets
	}
	free := p.freeTargets()
	budgets := &waveBudgets{snapshot: s, room: map[*policyv1.PodDisruptionBudget]int{}}
	var waves [][]Target
	for {
		wave := p.wave(s, left, budgets, len(waves) == 0)
		if len(waves) == 0 {
			wave = append(free, wave...)
		}
		if len(wave) == 0 {
			break
		}
		waves = append(waves, wave)
	}
	// What no wave takes is blocked; the findings say why.
	var blocked []Target
	for _, m := range p.Members {
		blocked = append(blocked, left[m.Workload.Ref]...)
	}
	if len(blocked) > 0 {
		waves = append(waves, blocked)
	}
	return waves
}

// freeTargets are pods that no floor holds: finished ones and those without a
// workload.
func (p *Plan) freeTargets() []Target {
	held := map[string]bool{}
	for _, m := range p.Members {
		for _, t := range m.Targets {
			held[string(t.Pod.UID)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Targets), func(t Target) bool { return held[string(t.Pod.UID)] })
}

// wave takes from left what can go at once; first says that nothing has gone yet.
func (p *Plan) wave(s *cluster.Snapshot, left map[cluster.Ref][]Target, budgets *waveBudgets, first bool) []Target {
	var wave []Target
	budgets.taken = map[*policyv1.PodDisruptionBudget]int{}
	taken := map[cluster.Ref]bool{}
	for _, m := range p.Members {
		ref := m.Workload.Ref
		if p.mustWait(s, m, taken, left) {
			continue
		}
		room := m.room(first)
		for len(left[ref]) > 0 {
			next := left[ref][0]
			free := m.takesNothing(next)
			if !free && room <= 0 || !budgets.take(next) {
				break
			}
			if !free {
				room--
			}
			wave = append(wave, next)
			left[ref] = left[ref][1:]
			taken[ref] = true
		}
	}
	return wave
}

// mustWait keeps a workload out of a wave when a never-together partner is in
// it, or while a workload that it depends on still has pods to move.
func (p *Plan) mustWait(s *cluster.Snapshot, m Member, taken map[cluster.Ref]bool, left map[cluster.Ref][]Target) bool {
	object := profileObject(m.Workload.Ref)
	for _, o := range p.view.NeverTogetherWith(object) {
		if w := s.FindWorkload(o.Kind, o.Namespace, o.Name); w != nil && taken[w.Ref] {
			return true
		}
	}
	for _, o := range p.view.DependenciesOf(object) {
		if w := s.FindWorkload(o.Kind, o.Namespace, o.Name); w != nil && len(left[w.Ref]) > 0 {
			return true
		}
	}
	return false
}

// room is how many Ready pods can be away at once when the workload is as whole as
// it gets. After the first wave what takes the place of its broken pods on the pool
// may be Ready elsewhere; those on other nodes are as broken as before.
func (m Member) room(first bool) int {
	if m.Workload.Replicas <= 1 || m.Workload.IsTask() {
		return len(m.Targets)
	}
	missing := m.Missing
	for _, t := range m.Targets {
		if !first && !cluster.IsServing(t.Pod) && cluster.IsBroken(t.Pod) {
			missing--
		}
	}
	return m.Workload.Replicas - max(0, missing) - m.Floor.Ready
}

// waveBudgets counts what the pods of one wave take from disruption budgets
// that are full again at the beginning of each wave.
type waveBudgets struct {
	snapshot *cluster.Snapshot
	room     map[*policyv1.PodDisruptionBudget]int
	taken    map[*policyv1.PodDisruptionBudget]int
}

// take books a pod under its budgets, if all of them have room.
func (b *waveBudgets) take(t Target) bool {
	budgets := slices.DeleteFunc(b.snapshot.PDBsOf(t.Pod), func(pdb *policyv1.PodDisruptionBudget) bool {
		return disruption.GoesFree(pdb, t.Pod)
	})
	for _, pdb := range budgets {
		if _, known := b.room[pdb]; !known {
			b.room[pdb] = disruption.Room(b.snapshot, pdb)
		}
		if b.taken[pdb] >= b.room[pdb] {
			return false
		}
	}
	for _, pdb := range budgets {
		b.taken[pdb]++
	}
	return true
}
