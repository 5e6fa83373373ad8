// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/picture/sample"
)

// reports are clusters of many sizes; in some every second pod is misplaced.
func reports(t *testing.T) map[string]*v1alpha1.PlacementReport {
	t.Helper()
	all := map[string]*v1alpha1.PlacementReport{
		"empty":     {},
		"200 nodes": sample.Large(200, 3000, 73),
	}
	for _, name := range []string{"aks14", "eks6", "hostile"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = &v1alpha1.PlacementReport{}
		if err := json.Unmarshal(data, all[name]); err != nil {
			t.Fatal(err)
		}
	}
	for nodes := 1; nodes <= 60; nodes += 3 {
		for _, every := range []int{2, 5} {
			all[fmt.Sprintf("%d nodes, every %dth pod wrong", nodes, every)] = sample.Large(nodes, nodes*6, every)
		}
	}
	return all
}

func (b box) contains(o box) bool {
	return o.x >= b.x && o.y >= b.y && o.right() <= b.right() && o.bottom() <= b.bottom()
}

func (b box) overlaps(o box) bool {
	return b.x < o.right() && o.x < b.right() && b.y < o.bottom() && o.y < b.bottom()
}

// apart says that none of the boxes overlaps another and that all are inside outer.
func apart(t *testing.T, what string, outer box, boxes []box) {
	t.Helper()
	for i, b := range boxes {
		if b.w <= 0 || b.h <= 0 {
			t.Errorf("%s %d is %v: it has no size", what, i, b)
		}
		if !outer.contains(b) {
			t.Errorf("%s %d is %v, which is not inside %v", what, i, b, outer)
		}
		for j := range i {
			if b.overlaps(boxes[j]) {
				t.Errorf("%s %d %v overlaps %d %v", what, i, b, j, boxes[j])
			}
		}
	}
}

func TestNothingOverlaps(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			l := newLayout(newChart(r))
			apart(t, "zone", l.paper, l.zones)
			parts := []box{l.title, l.legend.box}
			if l.lane != nil {
				parts = append(parts, l.lane.box)
				var cards []box
				for _, k := range l.lane.cards {
					cards = append(cards, k.box)
				}
				apart(t, "card", l.lane.box, append(cards, l.lane.heading.inner()))
			}
			for _, z := range l.zones {
				apart(t, "part of the picture", l.paper, append(parts, z))
			}
			var items []box
			for _, i := range l.legend.items {
				items = append(items, i.box)
			}
			apart(t, "item of the legend", l.legend.box, items)
			for _, p := range l.pools {
				var cells []box
				for column, c := range p.cells {
					cells = append(cells, c.box)
					if !l.zones[column].contains(c.box) {
						t.Errorf("the cell %v is not in its zone %v", c.box, l.zones[column])
					}
					nodesApart(t, c)
				}
				apart(t, "cell", p.box, append(cells, p.heading))
			}
		})
	}
}

// inner is the heading without the last pixel, at which the cards begin.
func (b box) inner() box { return box{b.x, b.y, b.w - 1, b.h} }

func nodesApart(t *testing.T, c *cellBox) {
	t.Helper()
	var nodes []box
	for _, n := range c.nodes {
		nodes = append(nodes, n.box)
		var inside []box
		for _, b := range n.bars {
			inside = append(inside, b.box)
			if !b.contains(b.track) {
				t.Errorf("the track %v is not in its bar %v", b.track, b.box)
			}
		}
		for _, each := range n.lines {
			inside = append(inside, each.box)
		}
		for _, each := range n.chips {
			inside = append(inside, each.box)
		}
		for _, each := range n.guests {
			inside = append(inside, each.box)
		}
		if n.state != "" {
			inside = append(inside, n.tag)
		}
		apart(t, "part of "+n.Name, n.box, inside)
	}
	apart(t, "node", c.box, nodes)
}

// segment is a piece of an arrow as a box of no width.
func segment(a, b point) box {
	return box{min(a.x, b.x), min(a.y, b.y), max(a.x-b.x, b.x-a.x) + 1, max(a.y-b.y, b.y-a.y) + 1}
}

