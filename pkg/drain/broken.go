// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
)

// broken are the pods that waiting will hardly make Ready. A pod without a
// node is none of them: it may be the replacement of one that an earlier run of
// this drain evicted, and the drain must not say that all is well without it.
func broken(w *cluster.Workload) map[types.UID]bool {
	pods := map[types.UID]bool{}
	for _, pod := range w.Pods {
		_, unplaced := cluster.Unschedulable(pod)
		if pod.DeletionTimestamp == nil && !cluster.IsServing(pod) && cluster.IsBroken(pod) && !unplaced {
			pods[pod.UID] = true
		}
	}
	return pods
}

// missingFor is how many of a workload's replicas its broken pods leave missing. A
// rollout that is stuck has its broken pods beside a full number of others.
func missingFor(w *cluster.Workload) int {
	sick, sound := len(broken(w)), 0
	for _, pod := range w.Pods {
		if pod.DeletionTimestamp == nil {
			sound++
		}
	}
	sound -= sick
	return min(sick, max(0, w.Replicas-sound))
}

// firstBroken names one of the broken pods, and what is wrong with it.
func (m Member) firstBroken() string {
	found := broken(m.Workload)
	for _, pod := range m.Workload.Pods {
		if found[pod.UID] {
			return pod.Name + ": " + cluster.WhyNotReady(pod)
		}
	}
	return ""
}

// takesNothing reports whether a pod goes whatever the floor: it is not Ready. Of a
// workload below its majority it may be the one with the data.
func (m Member) takesNothing(t Target) bool {
	if cluster.IsServing(t.Pod) {
		return false
	}
	return !m.holdsUnready() || disruption.IgnoresBudget(t.Pod)
}

// holdsUnready reports whether the workload keeps the members that are not Ready.
func (m Member) holdsUnready() bool {
	return !m.force && m.Workload.Ready() < m.Floor.Quorum
}

// held says in words why Ready pods of the workload may not go for now, though
// everything that is starting became Ready; empty when they may.
func (m Member) held() string {
	w := m.Workload
	below := w.Ready() < m.Floor.Ready || m.Missing > 0 && m.room(true) <= 0
	if w.Replicas <= 1 || w.Kind == cluster.KindJob || !below {
		return ""
	}
	state := fmt.Sprintf("%d of %d Ready, floor %d (%s): ", w.Ready(), w.Replicas, m.Floor.Ready, m.Floor.From)
	ready := slices.ContainsFunc(m.Targets, func(t Target) bool { return cluster.IsServing(t.Pod) })
	switch {
	case m.holdsUnready():
		return state + "no member goes until enough are Ready. One that is not Ready may be the one with the data: --force lets it go"
	case !ready:
		return ""
	case m.room(false) <= 0:
		return state + "its Ready pods do not go unless its broken ones on other nodes become Ready; the drain stops with it"
	case m.Missing > 0:
		return state + "its broken pods go first, its Ready ones only if what takes the place of those becomes Ready; else the drain stops with it"
	}
	return state + "none of its Ready pods goes until enough are Ready"
}
