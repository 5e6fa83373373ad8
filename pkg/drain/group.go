// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
)

// group is a workload while its pods leave the pool. Pods that no floor holds
// (of Jobs, or without a controller) form groups too; those expect nothing.
type group struct {
	ref     cluster.Ref
	members []*member
	// initial are the pods that the workload had at the start; any other is a
	// replacement.
	initial map[types.UID]bool
	// replicas is pinned at the start for kinds whose number is not read: there
	// the pods that are away would count as not wanted.
	replicas int
	floor    disruption.Floor
	floorKey []string
	broken   int
	// task is true for a Job, and for what is like one.
	task bool

	before, lowest, ready int
	lastProgress          time.Time
	unplacedSince         time.Time
	waiting               waiting
	lack                  lack
	// stopped says why nothing more is done for it in this run.
	stopped *v1alpha1.Finding
}

// waiting is what a group waits for, and since when.
type waiting struct {
	cause       string
	since, told time.Time
}

func newGroup(ref cluster.Ref, s *cluster.Snapshot, now time.Time) *group {
	g := &group{ref: ref, initial: map[types.UID]bool{}, lastProgress: now}
	if w := s.Workload(g.ref); w != nil {
		for _, pod := range w.Pods {
			g.initial[pod.UID] = true
		}
		g.replicas, g.broken, g.task = w.Replicas, broken(w), w.IsTask()
		g.before = w.Ready()
		g.lowest, g.ready = g.before, g.before
	}
	return g
}

// refOf is the workload of a target; a pod without a controller stands for
// itself.
func refOf(t Target) cluster.Ref {
	if t.Owner != (cluster.Ref{}) {
		return t.Owner
	}
	return cluster.Ref{Kind: "Pod", Namespace: t.Pod.Namespace, Name: t.Pod.Name, UID: t.Pod.UID}
}

// isReplaced reports whether pods of the group come back on other nodes, so
// that there is a floor to keep and a readiness to wait for.
func (g *group) isReplaced() bool {
	return g.ref.Kind != "Pod" && !g.task && g.ref.Kind != cluster.KindDaemonSet
}

// observe takes in what the watch shows of the workload's pods.
func (g *group) observe(w *cluster.Workload, now time.Time) []*member {
	if w == nil || !g.isReplaced() {
		g.replicas, g.ready = 0, 0
		return nil
	}
	if w.Scaled {
		g.replicas = w.Replicas
	}
	ready := w.Ready()
	if ready > g.ready {
		g.lastProgress = now
	}
	g.ready, g.lowest = ready, min(g.lowest, ready)
	g.observePlacement(w, now)
	return g.pairSuccessors(w, now)
}

// observePlacement notes since when the scheduler finds no node for a pod.
func (g *group) observePlacement(w *cluster.Workload, now time.Time) {
	for _, pod := range w.Pods {
		if _, unplaced := cluster.Unschedulable(pod); unplaced {
			if g.unplacedSince.IsZero() {
				g.unplacedSince = now
			}
			return
		}
	}
	g.unplacedSince = time.Time{}
}

// pairSuccessors finds for each pod that went the one that took its place, and
// returns the members whose successor has just become Ready. A StatefulSet
// gives the name to the successor, and so may a kind that is not read; elsewhere
// the oldest new pod is paired with the pod that went first.
func (g *group) pairSuccessors(w *cluster.Workload, now time.Time) []*member {
	went := g.inOrderOfEviction()
	var fresh []*corev1.Pod
	if slices.ContainsFunc(went, func(m *member) bool { return m.successor == nil }) {
		fresh = g.freshPods(w)
	}
	var ready []*member
	for _, m := range went {
		if m.successor == nil {
			fresh = g.pair(m, fresh)
		}
		if m.successor == nil || !m.readyAt.IsZero() {
			continue
		}
		for _, pod := range w.Pods {
			if pod.UID == m.successor.UID {
				m.successor = pod
			}
		}
		if cluster.IsServing(m.successor) {
			m.readyAt = now
			ready = append(ready, m)
		}
	}
	return ready
}

func (g *group) pair(m *member, fresh []*corev1.Pod) []*corev1.Pod {
	i := slices.IndexFunc(fresh, func(pod *corev1.Pod) bool { return pod.Name == m.Pod.Name })
	if i < 0 && g.ref.Kind != cluster.KindStatefulSet {
		i = slices.IndexFunc(fresh, func(pod *corev1.Pod) bool { return !g.hasMember(pod.Name) })
	}
	if i < 0 {
		return fresh
	}
	m.successor = fresh[i]
	return slices.Delete(fresh, i, i+1)
}

// hasMember reports whether a pod of that name is on its way off the pool.
func (g *group) hasMember(name string) bool {
	return slices.ContainsFunc(g.members, func(m *member) bool { return m.Pod.Name == name })
}

// freshPods are the pods of a workload that came after the start and are not
// paired yet, oldest first.
func (g *group) freshPods(w *cluster.Workload) []*corev1.Pod {
	taken := map[types.UID]bool{}
	for _, m := range g.members {
		if m.successor != nil {
			taken[m.successor.UID] = true
		}
	}
	var fresh []*corev1.Pod
	for _, pod := range w.Pods {
		if !g.initial[pod.UID] && !taken[pod.UID] && pod.DeletionTimestamp == nil {
			fresh = append(fresh, pod)
		}
	}
	slices.SortFunc(fresh, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return fresh
}

func (g *group) inOrderOfEviction() []*member {
	var went []*member
	for _, m := range g.members {
		if !m.evictedAt.IsZero() {
			went = append(went, m)
		}
	}
	slices.SortStableFunc(went, func(a, b *member) int { return a.evictedAt.Compare(b.evictedAt) })
	return went
}

// serving counts the Ready pods that no accepted or pending eviction of ours is
// about to take, whether or not the watch shows it yet.
func (g *group) serving(w *cluster.Workload) int {
	n := w.Ready()
	for _, m := range g.members {
		if m.phase != gone && m.isAway() && cluster.IsServing(m.Pod) {
			n--
		}
	}
	return n
}

// expected is the number of Ready pods at which the workload is whole again.
func (g *group) expected() int { return max(0, g.replicas-g.broken) }

// isWhole reports whether all its pods have gone and it is at its former
// readiness.
func (g *group) isWhole() bool {
	for _, m := range g.members {
		if m.phase != gone {
			return false
		}
	}
	return !g.isReplaced() || g.ready >= g.expected()
}

// readiness is how a group is shown while it waits.
func (g *group) readiness() string {
	return strconv.Itoa(g.ready) + " of " + strconv.Itoa(g.replicas) + " Ready, floor " + strconv.Itoa(g.floor.Ready)
}
