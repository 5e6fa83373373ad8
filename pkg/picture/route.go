// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import "slices"

// An arrow leaves the pod to the side, goes up or down in the channel between two
// columns, crosses other columns in the gutter between two rows, and comes in from
// the side. So it never passes over a node.

type point struct{ x, y int }

// arrow is a move with its way over the paper.
type arrow struct {
	*move
	points []point
	// side is the edge of what it points to: 1 right, -1 left.
	side int
	to   box
}

// mostArrows is the number of arrows above which those to one part of a pool
// share a line as far as they can.
const mostArrows = 30

// trip is an arrow on the way to its points.
type trip struct {
	*move
	source *nodeBox
	chip   *chip
	// target is nil where there is only a pool to go to.
	target      *nodeBox
	place       box
	cell        *cellBox
	leave, come int
	out, in     int
	gutter      int
	outer, last *span
	across      *span
}

type router struct {
	layout   *layout
	gutters  []*gutter
	channels []*channel
	trips    []*trip
	// ends counts arrows that end at the edge of a part of a pool.
	ends map[*cellBox]int
}

// newRouter finds the way of every arrow in terms of rows and columns.
func newRouter(l *layout) *router {
	r := &router{layout: l, ends: map[*cellBox]int{}}
	for range len(l.pools) + 1 {
		r.gutters = append(r.gutters, &gutter{})
	}
	for range len(l.chart.zones) + 1 {
		r.channels = append(r.channels, &channel{})
	}
	boxes := map[*node]*nodeBox{}
	for _, p := range l.pools {
		for _, c := range p.cells {
			for _, n := range c.nodes {
				boxes[n.node] = n
			}
		}
	}
	for _, v := range l.chart.moves {
		r.trips = append(r.trips, r.plan(v, boxes))
	}
	for _, g := range r.gutters {
		g.lanes = shareLanes(g.spans)
	}
	return r
}

func (r *router) plan(v *move, boxes map[*node]*nodeBox) *trip {
	t := &trip{move: v, source: boxes[v.from], target: boxes[v.to]}
	t.cell = r.layout.pools[v.row].cells[v.column]
	for _, c := range t.source.lines {
		if c.mark == v.pod {
			t.chip = c
		}
	}
	from, to := v.from.column, v.column
	switch {
	case to > from:
		t.leave, t.come, t.out, t.in = 1, -1, from+1, to
	case to < from:
		t.leave, t.come, t.out, t.in = -1, 1, from, to+1
	default:
		side := t.nearerSide()
		at := from + (side+1)/2
		t.leave, t.come, t.out, t.in = side, side, at, at
	}
	t.outer = &span{bundle: r.bundle(t)}
	if t.out != t.in {
		t.gutter = v.row
		if v.row <= v.from.row {
			t.gutter = v.row + 1
		}
		// In a gutter only the columns count.
		t.across = &span{from: t.out * 100, to: t.in * 100, bundle: r.bundle(t)}
		r.gutters[t.gutter].spans = append(r.gutters[t.gutter].spans, t.across)
		t.last = &span{bundle: r.bundle(t)}
	}
	return t
}

// nearerSide is the side on which fewer nodes lie in the way; right when equal.
func (t *trip) nearerSide() int {
	right, left := 0, 0
	for _, n := range []*nodeBox{t.source, t.target} {
		if n == nil {
			continue
		}
		if n.last {
			right++
		}
		if n.first {
			left++
		}
	}
	if left > right {
		return -1
	}
	return 1
}

func (r *router) bundle(t *trip) int {
	if len(r.layout.chart.moves) > mostArrows {
		return t.row*len(r.layout.chart.zones) + t.column
	}
	return t.pod.number
}

// shareChannels gives the ways lanes, once the rows have their heights.
func (r *router) shareChannels() {
	for _, t := range r.trips {
		t.place = r.destination(t)
		start, end := t.exit(), t.entry()
		t.outer.from, t.outer.to = start, end
		r.channels[t.out].spans = append(r.channels[t.out].spans, t.outer)
		if t.across != nil {
			y := r.gutters[t.gutter].y(t.across)
			t.outer.to = y
			t.last.from, t.last.to = y, end
			r.channels[t.in].spans = append(r.channels[t.in].spans, t.last)
		}
	}
	for _, c := range r.channels {
		c.lanes = shareLanes(c.spans)
	}
}

