// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"cmp"
	"slices"
)

// span is a stretch of a line in a channel or a gutter. Spans of one bundle are
// drawn over each other.
type span struct {
	from, to int
	bundle   int
	lane     int
}

// separate is the least distance between two spans that share a lane.
const separate = 12

// shareLanes gives every span a lane, so that different bundles never touch, and
// returns how many lanes that takes. Short ones come first: arrows that begin and
// end on the same side then lie around each other and do not cross.
func shareLanes(spans []*span) int {
	bundles := map[int]*span{}
	var order []*span
	for _, s := range spans {
		s.from, s.to = min(s.from, s.to), max(s.from, s.to)
		if b := bundles[s.bundle]; b != nil {
			b.from, b.to = min(b.from, s.from), max(b.to, s.to)
			continue
		}
		whole := *s
		bundles[s.bundle] = &whole
		order = append(order, &whole)
	}
	slices.SortFunc(order, func(a, b *span) int {
		return cmp.Or(cmp.Compare(a.to-a.from, b.to-b.from), cmp.Compare(a.from, b.from), cmp.Compare(a.bundle, b.bundle))
	})
	var lanes [][]*span
	for _, s := range order {
		s.lane = slices.IndexFunc(lanes, func(taken []*span) bool { return !slices.ContainsFunc(taken, s.touches) })
		if s.lane < 0 {
			s.lane = len(lanes)
			lanes = append(lanes, nil)
		}
		lanes[s.lane] = append(lanes[s.lane], s)
	}
	for _, s := range spans {
		s.lane = bundles[s.bundle].lane
	}
	return len(lanes)
}

func (s *span) touches(other *span) bool {
	return s.from < other.to+separate && other.from < s.to+separate
}

// gutter is the room above a row, channel that to the left of a column; both are
// as wide as the arrows in them need.
type gutter struct {
	top, lanes int
	spans      []*span
}

func (g *gutter) height() int { return gutterHeight + g.lanes*laneWidth }

// y is where a lane lies.
func (g *gutter) y(s *span) int { return g.top + gutterHeight/2 + 3 + s.lane*laneWidth }

type channel struct {
	left, lanes int
	spans       []*span
}

func (c *channel) width() int { return channelWidth + c.lanes*laneWidth }

func (c *channel) x(s *span) int { return c.left + channelWidth/2 + 3 + s.lane*laneWidth }
