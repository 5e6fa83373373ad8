// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// observe takes in a Snapshot: what went, what came, and what is new on the
// pool's nodes.
func (e *Engine) observe(s *cluster.Snapshot, now time.Time) {
	e.budgets.Observe(s)
	e.adoptNewcomers(s, now)
	e.watchCordons(s)
	e.watchJoined(s)
	for _, g := range e.groups {
		e.observeGroup(g, s, now)
	}
}

func (e *Engine) observeGroup(g *group, s *cluster.Snapshot, now time.Time) {
	for _, m := range g.members {
		left, began := m.observe(s, now)
		if left || began {
			g.lastProgress = now
		}
		if left {
			e.tellPod(Gone, g, m)
		}
	}
	w := s.Workload(g.ref)
	e.refreshFloor(g, w, s)
	for _, m := range g.observe(w, e.drained, now) {
		e.tellPod(Replaced, g, m)
	}
}

// refreshFloor works out the floor again when what it depends on has changed: a
// workload may be scaled, its update strategy changed and a budget created while the
// drain goes on.
func (e *Engine) refreshFloor(g *group, w *cluster.Workload, s *cluster.Snapshot) {
	if w == nil || len(w.Pods) == 0 {
		return
	}
	key := []string{strconv.Itoa(w.Replicas), w.MaxUnavailable.String()}
	for _, pdb := range s.PDBsIn(w.Namespace) {
		key = append(key, fmt.Sprintf("%s/%d", pdb.UID, pdb.Generation))
	}
	if slices.Equal(key, g.floorKey) {
		return
	}
	g.floorKey = key
	pinned := *w
	if !w.Scaled {
		pinned.Replicas = g.replicas
	}
	g.floor = floorOf(s, &pinned, e.plan.view, e.plan.options)
	if g.floor.Ready == 0 && pinned.Replicas > 0 && g.isReplaced() && !e.plan.announces(g.ref) {
		g.floor = disruption.Floor{Ready: 1, From: unannounced}
	}
}

// watchCordons says when somebody else gives a node back while we drain it.
func (e *Engine) watchCordons(s *cluster.Snapshot) {
	for _, planned := range e.plan.Pool.Nodes {
		node := s.Node(planned.Name)
		if node == nil || node.Spec.Unschedulable || e.refused[planned.Name] || !slices.Contains(e.Cordoned, planned.Name) {
			continue
		}
		e.refused[planned.Name] = true
		f := finding.New(finding.NodeUncordoned, "node/"+planned.Name,
			e.whyOpen(node)+" while it is drained: pods may come back to it",
			"run the same command again once nobody else works on the pool")
		e.findings = append(e.findings, f)
		e.tell(Trouble, f.Object, f.Message)
	}
}

// whyOpen says why a node that we have cordoned is not: one of its name may have been
// made in its place, as when a machine is set up anew.
func (e *Engine) whyOpen(node *corev1.Node) string {
	for _, planned := range e.plan.Pool.Nodes {
		if planned.Name == node.Name && planned.UID != node.UID {
			return "was deleted and made again by somebody else"
		}
	}
	return "was uncordoned by somebody else"
}
