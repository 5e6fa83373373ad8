// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// States of a moved pod in a report.
const (
	stateMoved       = "Moved"
	stateGone        = "Gone"
	stateReplacing   = "Replacing"
	stateTerminating = "Terminating"
	stateWaiting     = "Waiting"
)

// Moved lists what became of every pod, in the order in which they went.
func (e *Engine) Moved() []v1alpha1.MovedPod {
	type row struct {
		v1alpha1.MovedPod
		at time.Time
	}
	var rows []row
	for _, g := range e.groups {
		for _, m := range g.members {
			rows = append(rows, row{moved(g, m), m.evictedAt})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(compareTimes(a.at, b.at), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	pods := make([]v1alpha1.MovedPod, 0, len(rows))
	for _, r := range rows {
		pods = append(pods, r.MovedPod)
	}
	return pods
}

// compareTimes puts the zero time last: those pods have not gone.
func compareTimes(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

func moved(g *group, m *member) v1alpha1.MovedPod {
	out := v1alpha1.MovedPod{PodRef: podRef(m.Target), State: stateWaiting, Waiting: m.cause}
	switch m.phase {
	case leaving:
		out.State, out.Waiting = stateTerminating, ""
	case gone:
		out.State, out.Waiting = stateGone, ""
	case staying, asking:
	}
	// Of a workload that was deleted or scaled to zero meanwhile nothing comes back.
	if m.phase == gone && g.isReplaced() && g.replicas > 0 && (m.successor != nil || g.ready < g.expected()) {
		out.State = stateReplacing
	}
	if m.successor != nil && out.State != stateGone {
		out.ToPod, out.ToNode = m.successor.Name, m.successor.Spec.NodeName
	}
	if !m.readyAt.IsZero() {
		out.State, out.ToPod, out.ToNode = stateMoved, m.successor.Name, m.successor.Spec.NodeName
		out.UnavailableSeconds = m.readyAt.Sub(m.evictedAt).Round(time.Millisecond).Seconds()
	}
	return out
}

func podRef(t Target) v1alpha1.PodRef {
	return v1alpha1.PodRef{
		Namespace: t.Pod.Namespace, Name: t.Pod.Name, UID: string(t.Pod.UID),
		Node: t.Pod.Spec.NodeName, Workload: refOf(t).String(),
	}
}

// Workloads lists how the workloads came through, those that kept the least
// above their floor first.
func (e *Engine) Workloads() []v1alpha1.DrainedWorkload {
	list := []v1alpha1.DrainedWorkload{}
	for _, g := range e.groups {
		if !g.isReplaced() {
			continue
		}
		list = append(list, v1alpha1.DrainedWorkload{
			Group: g.ref.Kind.Group(), Kind: g.ref.Kind.Name(), Namespace: g.ref.Namespace, Name: g.ref.Name,
			Replicas: g.replicas, Floor: g.floor.Ready,
			ReadyBefore: g.before, LowestReady: g.lowest, ReadyAfter: g.ready,
		})
	}
	slices.SortStableFunc(list, func(a, b v1alpha1.DrainedWorkload) int {
		return cmp.Or(cmp.Compare(a.LowestReady-a.Floor, b.LowestReady-b.Floor), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// finished counts the targets that have ended by themselves.
func (p *Plan) finished() int {
	n := 0
	for _, t := range p.Targets {
		if cluster.IsFinished(t.Pod) {
			n++
		}
	}
	return n
}

// Report turns the plan into its printed form.
func (p *Plan) Report() v1alpha1.DrainPlan {
	out := v1alpha1.DrainPlan{
		Provider: p.Pool.Provider, Role: p.Pool.Role, Stay: p.Stay, Finished: p.finished(),
		Nodes: p.plannedNodes(), Workloads: []v1alpha1.PlannedWorkload{}, Waves: []v1alpha1.Wave{},
	}
	for _, m := range p.Members {
		w := m.Workload
		out.Workloads = append(out.Workloads, v1alpha1.PlannedWorkload{
			Group: w.Kind.Group(), Kind: w.Kind.Name(), Namespace: w.Namespace, Name: w.Name,
			Replicas: w.Replicas, Ready: w.Ready(), Floor: m.Floor.Ready, FloorFrom: m.Floor.From,
			Move: len(m.Targets), Downtime: m.Downtime(),
		})
	}
	for _, wave := range p.Waves {
		var w v1alpha1.Wave
		for _, t := range wave {
			w.Pods = append(w.Pods, podRef(t))
		}
		out.Waves = append(out.Waves, w)
	}
	return out
}

func newTime(t time.Time) metav1.Time { return metav1.NewTime(t.UTC()) }
