// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// turn is the move of a pod to the node that is expected to take it. Of the rooms
// that there were at its turn that is the first.
type turn struct {
	*subject
	rooms []*corev1.Node
}

func (t turn) to() *corev1.Node { return t.rooms[0] }

// planner puts moves into an order in which each finds room, one after the other;
// what is planned before has taken its place, and left its former one. Where none
// finds room, one pod has to go before its own place is free: the single replica,
// as in the runbook, since it is away for a moment anyway.
type planner struct {
	layout *layout
	left   []*subject
	// open are the nodes, by name, where a pod that found no room may find it once
	// others have left them.
	open map[*subject]map[string]bool
	// groups are what is moved at the same time: one pod mostly; more where they
	// hold each other's places. Then the first goes first, and comes back last.
	groups [][]turn
	// stuck are those that find no room.
	stuck []*subject
}

// plan moves pods in a draft.
func (l *layout) plan(pods []*subject) *planner {
	p := &planner{layout: l, left: slices.Clone(pods), open: map[*subject]map[string]bool{}}
	for {
		for p.pass() {
		}
		if !p.swap() {
			break
		}
	}
	p.stuck = append(p.stuck, p.left...)
	return p
}

// pass moves those that find room, and reports whether there were any.
func (p *planner) pass() bool {
	found := false
	var left []*subject
	for _, s := range p.left {
		if rooms := p.room(s); len(rooms) > 0 {
			p.layout.move(s, rooms[0])
			p.groups = append(p.groups, []turn{{s, rooms}})
			found = true
			continue
		}
		if len(p.open[s]) == 0 {
			p.stuck = append(p.stuck, s)
			continue
		}
		left = append(left, s)
	}
	p.left = left
	return found
}

// room lists the nodes that would take a pod. One that found none is asked about
// again only when others have left a node that it may use.
func (p *planner) room(s *subject) []*corev1.Node {
	open, asked := p.open[s]
	if asked && !p.isFreed(open) {
		return nil
	}
	rooms, _ := p.layout.rooms(s)
	if len(rooms) == 0 && !asked {
		p.open[s] = p.layout.openTo(s)
	}
	return rooms
}

func (p *planner) isFreed(open map[string]bool) bool {
	for name := range p.layout.freed {
		if open[name] {
			return true
		}
	}
	return false
}

// openTo are the nodes, by name, that nothing but other pods keeps a pod from.
func (l *layout) openTo(s *subject) map[string]bool {
	candidate, open := l.space.For(s.pod), map[string]bool{}
	for _, node := range l.judge.home(s) {
		if node.Name != s.node.Name && candidate.barred(node) == "" {
			open[node.Name] = true
		}
	}
	return open
}

// swap lets one pod go first, and moves others until it finds room itself.
func (p *planner) swap() bool {
	for _, first := range p.goingFirst() {
		group, did := p.around(first)
		if did {
			p.groups = append(p.groups, group)
			p.left = slices.DeleteFunc(p.left, func(s *subject) bool {
				return slices.ContainsFunc(group, func(t turn) bool { return t.subject == s })
			})
			return true
		}
	}
	return false
}

// around moves others to where a pod was, and to where they were in turn, until
// the pod finds room. Where it does not, all is as it was before.
func (p *planner) around(first *subject) ([]turn, bool) {
	l, before := p.layout, p.layout.freed
	l.freed = map[string]bool{first.node.Name: true}
	l.leave(first, first.node)
	var group []turn
	for {
		if rooms := p.room(first); len(rooms) > 0 && len(group) > 0 {
			l.come(first, rooms[0])
			maps.Copy(l.freed, before)
			return append([]turn{{first, rooms}}, group...), true
		}
		next, found := p.next(first, group)
		if !found {
			break
		}
		l.move(next.subject, next.to())
		group = append(group, next)
	}
	for _, t := range slices.Backward(group) {
		l.leave(t.subject, t.to())
		l.come(t.subject, t.node)
	}
	l.come(first, first.node)
	l.freed = before
	return nil, false
}

// next finds a pod that has room now that others have left.
func (p *planner) next(first *subject, group []turn) (turn, bool) {
	for _, s := range p.left {
		if s == first || slices.ContainsFunc(group, func(t turn) bool { return t.subject == s }) {
			continue
		}
		if rooms := p.room(s); len(rooms) > 0 {
			return turn{s, rooms}, true
		}
	}
	return turn{}, false
}

// goingFirst are the pods that could go first, single replicas before others.
func (p *planner) goingFirst() []*subject {
	var singles, others []*subject
	for _, s := range p.left {
		if s.workload != nil && s.workload.Replicas == 1 {
			singles = append(singles, s)
		} else {
			others = append(others, s)
		}
	}
	return append(singles, others...)
}
