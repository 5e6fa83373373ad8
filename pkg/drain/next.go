// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// next chooses the pods to evict now. It is the only place that decides so:
// floors, budgets, dependencies and never-together pairs all meet here.
func (e *Engine) next(s *cluster.Snapshot, now time.Time) []*member {
	var chosen []*member
	for _, g := range e.groups {
		room := e.plan.options.MaxInFlight - e.inFlight - len(chosen)
		if room <= 0 {
			break
		}
		if g.stopped == nil {
			chosen = append(chosen, e.nextOf(g, s, now, room)...)
		}
	}
	return chosen
}

// nextOf chooses pods of one workload and notes what the others wait for.
func (e *Engine) nextOf(g *group, s *cluster.Snapshot, now time.Time, room int) []*member {
	w := s.Workload(g.ref)
	if w == nil {
		w = &cluster.Workload{Ref: g.ref}
	}
	order := e.waitsForOthers(g, s)
	serving := g.serving(w)
	var chosen []*member
	for _, m := range g.waitingMembers() {
		if len(chosen) == room {
			break
		}
		h := e.holds(g, m, w, order, serving, s, now)
		if m.cause, m.show = h.why, h.show; m.cause != "" {
			continue
		}
		if source := sourceOf(m.Owner, m.Pod); !m.asked && !e.ration.take(source) {
			e.giveUp(g, e.ration.tooMany(g, source))
			break
		}
		for _, pdb := range s.PDBsOf(m.Pod) {
			e.budgets.Spend(pdb, m.Pod)
		}
		// From here on it counts as away, for its own floor and for the
		// workloads that must not be disrupted together with this one.
		m.phase, m.asked, m.unready = asking, true, !cluster.IsServing(m.Pod)
		chosen = append(chosen, m)
		serving = g.serving(w)
	}
	return chosen
}

// waitingMembers are the pods that have not been evicted, cheapest first.
func (g *group) waitingMembers() []*member {
	var list []*member
	for _, m := range g.members {
		if m.phase == staying {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *member) int { return evictionOrder(a.Target, b.Target) })
	return list
}

// hold is why a pod may not be evicted now, and the command that shows what is to be
// mended, where one does; the zero hold is none.
type hold struct{ why, show string }

// holds says why a pod may not be evicted now.
func (e *Engine) holds(g *group, m *member, w *cluster.Workload, order string, serving int, s *cluster.Snapshot, now time.Time) hold {
	if cluster.IsFinished(m.Pod) || m.doubtful && !m.becameReady() {
		// A finished pod has nothing to hold; a doubtful one is counted as away
		// already, and asking again is how to find out.
		return hold{why: retryPause(m, nil, now)}
	}
	if owner, _ := s.Owner(m.Pod); owner != m.Owner {
		return hold{
			"belonged to " + refOf(m.Target).String() + " when the drain began, and does not any more: its labels were changed, or its controller was deleted without it",
			"kubectl get pod -n " + m.Pod.Namespace + " " + m.Pod.Name + " --show-labels",
		}
	}
	if order != "" {
		return hold{why: order}
	}
	if cause := e.waitsForPod(m); cause != "" {
		return hold{why: cause}
	}
	if h := e.floorHolds(g, m, w, serving, s, now); h.why != "" {
		return h
	}
	budgets := s.PDBsOf(m.Pod)
	if cause := retryPause(m, budgets, now); cause != "" {
		return hold{cause, showBudgets(budgets)}
	}
	return e.budgetsHold(m, budgets)
}

// waitsForPod holds a pod back whose place another one is to make.
func (e *Engine) waitsForPod(m *member) string {
	if m.After == "" {
		return ""
	}
	for _, g := range e.groups {
		for _, other := range g.members {
			if other.Pod.UID == m.After && other.phase != gone {
				return "waits until " + cluster.PodObject(other.Pod) + " is gone"
			}
		}
	}
	return ""
}

