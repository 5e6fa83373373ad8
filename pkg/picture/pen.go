// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// pen writes SVG elements. Only classes are written, so that one style sheet
// rules light, dark and print.
type pen struct{ bytes.Buffer }

// escaped writes text that came from a cluster.
func (p *pen) escaped(s string) {
	// A Buffer takes every write.
	_ = xml.EscapeText(&p.Buffer, []byte(s))
}

func (p *pen) open(class string) { fmt.Fprintf(p, "<g class=%q>\n", class) }

func (p *pen) close() { p.WriteString("</g>\n") }

// hint is shown when the pointer rests on a group, and read aloud.
func (p *pen) hint(s string) {
	p.WriteString("<title>")
	p.escaped(s)
	p.WriteString("</title>\n")
}

func (p *pen) rect(class string, b box, radius int) {
	fmt.Fprintf(p, "<rect class=%q x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n",
		class, b.x, b.y, b.w, b.h, radius)
}

func (p *pen) text(class string, x, y, size int, s string) {
	fmt.Fprintf(p, "<text class=%q x=\"%d\" y=\"%d\" font-size=\"%d\">", class, x, y, size)
	p.escaped(s)
	p.WriteString("</text>\n")
}

func (p *pen) path(class, way string) { fmt.Fprintf(p, "<path class=%q d=%q/>\n", class, way) }

// turn is the radius at the corners of arrows.
const turn = 5

// way is the path through points, with round corners.
func way(points []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", points[0].x, points[0].y)
	for i := 1; i < len(points)-1; i++ {
		before, at, after := points[i-1], points[i], points[i+1]
		r := min(turn, distance(before, at)/2, distance(at, after)/2)
		from, to := toward(at, before, r), toward(at, after, r)
		fmt.Fprintf(&b, "L%d %dQ%d %d %d %d", from.x, from.y, at.x, at.y, to.x, to.y)
	}
	last := points[len(points)-1]
	fmt.Fprintf(&b, "L%d %d", last.x, last.y)
	return b.String()
}

func distance(a, b point) int {
	return max(a.x-b.x, b.x-a.x) + max(a.y-b.y, b.y-a.y)
}

// toward is the point so far from a in the direction of b.
func toward(a, b point, far int) point {
	return point{a.x + far*sign(b.x-a.x), a.y + far*sign(b.y-a.y)}
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// class is the style of a verdict.
func class(v v1alpha1.PlacementVerdict) string {
	switch v {
	case v1alpha1.PlacementWrong:
		return "wrong"
	case v1alpha1.PlacementPoor:
		return "poor"
	case v1alpha1.PlacementPending:
		return "pending"
	default:
		return "right"
	}
}

// badge is the shape that tells a verdict without its colour: a tick in a circle,
// a cross in a square, a mark of exclamation in a triangle, dots in a diamond.
func (p *pen) badge(v v1alpha1.PlacementVerdict, x, y, size int) {
	// So small a drawing needs tenths of a pixel; it is thought of as 24 by 24.
	at := func(dx, dy int) string { return tenths(x, size*dx) + " " + tenths(y, size*dy) }
	name := class(v)
	switch v {
	case v1alpha1.PlacementWrong:
		p.rect("badge "+name, box{x, y, size, size}, 2)
		p.path("glyph "+name, "M"+at(7, 7)+"L"+at(17, 17)+"M"+at(17, 7)+"L"+at(7, 17))
	case v1alpha1.PlacementPoor:
		p.path("badge "+name, "M"+at(12, 1)+"L"+at(24, 23)+"L"+at(0, 23)+"Z")
		p.path("glyph "+name, "M"+at(12, 9)+"L"+at(12, 15)+"M"+at(12, 19)+"L"+at(12, 20))
	case v1alpha1.PlacementPending:
		p.path("badge "+name, "M"+at(12, 0)+"L"+at(24, 12)+"L"+at(12, 24)+"L"+at(0, 12)+"Z")
		p.path("glyph "+name, "M"+at(7, 12)+"L"+at(8, 12)+"M"+at(12, 12)+"L"+at(13, 12)+"M"+at(17, 12)+"L"+at(18, 12))
	default:
		fmt.Fprintf(p, "<circle class=\"badge %s\" cx=\"%s\" cy=\"%s\" r=\"%s\"/>\n",
			name, tenths(x, size*12), tenths(y, size*12), tenths(0, size*12))
		p.path("glyph "+name, "M"+at(7, 12)+"L"+at(11, 16)+"L"+at(17, 8))
	}
}

func tenths(whole, parts int) string {
	n := whole*10 + parts*10/24
	if n%10 == 0 {
		return strconv.Itoa(n / 10)
	}
	return fmt.Sprintf("%d.%d", n/10, n%10)
}
