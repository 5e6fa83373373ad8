// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"slices"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// PauseCommand is the command line that relieves a blocker by a mode. Without one it
// is the profile's.
func (b *Blocker) PauseCommand(mode Mode) string {
	name := b.Object()
	if len(b.Workloads) == 1 && mode != Relax {
		name = b.Workloads[0].String()
	}
	command := "kubectl vantiq-upgrade pause-pdb-blockers " + name
	if mode == "" {
		return command + " # or drain-pool with --pause-pdb-blockers"
	}
	return command + " --mode=" + string(mode)
}

// remedy is the command that relieves a blocker with the least harm, whoever asks: a
// drain says what a pause says. It is one that pause-pdb-blockers takes, or a kubectl
// command where that has none.
func (c Choice) remedy(s *cluster.Snapshot, wish Wish) string {
	switch {
	case c.Class == Transient, c.Class == Stale:
		return ""
	case c.Later:
		return c.keepReplicas(s)
	case c.mayPropose(s, wish, c.Relief.Mode):
		return c.PauseCommand(c.Relief.Mode) // what was asked for only has to be named
	case wish.isKnown(s, c.Blocker):
		return c.PauseCommand("") // as the runbook does
	}
	if frees := c.culprits.remedy(c.PDB); frees != "" {
		return frees
	}
	if mode := c.suggest(s, wish); mode != "" {
		return c.PauseCommand(mode)
	}
	switch c.Class {
	case Several:
		one := c.broadest(s)
		return "kubectl delete pdb -n " + one.Namespace + " " + one.Name + " # or narrow its selector"
	case Unhealthy:
		return "kubectl get pods -n " + c.PDB.Namespace + " -o wide"
	case Open, PermanentBySpec, PermanentBySize, Failed, Stale, Transient:
	}
	return "kubectl describe pdb -n " + c.PDB.Namespace + " " + c.PDB.Name
}

// broadest is the one of several budgets on the same pods that selects the most pods: it
// is the one too many also elsewhere, and the others guard their own without it.
func (c Choice) broadest(s *cluster.Snapshot) *policyv1.PodDisruptionBudget {
	one := c.PDB
	for _, other := range c.Others {
		if len(s.PodsOf(other)) >= len(s.PodsOf(one)) {
			one = other
		}
	}
	return one
}

// keepReplicas keeps the autoscaler from taking away replicas of a workload whose
// budget allows evictions as long as it has them.
func (c Choice) keepReplicas(s *cluster.Snapshot) string {
	for _, w := range c.Workloads {
		if hpa := s.HPAOf(w.Ref); hpa != nil {
			return keepAt(hpa, w.Replicas)
		}
	}
	return ""
}

// suggest returns the gentlest mode that works when the blocker is named, as a remedy
// does; empty when none does.
func (c Choice) suggest(s *cluster.Snapshot, wish Wish) Mode {
	for _, mode := range gentle(c.Class) {
		if c.mayPropose(s, wish, mode) {
			return mode
		}
	}
	return ""
}

// mayPropose reports whether a mode works when the blocker is named, and stops nothing
// that others need.
func (c Choice) mayPropose(s *cluster.Snapshot, wish Wish, mode Mode) bool {
	needed := mode == ScaleToZero && slices.ContainsFunc(c.Workloads, func(w *cluster.Workload) bool {
		return whyNeeded(w, wish.Profile) != ""
	})
	return !needed && c.Relieve(s, mode, Terms{Named: true}).Works()
}

// gentle are the modes that may be proposed for a class without harming what works.
// Where pods are sick or the budget cannot be computed, the workload itself is not to
// blame, and to stop its healthy pods is nobody's remedy; of several budgets one goes.
func gentle(class Class) []Mode {
	switch class {
	case PermanentBySpec, PermanentBySize:
		return Modes()
	case Unhealthy, Failed:
		return []Mode{Relax}
	case Open, Several, Stale, Transient:
	}
	return nil
}