// floorHolds keeps a workload at its floor, and keeps its next member where it
// is while a replacement has no node. A floor guards Ready pods: one that is not
// Ready takes nothing from it.
func (e *Engine) floorHolds(g *group, m *member, w *cluster.Workload, serving int, s *cluster.Snapshot, now time.Time) hold {
	if !g.isReplaced() || g.replicas <= 1 && g.floor.Ready == 0 {
		return hold{}
	}
	for _, pod := range w.Pods {
		if message, unplaced := cluster.Unschedulable(pod); unplaced {
			return hold{fmt.Sprintf("%s has no node: %s", cluster.PodObject(pod), message), "kubectl describe pod -n " + pod.Namespace + " " + pod.Name}
		}
	}
	held := fmt.Sprintf("%d of %d Ready, floor %d (%s)", serving, g.replicas, g.floor.Ready, g.floor.From)
	show := "kubectl get pods -n " + g.ref.Namespace + " -o wide"
	if budget, is := strings.CutPrefix(g.floor.From, disruption.FromBudget); is && serving >= g.replicas {
		show = "kubectl describe pdb -n " + g.ref.Namespace + " " + budget
	}
	switch {
	case cluster.IsServing(m.Pod):
		if serving > g.floor.Ready {
			return hold{}
		}
		return hold{held + g.lack.suffix(), show}
	case serving >= g.floor.Ready, disruption.IgnoresBudget(m.Pod):
		return hold{} // one that has not started has nothing to lose
	case serving < g.floor.Quorum && !e.plan.options.Force:
		return hold{held + "; " + cluster.PodObject(m.Pod) + " is not Ready, but may be the member with the data: --force lets it go", show}
	case cluster.IsBroken(m.Pod), alwaysAllowed(s, m.Pod), now.Sub(m.seen) >= e.plan.options.startPatience():
		return hold{}
	}
	return hold{held + "; " + cluster.PodObject(m.Pod) + " may still become Ready: " + cluster.WhyNotReady(m.Pod), show}
}

// alwaysAllowed reports whether a disruption budget says that pods that are not
// Ready go at any time.
func alwaysAllowed(s *cluster.Snapshot, pod *corev1.Pod) bool {
	return slices.ContainsFunc(s.PDBsOf(pod), func(pdb *policyv1.PodDisruptionBudget) bool {
		policy := pdb.Spec.UnhealthyPodEvictionPolicy
		return policy != nil && *policy == policyv1.AlwaysAllow
	})
}

// retryPause holds a pod back after an answer that asked for patience.
func retryPause(m *member, budgets []*policyv1.PodDisruptionBudget, now time.Time) string {
	if m.isHeld(budgets, now) {
		return m.refusal
	}
	return ""
}

func (e *Engine) budgetsHold(m *member, budgets []*policyv1.PodDisruptionBudget) hold {
	for _, pdb := range budgets {
		if ok, cause := e.budgets.Allows(pdb, m.Pod); !ok {
			return hold{"disruption budget " + pdb.Namespace + "/" + pdb.Name + " " + cause, showBudgets([]*policyv1.PodDisruptionBudget{pdb})}
		}
	}
	return hold{}
}

// showBudgets is the command that shows budgets of one namespace; empty for none.
func showBudgets(budgets []*policyv1.PodDisruptionBudget) string {
	if len(budgets) == 0 {
		return ""
	}
	show := []string{"kubectl describe pdb -n", budgets[0].Namespace}
	for _, pdb := range budgets {
		show = append(show, pdb.Name)
	}
	return strings.Join(show, " ")
}

// waitsForOthers holds a workload while one that it depends on, or that must
// never be disrupted together with it, is short of members.
func (e *Engine) waitsForOthers(g *group, s *cluster.Snapshot) string {
	object := profileObject(g.ref)
	for _, o := range slices.Concat(e.plan.view.NeverTogetherWith(object), e.plan.view.DependenciesOf(object)) {
		if short := e.shortOf(o, s); short != "" {
			return "waits for " + short
		}
	}
	return ""
}

// shortOf says how many members a workload lacks; empty when it is whole. Pods
// that we asked to evict a moment ago count as missing.
func (e *Engine) shortOf(o profile.Object, s *cluster.Snapshot) string {
	w := s.FindWorkload(o.Kind, o.Namespace, o.Name)
	if w == nil {
		return ""
	}
	ready := w.Ready()
	for _, g := range e.groups {
		if g.ref == w.Ref {
			ready = g.serving(w)
		}
	}
	if ready >= w.Replicas {
		return ""
	}
	return fmt.Sprintf("%s: %d of %d Ready", w, ready, w.Replicas)
}
