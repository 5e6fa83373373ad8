// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// pendingLane holds the pods that are on no node of the picture.
type pendingLane struct {
	box
	heading box
	cards   []*card
	more    text
}

// card is a pod without a node, with the reason on a second line.
type card struct {
	chip
	reason string
}

const (
	cardWidth  = 330
	cardHeight = 36
	// mostCards keeps a cluster that has come to a halt on one sheet.
	mostCards = 60
)

func newPendingLane(c *chart, s sizes, heading int, at box) *pendingLane {
	l := &pendingLane{box: at, heading: box{at.x, at.y, heading, 0}}
	left, y := at.x+heading, at.y+cellPad
	shown := c.pending[:min(len(c.pending), mostCards)]
	perLine := max(min((at.w-heading-cellPad+gap)/(cardWidth+gap), len(shown)), 1)
	width := (at.w-heading-cellPad+gap)/perLine - gap
	for i, m := range shown {
		at := box{left + i%perLine*(width+gap), y + i/perLine*(cardHeight+gap), width, cardHeight}
		k := &card{chip: chip{box: at, mark: m}}
		k.shown = fitMono(m.label, s.text, width-markRoom(s)-numberRoom(m.number, s)-14)
		k.reason = fitSans(m.reason(), s.small, width-16)
		l.cards = append(l.cards, k)
	}
	lines := (len(shown) + perLine - 1) / perLine
	y += lines*(cardHeight+gap) - gap + cellPad
	if hidden := len(c.pending) - len(shown); hidden > 0 {
		l.more = text{left, y + s.text, fmt.Sprintf("and %d more", hidden)}
		y += s.text + cellPad
	}
	l.h = max(y-at.y, cardHeight+2*cellPad)
	l.heading.h = l.h
	return l
}

// reason says why a pod has no node.
func (m *mark) reason() string {
	if m.Node != "" {
		return "on node " + printable(m.Node) + ", which was not listed"
	}
	var parts []string
	if len(m.Belongs) > 0 {
		parts = append(parts, "belongs on "+printable(strings.Join(m.Belongs, ", ")))
	}
	switch {
	case m.hasRoom():
		parts = append(parts, "room on "+printable(m.Expected))
	case m.NoRoom != "":
		parts = append(parts, printable(m.NoRoom))
	}
	return cmp.Or(strings.Join(parts, "; "), "no node")
}

// legend explains the signs.
type legend struct {
	box
	items []legendItem
}

type legendItem struct {
	box
	sign  string
	words string
}

const (
	legendText = 10
	legendLine = 22
	signWidth  = 34
)

func newLegend(at box) *legend {
	l := &legend{box: at}
	x, y := at.x, at.y
	for _, item := range []legendItem{
		{sign: "right", words: "right"},
		{sign: "wrong", words: "wrong: belongs elsewhere"},
		{sign: "poor", words: "poor: another node would be better"},
		{sign: "pending", words: "pending: no node"},
		{sign: "arrow", words: "to the node where it belongs and fits"},
		{sign: "blocked", words: "belongs there, but no room"},
		{sign: "guest", words: "place for the pod of that number"},
		{sign: "bar", words: "requested of allocatable, CPU in cores"},
		{sign: "daemons", words: "pods of DaemonSets"},
	} {
		w := signWidth + sansWidth(item.words, legendText) + 6
		if x+w > at.right() && x > at.x {
			x, y = at.x, y+legendLine
		}
		item.box = box{x, y, w, legendLine - 4}
		l.items = append(l.items, item)
		x += w + 14
	}
	l.h = y + legendLine - at.y
	return l
}

// heading is the time and the installations, on the line below the title.
func heading(r *v1alpha1.PlacementReport) string {
	words := Moment(r.Time.Time)
	if len(r.Installations) == 0 {
		return words + " · no Vantiq installation: the map of the profile is not judged"
	}
	names := printable(strings.Join(r.Installations, ", "))
	if len(r.Installations) == 1 {
		return words + " · installation " + names
	}
	return words + " · installations " + names
}

// Moment writes a time in its own zone and in UTC.
func Moment(t time.Time) string {
	utc := t.UTC()
	if _, offset := t.Zone(); offset == 0 {
		return utc.Format("2006-01-02 15:04:05 UTC")
	}
	layout := "15:04:05 UTC"
	if utc.Day() != t.Day() {
		layout = "2006-01-02 15:04:05 UTC"
	}
	return t.Format("2006-01-02 15:04:05 -07:00") + " (" + utc.Format(layout) + ")"
}

// caution says what could not be checked: what was not looked at is never green.
func caution(r *v1alpha1.PlacementReport) string {
	if len(r.NotChecked) == 0 {
		return ""
	}
	var parts []string
	for _, u := range r.NotChecked {
		parts = append(parts, printable(u.Check+" ("+u.Reason+")"))
	}
	return "Not checked: " + strings.Join(parts, ", ")
}

// tally is a count at the top of the picture.
type tally struct {
	verdict v1alpha1.PlacementVerdict
	n       int
	words   string
}

func tallies(s v1alpha1.PlacementSummary) []tally {
	return []tally{
		{v1alpha1.PlacementRight, s.Right, "right"},
		{v1alpha1.PlacementWrong, s.Wrong, "wrong"},
		{v1alpha1.PlacementPoor, s.Poor, "poor"},
		{v1alpha1.PlacementPending, s.Pending, "pending"},
	}
}

// describe tells the picture to those who cannot see it.
func describe(c *chart) string {
	s := c.report.Summary
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s in %s: %d right, %d wrong, %d poor, %d pending.",
		plural(s.Pods, "pod"), plural(len(c.report.Nodes), "node"), plural(len(c.zones), "zone"),
		s.Right, s.Wrong, s.Poor, s.Pending)
	const most = 50
	told := 0
	for i := range c.report.Pods {
		pod := &c.report.Pods[i]
		if pod.Verdict == v1alpha1.PlacementRight {
			continue
		}
		if told++; told > most {
			b.WriteString(" And more.")
			break
		}
		b.WriteString(" " + sentence(pod))
	}
	return b.String()
}

// sentence says in words what a chip and its arrow show.
func sentence(pod *v1alpha1.PlacedPod) string {
	words := pod.Namespace + "/" + pod.Name + ": " + strings.ToLower(string(pod.Verdict))
	if pod.Node != "" {
		words += ", on " + pod.Node
		if pod.Pool != "" {
			words += " of " + pod.Pool
		}
	}
	if len(pod.Belongs) > 0 && pod.Verdict != v1alpha1.PlacementRight {
		words += ", belongs on " + strings.Join(pod.Belongs, " or ")
	}
	switch {
	case len(pod.Room) > 0:
		words += ", room on " + pod.Room[0]
	case pod.NoRoom != "":
		words += ", no room: " + pod.NoRoom
	}
	if len(pod.Codes) > 0 {
		words += " (" + strings.Join(pod.Codes, ", ") + ")"
	}
	return printable(words) + "."
}
