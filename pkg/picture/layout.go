// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

// Every measure is a whole number of pixels, so that the same report gives the
// same bytes on every machine.

// box is a rectangle on the paper.
type box struct{ x, y, w, h int }

func (b box) right() int   { return b.x + b.w }
func (b box) bottom() int  { return b.y + b.h }
func (b box) middleY() int { return b.y + b.h/2 }

// layout is the chart with a place for everything.
type layout struct {
	chart *chart
	sizes sizes
	paper box
	title box
	// heading is the width of the column with the names of the pools.
	heading int
	// zones are the columns, from the heading to the last row.
	zones  []box
	pools  []*poolBox
	arrows []*arrow
	lane   *pendingLane
	legend *legend
}

type poolBox struct {
	box
	*pool
	heading box
	cells   []*cellBox
}

// cellBox is the part of a pool that is in one zone.
type cellBox struct {
	box
	row, column int
	nodes       []*nodeBox
	// perLine is the number of nodes beside each other.
	perLine int
}

// sizes are the measures that differ between a picture of few nodes and one of many.
type sizes struct {
	nodeWidth, onlyWidth            int
	pad, name, text, small          int
	nameLine, barLine, chip, footer int
	chipLines                       int
}

const (
	margin      = 24
	titleHeight = 58
	zoneHeading = 28
	cellPad     = 5
	// leastHeading and mostHeading bound the column of the pools' names.
	leastHeading = 122
	mostHeading  = 196
	gap          = 11
	chipGap      = 4
	gutterHeight = 10
	channelWidth = 14
	laneWidth    = 7
	// paperRatio is width by height of A4 landscape, in hundredths.
	paperRatio   = 141
	mostPerLine  = 14
	smallestView = 760
	poolText     = 12
)

func detailedSizes() sizes {
	return sizes{
		nodeWidth: 196, onlyWidth: 312, pad: 7, name: 11, text: 10, small: 9,
		nameLine: 18, barLine: 14, chip: 18, footer: 15, chipLines: 3,
	}
}

func compactSizes() sizes {
	return sizes{
		nodeWidth: 134, onlyWidth: 134, pad: 5, name: 9, text: 9, small: 8,
		nameLine: 13, barLine: 10, chip: 14, footer: 12,
	}
}

// newLayout tries how many nodes beside each other bring the picture nearest to
// the shape of the paper it is printed on.
func newLayout(c *chart) *layout {
	s := detailedSizes()
	if c.compact {
		s = compactSizes()
	}
	var best *layout
	for perLine := 1; perLine <= min(c.largestCell(), mostPerLine); perLine++ {
		if l := layoutWith(c, s, perLine); best == nil || l.misshapen() < best.misshapen() {
			best = l
		}
	}
	if best == nil {
		return layoutWith(c, s, 1)
	}
	return best
}

// misshapen is how far the picture is from the shape of the paper, in hundredths.
func (l *layout) misshapen() int {
	wide, high := l.paper.w*100, l.paper.h*paperRatio
	return max(wide, high) * 100 / min(wide, high)
}

// headingWidth is what the names of the pools need.
func (c *chart) headingWidth() int {
	w := leastHeading
	for _, p := range c.pools {
		w = max(w, monoWidth(p.name, poolText)+poolText+18)
	}
	return min(w, mostHeading)
}

func (c *chart) largestCell() int {
	most := 0
	for _, p := range c.pools {
		for _, cell := range p.cells {
			most = max(most, len(cell))
		}
	}
	return most
}

func layoutWith(c *chart, s sizes, perLine int) *layout {
	l := &layout{chart: c, sizes: s, heading: c.headingWidth()}
	l.paper.w = smallestView
	l.title = box{margin, margin, 0, titleHeight}
	width := max(perLine*(s.nodeWidth+gap)-gap, s.onlyWidth) + 2*cellPad
	for row, p := range c.pools {
		b := &poolBox{pool: p}
		for column, nodes := range p.cells {
			b.cells = append(b.cells, l.newCell(row, column, nodes, perLine, width))
		}
		b.evenOut()
		l.pools = append(l.pools, b)
	}
	r := newRouter(l)
	bottom := l.placeRows(r)
	l.placeColumns(r, width)
	r.draw()
	l.finish(bottom)
	return l
}