func TestArrowsPassBesideNodes(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			l := newLayout(newChart(r))
			if len(l.arrows) != len(l.chart.moves) {
				t.Fatalf("%d arrows for %d moves", len(l.arrows), len(l.chart.moves))
			}
			for _, a := range l.arrows {
				for i := 1; i < len(a.points); i++ {
					s := segment(a.points[i-1], a.points[i])
					if s.w > 1 && s.h > 1 {
						t.Errorf("arrow %d is not made of level and upright lines: %v", a.pod.number, a.points)
					}
					if !l.paper.contains(s) {
						t.Errorf("arrow %d leaves the paper at %v", a.pod.number, s)
					}
					first, last := i == 1, i == len(a.points)-1
					l.nodesHit(t, a, s, first, last)
				}
			}
		})
	}
}

func (l *layout) nodesHit(t *testing.T, a *arrow, s box, first, last bool) {
	t.Helper()
	for _, p := range l.pools {
		for _, c := range p.cells {
			for _, n := range c.nodes {
				if !n.overlaps(s) || first && n.node == a.from || last && n.node == a.move.to {
					continue
				}
				t.Errorf("arrow %d at %v crosses node %s at %v", a.pod.number, s, n.Name, n.box)
			}
		}
	}
}

// Arrows to different places never share a line, unless there are so many that
// those to one part of a pool are drawn as one.
func TestLanesKeepApart(t *testing.T) {
	spans := []*span{
		{from: 0, to: 100, bundle: 1},
		{from: 90, to: 40, bundle: 2},
		{from: 120, to: 200, bundle: 3},
		{from: 50, to: 60, bundle: 1},
	}
	if n := shareLanes(spans); n != 2 {
		t.Errorf("%d lanes, want 2", n)
	}
	if spans[0].lane == spans[1].lane || spans[0].lane != spans[3].lane {
		t.Errorf("lanes are %d %d %d %d", spans[0].lane, spans[1].lane, spans[2].lane, spans[3].lane)
	}
}

func TestEveryMisplacedPodIsShown(t *testing.T) {
	r := sample.Large(200, 3000, 73)
	l := newLayout(newChart(r))
	shown := map[string]bool{}
	for _, p := range l.pools {
		for _, c := range p.cells {
			for _, n := range c.nodes {
				if len(n.chips) > 0 {
					t.Fatalf("%s shows pods that are right", n.Name)
				}
				for _, line := range n.lines {
					shown[line.Name] = true
				}
			}
		}
	}
	for _, k := range l.lane.cards {
		shown[k.Name] = true
	}
	for i := range r.Pods {
		if p := &r.Pods[i]; p.Verdict != v1alpha1.PlacementRight && !shown[p.Name] {
			t.Errorf("%s is %s and not in the picture", p.Name, p.Verdict)
		}
	}
}

// Warnings on every pod of a large cluster must not drown the errors.
func TestManyPoorPodsAreCounted(t *testing.T) {
	r := sample.Large(30, 300, 1000)
	onNode := map[string]int{}
	for i := range r.Pods {
		onNode[r.Pods[i].Node]++
		r.Pods[i].Verdict = v1alpha1.PlacementPoor
		r.Pods[i].Room, r.Pods[i].Expected = []string{r.Nodes[0].Name}, r.Nodes[0].Name
	}
	r.Pods[5].Verdict = v1alpha1.PlacementWrong
	l := newLayout(newChart(r))
	if len(l.arrows) != 1 || l.arrows[0].pod.Name != r.Pods[5].Name {
		t.Errorf("%d arrows, want that of the wrong pod only", len(l.arrows))
	}
	for _, p := range l.pools {
		for _, c := range p.cells {
			for _, n := range c.nodes {
				if len(n.lines) > mostPoor+1 || n.footer.s == "" || n.morePoor+len(n.lines) != onNode[n.Name] {
					t.Errorf("%s shows %d pods of %d and says %q", n.Name, len(n.lines), onNode[n.Name], n.footer.s)
				}
			}
		}
	}
}

// TestExpectedPodsAreNamed: a node names the pods that are expected on it; of many
// the last line has the numbers of the others.
func TestExpectedPodsAreNamed(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 3: {1, 1, 1}, mostGuests: {1, 1, 1, 1}, 6: {1, 1, 1, 3}} {
		b := nodeBox{node: &node{}}
		for range n {
			b.expected = append(b.expected, &move{})
		}
		var got []int
		for _, line := range b.guestLines() {
			got = append(got, len(line))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d pods: %v, want %v", n, got, want)
		}
	}
}
