// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// picture writes the svg element: what lies below first, the arrows above the
// boxes and the words on them.
func (p *pen) picture(l *layout) {
	fmt.Fprintf(p, `<svg xmlns="http://www.w3.org/2000/svg" class="placement" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`role="img" aria-labelledby="placement-title placement-text">`+"\n", l.paper.w, l.paper.h, l.paper.w, l.paper.h)
	p.WriteString("<title id=\"placement-title\">Placement of pods</title>\n<desc id=\"placement-text\">")
	p.escaped(describe(l.chart))
	p.WriteString("</desc>\n<style>" + pictureStyle + "</style>\n")
	// Stripes tell poor pods from the others without colour.
	p.WriteString(`<defs><pattern id="placement-stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
		`<rect class="stripe-ground" width="6" height="6"/><rect class="stripe" width="2" height="6"/></pattern></defs>` + "\n")
	p.rect("paper", l.paper, 0)
	p.title(l)
	for i, z := range l.zones {
		p.zone(l, i, z)
	}
	for _, pb := range l.pools {
		p.pool(l, pb)
	}
	for _, a := range l.arrows {
		p.arrow(a)
	}
	if len(l.zones) == 0 {
		p.open("title")
		p.rect("bare", l.title, 0)
		p.text("dim", l.title.x, l.title.bottom(), 13, "There are no nodes.")
		p.close()
	}
	p.pendingLane(l)
	p.legend(l)
	p.WriteString("</svg>\n")
}

func (p *pen) title(l *layout) {
	t, r := l.title, l.chart.report
	p.open("title")
	p.rect("bare", t, 0)
	p.text("h1", t.x, t.y+18, 20, "Placement of pods")
	x := t.right()
	for i := len(tallies(r.Summary)) - 1; i >= 0; i-- {
		each := tallies(r.Summary)[i]
		words := fmt.Sprintf("%d %s", each.n, each.words)
		x -= sansWidth(words, 13+boldness)
		strong := "tally"
		if each.n == 0 {
			strong = "tally none"
		}
		p.text(strong, x, t.y+16, 13, words)
		x -= 19
		p.badge(each.verdict, x, t.y+4, 14)
		x -= 16
	}
	p.text("about", t.x, t.y+37, 11, fitSans(heading(r), 11, t.w))
	if words := caution(r); words != "" {
		p.text("caution", t.x, t.y+53, 11, fitSans(words, 11+boldness, t.w))
	}
	p.close()
}

func (p *pen) zone(l *layout, column int, b box) {
	name := cmp.Or(printable(l.chart.zones[column]), "no zone")
	nodes := 0
	for _, each := range l.chart.pools {
		nodes += len(each.cells[column])
	}
	count := plural(nodes, "node")
	p.open("zone")
	p.rect("zone", b, 10)
	p.text("zone-name", b.x+cellPad+2, b.y+19, 13, fitSans(name, 13+boldness, b.w-4*cellPad-sansWidth(count, 10)))
	p.text("dim end", b.right()-cellPad-2, b.y+19, 10, count)
	p.close()
}

func (p *pen) pool(l *layout, b *poolBox) {
	p.open("pool")
	p.rect("bare", b.heading, 0)
	p.path("rule", fmt.Sprintf("M%d %dL%d %d", b.heading.x, b.y, b.heading.right()-10, b.y))
	room := b.heading.w - 12
	p.text("pool-name", b.x, b.y+16, poolText, fitMono(cmp.Or(printable(b.name), "no pool"), poolText, room-room/16))
	p.text("dim", b.x, b.y+31, 10, fitSans(cmp.Or(printable(b.role), "no role"), 10, room-50))
	p.text("dim end", b.heading.right()-10, b.y+31, 10, plural(b.nodes, "node"))
	x := b.x
	for _, v := range []v1alpha1.PlacementVerdict{v1alpha1.PlacementRight, v1alpha1.PlacementWrong, v1alpha1.PlacementPoor} {
		n := b.counts[v]
		if n == 0 {
			continue
		}
		p.badge(v, x, b.y+38, 10)
		p.text("dim", x+13, b.y+47, 10, strconv.Itoa(n))
		x += 13 + sansWidth(strconv.Itoa(n), 10) + 8
	}
	p.close()
	for _, c := range b.cells {
		if len(c.nodes) == 0 {
			continue
		}
		p.rect("cell", c.box, 7)
		for _, n := range c.nodes {
			p.node(l.sizes, n)
		}
	}
}

