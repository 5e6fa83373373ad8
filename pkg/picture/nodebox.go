// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// nodeBox is a node with everything in it.
type nodeBox struct {
	box
	*node
	cell *cellBox
	// line is the place in the cell from above, first and last say
	// that no node is beside it on that line.
	line        int
	first, last bool
	// corner counts the pods of DaemonSets beside the name where there is room.
	name, corner text
	// state says what is wrong with the node itself.
	state string
	tag   box
	bars  []bar
	// lines are the pods that want a look, guests the places of those that should
	// come, chips the pods that are right.
	lines, chips []*chip
	guests       []*guest
	footer       text
	// morePoor counts the poor pods that are not shown.
	morePoor int
}

type text struct {
	x, y int
	s    string
}

// chip is a pod in its node.
type chip struct {
	box
	*mark
	shown string
	// aim is the pool where it belongs.
	aim string
}

// guest is the place kept for pods that should come to this node.
type guest struct {
	box
	moves []*move
	shown string
}

// mostGuests is how many lines a node has for expected pods: where there are more,
// the last one has the numbers of the others.
const mostGuests = 4

// mostPoor is the number of poor pods that one of many nodes shows.
const mostPoor = 3

func newNodeBox(n *node, s sizes, width int) *nodeBox {
	b := &nodeBox{node: n, box: box{w: width}}
	y := b.head(s)
	y = b.fullness(s, y)
	y = b.watched(s, y)
	y = b.quiet(s, y)
	b.h = y + s.pad - chipGap
	return b
}

func (b *nodeBox) head(s sizes) int {
	inner := b.w - 2*s.pad
	switch {
	case !b.Ready:
		b.state = "not ready"
	case b.Cordoned:
		b.state = "cordoned"
	}
	room := inner
	if b.state != "" {
		w := sansWidth(b.state, s.small) + 8
		b.tag = box{b.w - s.pad - w, s.pad - 2, w, s.nameLine - 3}
		room -= w + 4
	}
	daemons := b.daemonWords()
	if w := sansWidth(daemons, s.small) + 8; b.state == "" && b.label(s.name, room-w) == b.label(s.name, room) {
		b.corner = text{b.w - s.pad, s.pad + s.name - 1, daemons}
		room -= w
	}
	b.name = text{s.pad, s.pad + s.name - 1, b.label(s.name, room)}
	return s.pad + s.nameLine
}

// label leaves away the domain of a name that is too long, or else what all
// nodes of the pool have in common.
func (b *nodeBox) label(size, room int) string {
	// A bold letter of some fonts is a little wider.
	room -= room / 16
	name := printable(b.Name)
	if monoWidth(name, size) > room {
		name, _, _ = strings.Cut(name, ".")
	}
	if own, found := strings.CutPrefix(name, printable(b.stem)); found && monoWidth(name, size) > room {
		name = ellipsis + own
		if monoWidth(name, size) > room {
			return ellipsis + end(own, max(room*1000/(size*monoAdvance)-1, 0))
		}
	}
	return fitMono(name, size, room)
}

// watched adds a line for each pod that wants a look, and for those that should come.
func (b *nodeBox) watched(s sizes, y int) int {
	inner := b.w - 2*s.pad
	poor := 0
	for _, m := range b.noted {
		if m.Verdict == v1alpha1.PlacementPoor {
			if poor++; s.chipLines == 0 && poor > mostPoor {
				b.morePoor++
				continue
			}
		}
		c := &chip{box: box{s.pad, y, inner, s.chip}, mark: m}
		c.fit(s, inner-numberRoom(m.number, s))
		b.lines = append(b.lines, c)
		y += s.chip + chipGap - 1
	}
	for _, moves := range b.guestLines() {
		g := &guest{box: box{s.pad, y, inner, s.chip}, moves: moves}
		g.shown = g.words(s)
		b.guests = append(b.guests, g)
		y += s.chip + chipGap - 1
	}
	return y
}

// fit shares the room in a chip between the pod's name and where it belongs.
func (c *chip) fit(s sizes, room int) {
	room -= markRoom(s) + 6
	c.shown = fitMono(c.label, s.text, room)
	if c.move == nil && len(c.Belongs) == 0 {
		return
	}
	aim := "→ " + printable(strings.Join(c.Belongs, ", "))
	if c.move != nil && c.move.to != nil {
		aim = "→ " + printable(c.move.to.Pool)
	}
	if c.move != nil && c.move.to != nil && c.move.to.Pool == c.Pool {
		aim = "→ other node"
	}
	if monoWidth(c.shown, s.text)+10+sansWidth(aim, s.small) <= room {
		c.aim = aim
	}
}

