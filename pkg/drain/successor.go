// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// pairSuccessors finds for each pod that this run evicted the one that took its
// place, and returns the members whose successor has just become Ready. A
// StatefulSet gives the name to the successor; elsewhere the oldest new pod is
// paired with the pod that went first. A new pod on a drained node takes nobody's
// place.
func (g *group) pairSuccessors(w *cluster.Workload, drained map[string]bool, now time.Time) []*member {
	went := g.inOrderOfEviction()
	for _, m := range went {
		m.keepSuccessor(w, drained)
	}
	var fresh []*corev1.Pod
	if slices.ContainsFunc(went, func(m *member) bool { return m.successor == nil }) {
		fresh = g.freshPods(w, drained)
	}
	var ready []*member
	for _, m := range went {
		if m.successor == nil {
			fresh = g.pair(m, fresh)
		}
		if m.successor != nil && m.readyAt.IsZero() && cluster.IsServing(m.successor) {
			m.readyAt = now
			ready = append(ready, m)
		}
	}
	return ready
}

// keepSuccessor takes in what became of a successor that has not been Ready yet.
// One that is gone, is being deleted or came to a drained node is none.
func (m *member) keepSuccessor(w *cluster.Workload, drained map[string]bool) {
	if m.successor == nil || !m.readyAt.IsZero() {
		return
	}
	at := slices.IndexFunc(w.Pods, func(pod *corev1.Pod) bool { return pod.UID == m.successor.UID })
	if at < 0 || w.Pods[at].DeletionTimestamp != nil || drained[w.Pods[at].Spec.NodeName] {
		m.successor = nil
		return
	}
	m.successor = w.Pods[at]
}

func (g *group) pair(m *member, fresh []*corev1.Pod) []*corev1.Pod {
	for i, pod := range fresh {
		if g.ref.Kind != cluster.KindStatefulSet || pod.Name == m.Pod.Name {
			m.successor = pod
			return slices.Delete(fresh, i, i+1)
		}
	}
	return fresh
}

// freshPods are the pods of a workload that came after the start, are not on a
// drained node and are not paired yet, oldest first.
func (g *group) freshPods(w *cluster.Workload, drained map[string]bool) []*corev1.Pod {
	taken := map[types.UID]bool{}
	for _, m := range g.members {
		if m.successor != nil {
			taken[m.successor.UID] = true
		}
	}
	var fresh []*corev1.Pod
	for _, pod := range w.Pods {
		if !g.initial[pod.UID] && !taken[pod.UID] && pod.DeletionTimestamp == nil && !drained[pod.Spec.NodeName] {
			fresh = append(fresh, pod)
		}
	}
	slices.SortFunc(fresh, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return fresh
}

// inOrderOfEviction are the members that may claim a replacement.
func (g *group) inOrderOfEviction() []*member {
	var went []*member
	for _, m := range g.members {
		if m.claims() {
			went = append(went, m)
		}
	}
	slices.SortStableFunc(went, func(a, b *member) int { return a.leftAt.Compare(b.leftAt) })
	return went
}