func (p *pen) node(s sizes, n *nodeBox) {
	p.open("node")
	name := "node"
	if n.state != "" {
		name = "node held"
	}
	p.rect(name, n.box, 5)
	p.hint(nodeHint(n))
	p.text("node-name", n.name.x, n.name.y, s.name, n.name.s)
	if n.state != "" {
		p.open("tag")
		p.rect("tag", n.tag, 3)
		p.text("tag middle", n.tag.x+n.tag.w/2, n.tag.y+s.small+(n.tag.h-s.small)/2-1, s.small, n.state)
		p.close()
	}
	for _, b := range n.bars {
		p.bar(b)
	}
	for _, c := range n.lines {
		p.chip(s, c)
	}
	for _, g := range n.guests {
		p.guest(s, g)
	}
	for _, c := range n.chips {
		p.chip(s, c)
	}
	if n.corner.s != "" {
		p.text("dim end", n.corner.x, n.corner.y, s.small, n.corner.s)
	}
	if n.footer.s != "" {
		p.text("dim", n.footer.x, n.footer.y, s.small, n.footer.s)
	}
	p.close()
}

func nodeHint(n *nodeBox) string {
	used, all := n.Requested, n.Allocatable
	words := fmt.Sprintf("%s: CPU %s of %s, memory %s of %s GiB, %d of %d pods",
		printable(n.Name), cores(used.MilliCPU), cores(all.MilliCPU), gib(used.Memory), gib(all.Memory), used.Pods, all.Pods)
	if n.state != "" {
		words += ", " + n.state
	}
	return words
}

func (p *pen) bar(b bar) {
	baseline := b.y + b.h/2 + b.text*3/8
	p.text("dim", b.x, baseline, b.text, b.name)
	p.rect("track", b.track, 2)
	if full := b.track; b.share > 0 {
		full.w = max(full.w*min(b.share, 100)/100, 1)
		p.rect("full", full, 2)
	}
	p.text("figure end", b.right(), baseline, b.text, b.figure)
}

func (p *pen) chip(s sizes, c *chip) {
	name := class(c.Verdict)
	p.open("chip")
	p.rect("chip "+name, c.box, 4)
	p.hint(sentence(c.PlacedPod))
	size := c.h - 6
	if c.Verdict == v1alpha1.PlacementRight {
		size = c.h - 8
	}
	inset := (c.h - size) / 2
	p.badge(c.Verdict, c.x+inset, c.y+inset, size)
	baseline := c.middleY() + s.text*3/8
	p.text("pod "+name, c.x+markRoom(s), baseline, s.text, c.shown)
	if c.number > 0 {
		p.number("number "+name, c.right()-2, c.box, c.number, s)
	}
	if c.aim != "" {
		p.text("aim end "+name, c.right()-numberRoom(c.number, s)-6, baseline, s.small, c.aim)
	}
	p.close()
}

// number is the one that leads from a chip to its place and to the tables.
func (p *pen) number(class string, right int, b box, n int, s sizes) {
	w := numberRoom(n, s) - 2
	at := box{right - w, b.y + 2, w, b.h - 4}
	p.rect(class, at, 3)
	p.text("digits middle", at.x+w/2, at.middleY()+s.small*3/8, s.small, strconv.Itoa(n))
}

func (p *pen) guest(s sizes, g *guest) {
	p.open("guest")
	p.rect("guest", g.box, 4)
	names := make([]string, 0, len(g.moves))
	for _, v := range g.moves {
		names = append(names, fmt.Sprintf("%d %s/%s", v.pod.number, v.pod.Namespace, v.pod.Name))
	}
	p.hint(printable("belongs here: " + strings.Join(names, ", ")))
	baseline := g.middleY() + s.text*3/8
	mid := g.y + g.h/2
	p.path("plus", fmt.Sprintf("M%d %dh6m-3 -3v6", g.x+markRoom(s)/2-3, mid))
	if len(g.moves) == 1 {
		p.text("pod guest", g.x+markRoom(s), baseline, s.text, g.shown)
		p.number("number guest", g.right()-2, g.box, g.moves[0].pod.number, s)
	} else {
		p.text("figure guest", g.x+markRoom(s), baseline, s.small, g.shown)
	}
	p.close()
}

// arrow draws a pale line below the coloured one, so that crossings stay clear.
func (p *pen) arrow(a *arrow) {
	name := class(a.pod.Verdict)
	tip := a.points[len(a.points)-1]
	// The line ends where the head, or the sign for no room, begins.
	stop := 5
	if !a.roomy {
		stop = 7
	}
	points := slices.Clone(a.points)
	points[len(points)-1].x += stop * a.side
	p.open("arrow " + name)
	p.hint(sentence(a.pod.PlacedPod))
	line := way(points)
	p.path("casing", line)
	if a.roomy {
		p.path("line "+name, line)
		p.path("head "+name, fmt.Sprintf("M%d %dl%d -4v8z", tip.x, tip.y, 7*a.side))
	} else {
		p.path("line dashed "+name, line)
		p.stop(tip.x+4*a.side, tip.y, name)
	}
	p.close()
}

// stop is the sign for no room: a circle with a bar.
func (p *pen) stop(x, y int, name string) {
	fmt.Fprintf(p, "<circle class=\"stop %s\" cx=\"%d\" cy=\"%d\" r=\"5\"/>\n", name, x, y)
	p.path("stop "+name, fmt.Sprintf("M%d %dl6 0", x-3, y))
}