// markRoom is the width of the sign before a name, numberRoom that of a number behind it.
func markRoom(s sizes) int { return s.chip }

func numberRoom(n int, s sizes) int {
	return max(sansWidth(strconv.Itoa(n), s.small)+7, s.chip-3)
}

func (b *nodeBox) guestLines() [][]*move {
	var lines [][]*move
	for i, v := range b.expected {
		if i == mostGuests-1 && len(b.expected) > mostGuests {
			return append(lines, b.expected[i:])
		}
		lines = append(lines, []*move{v})
	}
	return lines
}

func (g *guest) words(s sizes) string {
	room := g.w - markRoom(s) - 6
	if len(g.moves) == 1 {
		pod := g.moves[0].pod
		return fitMono(pod.label, s.text, room-numberRoom(pod.number, s))
	}
	var numbers []string
	for _, v := range g.moves {
		numbers = append(numbers, strconv.Itoa(v.pod.number))
	}
	all := fmt.Sprintf("%d: %s", len(numbers), strings.Join(numbers, " "))
	return fitSans(all, s.text, room)
}

// quiet adds the pods that are right, as many as there is room for, and counts
// the others behind them.
func (b *nodeBox) quiet(s sizes, y int) int {
	x, edge := s.pad, b.w-s.pad
	step := s.chip + chipGap - 1
	hidden := len(b.calm)
	for lines := 1; hidden > 0 && s.chipLines > 0; hidden-- {
		m := b.calm[len(b.calm)-hidden]
		shown := fitMono(m.label, s.text, edge-s.pad-markRoom(s)-6)
		w := markRoom(s) + monoWidth(shown, s.text) + 6
		if x > s.pad && x+w > edge {
			if lines++; lines > s.chipLines {
				break
			}
			x, y = s.pad, y+step
		}
		b.chips = append(b.chips, &chip{box: box{x, y, w, s.chip}, mark: m, shown: shown})
		x += w + chipGap
	}
	words := b.rest(hidden)
	switch w := sansWidth(words, s.small); {
	case words == "" && x == s.pad:
		return y
	case words == "":
	case x > s.pad && x+w+2 <= edge:
		b.footer = text{x + 2, y + s.chip/2 + s.small*3/8, words}
	default:
		if x > s.pad {
			y += step
		}
		b.footer = text{s.pad, y + s.small + 1, fitSans(words, s.small, edge-s.pad)}
		return y + s.footer
	}
	return y + step
}

// rest counts the pods that are not shown.
func (b *nodeBox) rest(hidden int) string {
	var parts []string
	if b.morePoor > 0 {
		parts = append(parts, fmt.Sprintf("%d poor", b.morePoor))
	}
	switch {
	case hidden > 0 && len(b.chips) > 0:
		parts = append(parts, fmt.Sprintf("and %d right", hidden))
	case hidden > 0:
		parts = append(parts, fmt.Sprintf("%d right", hidden))
	}
	if words := b.daemonWords(); b.corner.s == "" && words != "" {
		parts = append(parts, words)
	}
	return strings.Join(parts, " · ")
}

func (b *nodeBox) daemonWords() string {
	if b.daemons == 0 {
		return ""
	}
	return fmt.Sprintf("%d DS", b.daemons)
}

// shift moves the node with all that is in it.
func (b *nodeBox) shift(dx, dy int) {
	for _, each := range b.boxes() {
		each.x += dx
		each.y += dy
	}
	for _, t := range []*text{&b.name, &b.corner, &b.footer} {
		t.x += dx
		t.y += dy
	}
}

// boxes are all rectangles of the node, itself first.
func (b *nodeBox) boxes() []*box {
	all := make([]*box, 0, 2+2*len(b.bars)+len(b.lines)+len(b.chips)+len(b.guests))
	all = append(all, &b.box, &b.tag)
	for i := range b.bars {
		all = append(all, &b.bars[i].box, &b.bars[i].track)
	}
	for _, c := range slices.Concat(b.lines, b.chips) {
		all = append(all, &c.box)
	}
	for _, g := range b.guests {
		all = append(all, &g.box)
	}
	return all
}