// destination is what the arrow points to: a place kept on a node, or the edge of
// the part of a pool.
func (r *router) destination(t *trip) box {
	if t.target == nil {
		n := r.ends[t.cell]
		r.ends[t.cell]++
		const step = 13
		most := max((t.cell.h-10)/step, 1)
		return box{t.cell.x, t.cell.y + 5 + n%most*step, t.cell.w, step}
	}
	for _, g := range t.target.guests {
		if slices.Contains(g.moves, t.move) {
			return g.box
		}
	}
	return t.target.box
}

// lean keeps lines that end on the right edges of boxes apart from those that end
// on left edges at the same height.
func lean(side int) int { return -3 * side }

// exit is the height at which the way comes to the channel, entry that at which
// it leaves it.
func (t *trip) exit() int {
	if t.source.open(t.leave) {
		return t.chip.middleY() + lean(t.leave)
	}
	return t.below(t.source)
}

func (t *trip) entry() int {
	if t.target == nil || t.target.open(t.come) {
		return t.place.middleY() + lean(t.come)
	}
	return t.below(t.target)
}

// open says that nothing lies between the node and that edge of its cell.
func (b *nodeBox) open(side int) bool {
	if side > 0 {
		return b.last
	}
	return b.first
}

// below is the height of the way under a node, beside that of the way next to it.
// Neighbouring arrows take different ones of the few that there is room for.
func (t *trip) below(b *nodeBox) int { return b.bottom() + t.aside() }

func (t *trip) beside(b *nodeBox, side int) int {
	if side > 0 {
		return b.right() + t.aside()
	}
	return b.x - t.aside() - 1
}

func (t *trip) aside() int { return 2 + t.outer.bundle%3*3 }

// draw gives every arrow its points, once everything has its place.
func (r *router) draw() {
	for _, t := range r.trips {
		t.place = r.placed(t)
		a := &arrow{move: t.move, side: t.come, to: t.place}
		a.points = append(a.points, point{edge(t.chip.box, t.leave), t.chip.middleY() + lean(t.leave)})
		if !t.source.open(t.leave) {
			x := t.beside(t.source, t.leave)
			a.points = append(a.points, point{x, a.points[0].y}, point{x, t.below(t.source)})
		}
		x := r.channels[t.out].x(t.outer)
		a.points = append(a.points, point{x, t.exit()})
		if t.across != nil {
			y := r.gutters[t.gutter].y(t.across)
			a.points = append(a.points, point{x, y})
			x = r.channels[t.in].x(t.last)
			a.points = append(a.points, point{x, y})
		}
		a.points = append(a.points, point{x, t.entry()})
		tip := point{edge(t.place, t.come), t.place.middleY() + lean(t.come)}
		if t.target != nil && !t.target.open(t.come) {
			x := t.beside(t.target, t.come)
			a.points = append(a.points, point{x, t.below(t.target)}, point{x, tip.y})
		}
		a.points = straighten(append(a.points, tip))
		r.layout.arrows = append(r.layout.arrows, a)
	}
}

// placed is the destination after the columns have moved to their places.
func (r *router) placed(t *trip) box {
	if t.target == nil {
		t.place.x = t.cell.x
		return t.place
	}
	return r.destination(t)
}

func edge(b box, side int) int {
	if side > 0 {
		return b.right()
	}
	return b.x
}

// straighten leaves out points where the way does not turn.
func straighten(points []point) []point {
	var way []point
	for _, p := range points {
		n := len(way)
		if n > 0 && way[n-1] == p {
			continue
		}
		if n > 1 && (way[n-2].x == way[n-1].x && way[n-1].x == p.x || way[n-2].y == way[n-1].y && way[n-1].y == p.y) {
			way[n-1] = p
			continue
		}
		way = append(way, p)
	}
	return way
}
