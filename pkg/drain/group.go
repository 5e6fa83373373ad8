// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
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
	// scaled is true for kinds whose number of replicas is read; replicasBefore is
	// that number at the start.
	scaled         bool
	replicasBefore int
	floor          disruption.Floor
	floorKey       []string
	// broken are the pods that were not Ready at the start and had little hope to
	// be; the drain does not wait for what takes their place. missing is how many
	// replicas were missing for it.
	broken  map[types.UID]bool
	missing int
	// task is true for a Job, and for what is like one.
	task bool
	// settled: what took the place of pods that were not Ready is not Ready either,
	// and is not waited for any longer.
	settled bool
	// returned are pods that came back to the pool and are left there.
	returned []*corev1.Pod
	// changed is what somebody else did to the workload meanwhile, in words.
	changed string

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
		g.replicas, g.scaled, g.task = w.Replicas, w.Scaled, w.IsTask()
		g.broken, g.missing = broken(w), missingFor(w)
		g.replicasBefore, g.before = w.Replicas, w.Ready()
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

// observe takes in what the watch shows of the workload's pods, and returns the
// members whose replacement has just become Ready on a node that is not drained.
func (g *group) observe(w *cluster.Workload, drained map[string]bool, now time.Time) []*member {
	g.observeChange(w)
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
	return g.pairSuccessors(w, drained, now)
}

// observeChange notes what somebody else does to the workload.
func (g *group) observeChange(w *cluster.Workload) {
	switch {
	case !g.isReplaced() || !g.scaled:
	case w == nil || !w.Scaled:
		g.changed = "deleted"
	case w.Replicas != g.replicasBefore:
		g.changed = fmt.Sprintf("scaled %d → %d", g.replicasBefore, w.Replicas)
	default:
		g.changed = ""
	}
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

// serving counts the Ready pods that nothing is about to take: no accepted or pending
// eviction of ours, whether or not the watch shows it yet, and not the workload's own
// controller, where there are more than wanted since somebody scaled it down.
func (g *group) serving(w *cluster.Workload) int {
	n := 0
	for _, pod := range w.Pods {
		if cluster.IsServing(pod) && w.Keeps(pod) {
			n++
		}
	}
	if w.Scaled {
		n = min(n, w.Replicas)
	}
	for _, m := range g.members {
		if m.phase != gone && m.isAway() && cluster.IsServing(m.Pod) && w.Keeps(m.Pod) {
			n--
		}
	}
	return n
}

// expected is the number of Ready pods at which the workload is whole again.
func (g *group) expected() int {
	if g.settled {
		return g.formerly()
	}
	return max(0, g.replicas-g.missing)
}

// formerly is the number of Ready pods at which the workload is as it was: what
// took the place of pods that were not Ready need not be Ready either.
func (g *group) formerly() int {
	n := g.replicas - g.missing
	for _, m := range g.members {
		if m.claims() && m.unready && !m.late && !g.broken[m.Pod.UID] {
			n--
		}
	}
	return max(0, n, min(g.before, g.replicas))
}

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
