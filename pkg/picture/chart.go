// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// chart is what is drawn, before anything has a place on the paper: a table with
// the zones as columns and the pools as rows.
type chart struct {
	report *v1alpha1.PlacementReport
	// zones are names of columns; "" is the column of the nodes without one.
	zones   []string
	pools   []*pool
	pending []*mark
	moves   []*move
	// compact is for clusters too large to show every pod.
	compact bool
}

type pool struct {
	name, role string
	// cells are the nodes by zone.
	cells  [][]*node
	nodes  int
	counts map[v1alpha1.PlacementVerdict]int
}

type node struct {
	v1alpha1.PlacementNode
	row, column int
	// stem is what the names of all nodes of the pool begin with.
	stem string
	// noted are pods that want a look, each on a line of its own; calm are the rest.
	noted, calm []*mark
	daemons     int
	// expected are the moves that should end here.
	expected []*move
}

// mark is a pod as it is drawn.
type mark struct {
	*v1alpha1.PlacedPod
	label string
	// number is that of the pod in the picture and the tables; 0 for a right one.
	number int
	move   *move
}

// compactNodes is the number of nodes above which right pods are only counted.
const compactNodes = 24

func newChart(r *v1alpha1.PlacementReport) *chart {
	c := &chart{report: r, compact: len(r.Nodes) > compactNodes}
	nodes := c.placeNodes()
	labels := newLabels(r.Pods)
	byPlace := map[string]*pool{}
	for _, p := range c.pools {
		byPlace[p.name] = p
	}
	number := 0
	for i := range r.Pods {
		pod := &r.Pods[i]
		m := &mark{PlacedPod: pod, label: labels.of(pod)}
		if pod.Verdict != v1alpha1.PlacementRight {
			number++
			m.number = number
		}
		n := nodes[pod.Node]
		if n == nil {
			c.pending = append(c.pending, m)
			continue
		}
		byPlace[n.Pool].counts[pod.Verdict]++
		n.add(m)
	}
	for _, n := range nodes {
		n.sort()
	}
	c.findMoves(nodes)
	if c.compact {
		c.busyFirst()
	}
	return c
}

// busyFirst brings the nodes with something to look at to the front of their part
// of the pool: there they stand together, and the quiet ones take less room.
func (c *chart) busyFirst() {
	for _, p := range c.pools {
		for _, cell := range p.cells {
			slices.SortStableFunc(cell, func(a, b *node) int { return cmp.Compare(b.lines(), a.lines()) })
		}
	}
}

// lines is the number of lines with pods that the node shows.
func (n *node) lines() int {
	return len(n.noted) + min(len(n.expected), mostGuests)
}

// placeNodes makes the table of zones and pools and returns the nodes by name.
func (c *chart) placeNodes() map[string]*node {
	r := c.report
	c.zones = slices.Clone(r.Zones)
	var names []string
	roles := map[string]string{}
	for i := range r.Nodes {
		if n := &r.Nodes[i]; !slices.Contains(c.zones, n.Zone) {
			c.zones = append(c.zones, n.Zone)
		}
		names = append(names, r.Nodes[i].Pool)
		roles[r.Nodes[i].Pool] = cmp.Or(roles[r.Nodes[i].Pool], r.Nodes[i].Role)
	}
	slices.SortFunc(names, func(a, b string) int {
		// Pools that the profile knows come first, by name: a row keeps its place
		// from one picture to the next, however many nodes it has.
		return cmp.Or(cmp.Compare(unknown(roles[a]), unknown(roles[b])), cmp.Compare(a, b))
	})
	names = slices.Compact(names)
	rows := map[string]int{}
	for i, name := range names {
		rows[name] = i
		c.pools = append(c.pools, &pool{
			name: name, role: roles[name], cells: make([][]*node, len(c.zones)),
			counts: map[v1alpha1.PlacementVerdict]int{},
		})
	}
	nodes := make(map[string]*node, len(r.Nodes))
	for _, seen := range r.Nodes {
		n := &node{PlacementNode: seen, row: rows[seen.Pool], column: slices.Index(c.zones, seen.Zone)}
		p := c.pools[n.row]
		p.nodes++
		p.cells[n.column] = append(p.cells[n.column], n)
		nodes[n.Name] = n
	}
	for _, p := range c.pools {
		p.findStem()
	}
	return nodes
}

// findStem finds the beginning that the names of a pool's nodes share, up to a dash.
func (p *pool) findStem() {
	all := slices.Concat(p.cells...)
	stem := all[0].Name
	for _, n := range all {
		for !strings.HasPrefix(n.Name, stem) {
			_, size := utf8.DecodeLastRuneInString(stem)
			stem = stem[:len(stem)-size]
		}
	}
	for _, n := range all {
		n.stem = stem[:strings.LastIndex(stem, "-")+1]
	}
}

func unknown(role string) int {
	if role == "" {
		return 1
	}
	return 0
}

func (n *node) add(m *mark) {
	switch {
	case m.Verdict != v1alpha1.PlacementRight:
		n.noted = append(n.noted, m)
	case m.DaemonSet:
		n.daemons++
	default:
		n.calm = append(n.calm, m)
	}
}

// sort puts wrong pods before poor ones, and those that the profile knows before
// others; within that the order of the report stays.
func (n *node) sort() {
	slices.SortStableFunc(n.noted, func(a, b *mark) int {
		return cmp.Compare(gravity(a.Verdict), gravity(b.Verdict))
	})
	slices.SortStableFunc(n.calm, func(a, b *mark) int {
		switch {
		case a.Known == b.Known:
			return 0
		case a.Known:
			return -1
		}
		return 1
	})
}

func gravity(v v1alpha1.PlacementVerdict) int {
	switch v {
	case v1alpha1.PlacementWrong:
		return 0
	case v1alpha1.PlacementPoor:
		return 1
	default:
		return 2
	}
}
