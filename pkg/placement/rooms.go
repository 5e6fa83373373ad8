// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// maxRooms bounds the nodes that are named for a pod.
const maxRooms = 10

// afterOthers ends what is said of room that others hold still.
const afterOthers = " once misplaced pods have left it"

// giveRoom says for every pod whose place is not right which node is expected to
// take it, and which others would, or why none would. Pods without a node come
// first; then those that --relocate moves, in its order; then those that it moves
// only if they are named, so that their places do not become free.
func (j *judge) giveRoom() {
	var moving, staying []*subject
	for _, s := range j.pods {
		switch {
		case !s.seeks():
		case j.moves(s):
			moving = append(moving, s)
		default:
			staying = append(staying, s)
		}
	}
	if len(moving)+len(staying) == 0 {
		return
	}
	draft := j.draft()
	p := draft.plan(moving)
	for _, t := range slices.Concat(draft.waiting, slices.Concat(p.groups...)) {
		j.give(t, draft)
	}
	for _, s := range slices.Concat(p.stuck, staying) {
		if s.out.Expected == "" {
			j.giveLate(s, draft)
		}
	}
}

// moves reports whether --relocate moves a pod without being asked for it.
func (j *judge) moves(s *subject) bool {
	return s.node != nil && s.workload != nil && s.out.Verdict == v1alpha1.PlacementWrong && j.isKnown(s.owner)
}

// give says which node is expected to take a pod whose turn is planned.
func (j *judge) give(t turn, draft *layout) {
	t.out.Expected = t.to().Name
	now := draft.now(t)
	nameRooms(t.subject, now)
	if len(now) == 0 {
		t.out.NoRoom = j.whyNoRoom(t.subject) + "; there will be on " + t.out.Expected + afterOthers
	}
	j.offer(t.subject, len(now) > 0 && now[0] == t.to())
}

// giveLate gives room to a pod that has no turn: what is left, and free now.
func (j *judge) giveLate(s *subject, draft *layout) {
	rooms, why := draft.rooms(s)
	if len(rooms) == 0 {
		s.out.NoRoom, s.remedy = why, j.uncordon(s, draft)
		if j.whyNoRoom(s) == "" {
			s.out.NoRoom += " with those that go there before it"
		}
		return
	}
	now := draft.now(turn{s, rooms})
	if len(now) == 0 {
		s.out.NoRoom = j.whyNoRoom(s) + "; there will be on " + rooms[0].Name + afterOthers
		j.offer(s, false)
		return
	}
	nameRooms(s, now)
	s.out.Expected = now[0].Name
	draft.come(s, now[0])
	j.offer(s, true)
}

// now are those of the rooms of a turn that are free before anybody has left his
// place, as many as are named.
func (l *layout) now(t turn) []*corev1.Node {
	if len(l.freed) == 0 {
		return t.rooms
	}
	var now []*corev1.Node
	candidate := l.judge.current.space.For(t.pod)
	for _, node := range t.rooms {
		if t.mends(node, l.judge.current) == "" && candidate.WhyNot(node) == "" {
			if now = append(now, node); len(now) == maxRooms {
				break
			}
		}
	}
	return now
}

// whyNoRoom says why a pod has no room as the cluster is; empty when it has.
func (j *judge) whyNoRoom(s *subject) string {
	_, why := j.current.fitting(s, j.current.space.For(s.pod))
	return why
}

// nameRooms names the nodes that would take a pod.
func nameRooms(s *subject, rooms []*corev1.Node) {
	for _, node := range rooms[:min(len(rooms), maxRooms)] {
		s.out.Room = append(s.out.Room, node.Name)
	}
}

// offer gives the command that moves a pod; alone, or not without others.
func (j *judge) offer(s *subject, alone bool) {
	if s.workload == nil || s.node == nil {
		return
	}
	s.out.Command = "kubectl vantiq-upgrade placement-check --relocate"
	if alone {
		s.out.Command += " --pod " + s.pod.Namespace + "/" + s.pod.Name
		if !j.isKnown(s.owner) {
			s.out.Command += " --force" // it is in no profile that it may be restarted
		}
	}
}

// uncordon is what mends that a pod would fit on a node that takes none for being
// cordoned; empty when there is no such node. Our own cordons come first.
func (j *judge) uncordon(s *subject, l *layout) string {
	candidate, remedy := l.space.For(s.pod), ""
	for _, node := range j.home(s) {
		if !node.Spec.Unschedulable || s.mends(node, l) != "" || candidate.WhyNot(uncordoned(node)) != "" {
			continue
		}
		if j.IsOurs != nil && j.IsOurs(node) {
			return "kubectl vantiq-upgrade uncordon-pool " + j.poolArgument(node)
		}
		if remedy == "" {
			remedy = "somebody else has cordoned it; when that is no longer needed: kubectl uncordon " + node.Name
		}
	}
	return remedy
}

// uncordoned is a node as it would be without its cordon.
func uncordoned(node *corev1.Node) *corev1.Node {
	other := *node
	other.Spec.Unschedulable = false
	other.Spec.Taints = slices.DeleteFunc(slices.Clone(node.Spec.Taints), func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable })
	return &other
}

// poolArgument is how a command is told of the pool of a node: by its name, or
// else of that node alone.
func (j *judge) poolArgument(node *corev1.Node) string {
	if p := j.pools[node.Name]; p != nil && p.Name != "" {
		return p.Name
	}
	return "--selector " + corev1.LabelHostname + "=" + node.Labels[corev1.LabelHostname]
}
