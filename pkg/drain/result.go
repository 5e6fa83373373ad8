// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// States of a moved pod in a report.
const (
	stateMoved       = "Moved"
	stateGone        = "Gone"
	stateReplacing   = "Replacing"
	stateReturned    = "Returned"
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
			rows = append(rows, row{moved(g, m), m.leftAt})
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
	out := v1alpha1.MovedPod{PodRef: podRef(m.Target), State: stateWaiting, Waiting: m.cause, How: m.how()}
	switch m.phase {
	case leaving:
		out.State, out.Waiting = stateTerminating, ""
	case gone:
		out.State, out.Waiting = g.became(m), ""
		out.Lost = m.claims() && g.isLost()
	case staying, asking:
	}
	if m.successor != nil && out.State != stateGone {
		out.ToPod, out.ToNode = m.successor.Name, m.successor.Spec.NodeName
	}
	if !m.readyAt.IsZero() {
		out.UnavailableSeconds = m.readyAt.Sub(m.leftAt).Round(time.Millisecond).Seconds()
	}
	return out
}

// became is the state of a member that is gone. Of a workload that was deleted or
// scaled to zero meanwhile nothing comes back.
func (g *group) became(m *member) string {
	switch {
	case !m.claims() || !g.isReplaced():
		return stateGone
	case !m.readyAt.IsZero():
		return stateMoved
	case slices.ContainsFunc(g.returned, func(pod *corev1.Pod) bool { return g.ref.Kind != cluster.KindStatefulSet || pod.Name == m.Pod.Name }):
		return stateReturned
	case g.replicas > 0 && (m.successor != nil || g.ready < g.expected()):
		return stateReplacing
	}
	return stateGone
}

// isLost reports whether nothing makes pods of the group again: they have no
// controller, or belong to a DaemonSet that is gone.
func (g *group) isLost() bool { return g.ref.Kind == "Pod" || g.ref.Kind == cluster.KindDaemonSet }

// how says who took the pod, as reports name it.
func (m *member) how() string {
	switch {
	case m.took == stayed:
		return ""
	case m.took == leftBefore:
		return v1alpha1.HowBefore
	case m.took == leftMeanwhile:
		return v1alpha1.HowByOthers
	case m.ended:
		return v1alpha1.HowFinished
	}
	return v1alpha1.HowEvicted
}

// countsOf adds up what became of the pods.
func countsOf(pods []v1alpha1.MovedPod) v1alpha1.DrainCounts {
	var c v1alpha1.DrainCounts
	for i := range pods {
		switch p := &pods[i]; {
		case p.State == stateMoved:
			c.Moved++
		case p.State == stateReplacing:
			c.Replacing++
		case p.State == stateReturned:
			c.Returned++
		case p.State == stateGone && p.Lost:
			c.Lost++
		case p.State == stateGone:
			c.Gone++
		case p.How == v1alpha1.HowEvicted:
			c.Terminating++
		default:
			c.LeftAlone++
		}
	}
	c.StillThere = c.Terminating + c.LeftAlone
	return c
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
			Kind: g.ref.Kind, Namespace: g.ref.Namespace, Name: g.ref.Name,
			Replicas: g.replicas, Floor: g.floor.Ready,
			ReadyBefore: g.before, LowestReady: g.lowest, ReadyAfter: g.ready,
			ReplicasBefore: g.replicasBefore, BrokenBefore: max(0, g.replicas-g.expected()), Changed: g.changed,
		})
	}
	slices.SortStableFunc(list, func(a, b v1alpha1.DrainedWorkload) int {
		return cmp.Or(cmp.Compare(a.LowestReady-a.Floor, b.LowestReady-b.Floor), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// finished counts the targets that have ended by themselves, terminating those of
// the others that are on their way out already.
func (p *Plan) finished() (finished, terminating int) {
	for _, t := range p.Targets {
		switch {
		case cluster.IsFinished(t.Pod):
			finished++
		case t.Pod.DeletionTimestamp != nil:
			terminating++
		}
	}
	return finished, terminating
}

// Report turns the plan into its printed form.
func (p *Plan) Report() v1alpha1.DrainPlan {
	out := v1alpha1.DrainPlan{
		Provider: p.Pool.Provider, Role: p.Pool.Role, Stay: p.Stay,
		Nodes: p.plannedNodes(), Workloads: []v1alpha1.PlannedWorkload{}, Waves: []v1alpha1.Wave{},
	}
	out.Finished, out.Terminating = p.finished()
	for _, m := range p.Members {
		w := m.Workload
		out.Workloads = append(out.Workloads, v1alpha1.PlannedWorkload{
			Kind: w.Kind, Namespace: w.Namespace, Name: w.Name,
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
