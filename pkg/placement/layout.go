// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// layout is where the pods of a cluster are, or would be once planned moves were
// made: room is given out in it pod by pod, so that none is promised twice.
type layout struct {
	judge *judge
	space *Space
	// freed are the nodes that pods have left, by name.
	freed map[string]bool
	// waiting are the turns of the pods that wait for a node.
	waiting []turn
	// spreads are those of the workloads that were asked for.
	spreads map[cluster.Ref]spread
}

// spread counts the pods of a workload by node and by zone.
type spread struct{ nodes, zones map[string]int }

// newLayout is that of the cluster as it is.
func (j *judge) newLayout() *layout {
	return &layout{judge: j, space: j.space, freed: map[string]bool{}, spreads: map[cluster.Ref]spread{}}
}

// draft is a layout in which pods may be moved. Those that wait for a node have
// their room already: the scheduler looks at them first.
func (j *judge) draft() *layout {
	l := j.newLayout()
	l.space = j.space.clone()
	for _, s := range j.pods {
		if s.node == nil && s.seeks() {
			if rooms, _ := l.rooms(s); len(rooms) > 0 {
				l.come(s, rooms[0])
				l.waiting = append(l.waiting, turn{s, rooms})
			}
		}
	}
	return l
}

// of is the spread of the workload of a pod; that of a pod without one is empty.
func (l *layout) of(s *subject) spread {
	if !s.owned {
		return spread{}
	}
	counted, known := l.spreads[s.owner]
	if known {
		return counted
	}
	counted = spread{map[string]int{}, map[string]int{}}
	for _, other := range l.judge.members[s.owner] {
		if other.node != nil {
			counted.add(other.node, 1)
		}
	}
	l.spreads[s.owner] = counted
	return counted
}

func (c spread) add(node *corev1.Node, n int) {
	if c.nodes != nil {
		c.nodes[node.Name] += n
		c.zones[cluster.Zone(node)] += n
	}
}

// come lets a pod take its room on a node; leave gives it back.
func (l *layout) come(s *subject, node *corev1.Node) {
	l.of(s).add(node, 1)
	l.space.put(s.pod, node)
}

func (l *layout) leave(s *subject, node *corev1.Node) {
	l.of(s).add(node, -1)
	l.space.take(s.pod, node)
}

// move lets a pod go from its node to another one.
func (l *layout) move(s *subject, to *corev1.Node) {
	l.leave(s, s.node)
	l.freed[s.node.Name] = true
	l.come(s, to)
}

// rooms lists the nodes that would take a pod, and put right all that is wrong
// with its place, the best first; without one it says why.
func (l *layout) rooms(s *subject) (rooms []*corev1.Node, why string) {
	candidate := l.space.For(s.pod)
	rooms, why = l.fitting(s, candidate)
	return l.ranked(s, candidate, rooms), why
}

// fitting is rooms in no order.
func (l *layout) fitting(s *subject, candidate *Candidate) (rooms []*corev1.Node, why string) {
	return candidate.fitting(l.judge.home(s), func(node *corev1.Node) string { return s.mends(node, l) })
}

// rank is what the nodes for a pod are compared by.
type rank struct {
	node             *corev1.Node
	replicas, inZone int
	preference       int64
	fullness         float64
	pods             int64
}

// ranked sorts nodes for a pod, the best first: one without another replica,
// since with one it would not be right either; one that the pod prefers; one in
// the zone with the fewest replicas; the least full.
func (l *layout) ranked(s *subject, candidate *Candidate, nodes []*corev1.Node) []*corev1.Node {
	counted := l.of(s)
	ranks := make([]rank, 0, len(nodes))
	for _, node := range nodes {
		zone := cluster.Zone(node)
		r := rank{
			node: node, preference: candidate.Score(node), replicas: counted.nodes[node.Name], inZone: counted.zones[zone],
			fullness: l.space.fullness(node), pods: l.space.used[node.Name][corev1.ResourcePods],
		}
		if s.node != nil && s.out.Zone == zone {
			r.inZone-- // itself
		}
		ranks = append(ranks, r)
	}
	slices.SortStableFunc(ranks, func(a, b rank) int {
		return cmp.Or(cmp.Compare(a.replicas, b.replicas), cmp.Compare(b.preference, a.preference), cmp.Compare(a.inZone, b.inZone),
			cmp.Compare(a.fullness, b.fullness), cmp.Compare(a.pods, b.pods))
	})
	sorted := make([]*corev1.Node, 0, len(ranks))
	for _, r := range ranks {
		sorted = append(sorted, r.node)
	}
	return sorted
}
