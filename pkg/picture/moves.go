// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"cmp"
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// move is the arrow from a pod to where it belongs: to a node with room, or
// else only to a pool.
type move struct {
	pod         *mark
	from        *node
	to          *node
	row, column int
	roomy       bool
}

// findMoves says where each pod belongs that is not there: on the node that is
// expected to take it, or else in the nearest part of a pool of its own.
func (c *chart) findMoves(nodes map[string]*node) {
	for _, p := range c.pools {
		for _, cell := range p.cells {
			for _, from := range cell {
				for _, m := range from.noted {
					c.addMove(nodes, from, m)
				}
			}
		}
	}
	slices.SortFunc(c.moves, func(a, b *move) int { return cmp.Compare(a.pod.number, b.pod.number) })
	for _, v := range c.moves {
		if v.to != nil {
			v.to.expected = append(v.to.expected, v)
		}
	}
}

func (c *chart) addMove(nodes map[string]*node, from *node, m *mark) {
	if c.compact && m.Verdict != v1alpha1.PlacementWrong {
		// Among many nodes the arrows of mere warnings would hide those of errors.
		return
	}
	v := &move{pod: m, from: from}
	if to := nodes[m.Expected]; to != nil && m.hasRoom() {
		v.to, v.row, v.column, v.roomy = to, to.row, to.column, true
	}
	if !v.roomy {
		found := m.Verdict == v1alpha1.PlacementWrong && c.nearest(v, from)
		if !found {
			return
		}
	}
	m.move = v
	c.moves = append(c.moves, v)
}

// hasRoom reports whether the node that is expected to take a pod has room now:
// others may have to leave it first.
func (m *mark) hasRoom() bool { return slices.Contains(m.Room, m.Expected) }

// nearest finds the part of a pool where the pod belongs whose zone is nearest
// to the one where it is.
func (c *chart) nearest(v *move, from *node) bool {
	best := -1
	for row, p := range c.pools {
		if row == from.row || !slices.Contains(v.pod.Belongs, p.name) {
			continue
		}
		for column, cell := range p.cells {
			far := max(column-from.column, from.column-column)
			if len(cell) > 0 && (best < 0 || far < best) {
				best, v.row, v.column = far, row, column
			}
		}
	}
	return best >= 0
}