func (l *layout) newCell(row, column int, nodes []*node, perLine, width int) *cellBox {
	c := &cellBox{row: row, column: column, perLine: min(perLine, len(nodes))}
	c.w = width
	across := c.perLine
	if l.chart.compact {
		// Many small boxes want a grid.
		across = perLine
	}
	w := (width - 2*cellPad - (across-1)*gap) / max(across, 1)
	for i, n := range nodes {
		b := newNodeBox(n, l.sizes, w)
		b.shift(cellPad+i%c.perLine*(w+gap), 0)
		b.line = i / c.perLine
		b.first, b.last = i%c.perLine == 0, (i+1)%c.perLine == 0 || i+1 == len(nodes)
		b.cell = c
		c.nodes = append(c.nodes, b)
	}
	return c
}

// evenOut gives nodes that are on one line, through all zones, the same height.
func (p *poolBox) evenOut() {
	var heights []int
	for _, c := range p.cells {
		for _, n := range c.nodes {
			for len(heights) <= n.line {
				heights = append(heights, 0)
			}
			heights[n.line] = max(heights[n.line], n.h)
		}
	}
	tops := make([]int, 1, len(heights)+1)
	tops[0] = cellPad
	for _, h := range heights {
		tops = append(tops, tops[len(tops)-1]+h+gap)
	}
	for _, c := range p.cells {
		for _, n := range c.nodes {
			n.h = heights[n.line]
			n.shift(0, tops[n.line])
		}
	}
	p.h = max(tops[len(tops)-1]-gap+cellPad, 3*18)
	for _, c := range p.cells {
		c.h = p.h
	}
}

// placeRows gives everything its height on the paper; it returns where the last
// row ends.
func (l *layout) placeRows(r *router) int {
	top := l.title.bottom() + zoneHeading
	y := top
	for row, p := range l.pools {
		r.gutters[row].top = y
		y += r.gutters[row].height()
		p.y = y
		p.heading.y, p.heading.h = y, p.h
		for _, c := range p.cells {
			c.y = y
			for _, n := range c.nodes {
				n.shift(0, y)
			}
		}
		y = p.bottom()
	}
	last := r.gutters[len(l.pools)]
	last.top = y
	bottom := y + last.height()
	for range l.chart.zones {
		l.zones = append(l.zones, box{y: top - zoneHeading, h: bottom - top + zoneHeading})
	}
	return bottom
}

// placeColumns gives everything its place from left to right, once it is known
// how many arrows pass between the columns.
func (l *layout) placeColumns(r *router, width int) {
	r.shareChannels()
	x := margin + l.heading
	for column := range l.zones {
		r.channels[column].left = x
		x += r.channels[column].width()
		l.zones[column].x, l.zones[column].w = x, width
		for _, p := range l.pools {
			c := p.cells[column]
			c.x = x
			for _, n := range c.nodes {
				n.shift(x, 0)
			}
		}
		x += width
	}
	last := r.channels[len(l.zones)]
	last.left = x
	x += last.width()
	for _, p := range l.pools {
		p.x, p.w = margin, x-margin
		p.heading.x, p.heading.w = margin, l.heading
	}
	l.paper.w = max(x+margin, smallestView)
}

// finish adds what stands below the table.
func (l *layout) finish(y int) {
	width := l.paper.w - 2*margin
	l.title.w = width
	y += gap
	if len(l.chart.pending) > 0 {
		l.lane = newPendingLane(l.chart, l.sizes, l.heading, box{x: margin, y: y, w: width})
		y = l.lane.bottom() + gap
	}
	l.legend = newLegend(box{x: margin, y: y, w: width})
	l.paper.h = l.legend.bottom() + margin
}
