// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"fmt"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func (p *pen) pendingLane(l *layout) {
	lane := l.lane
	if lane == nil {
		return
	}
	p.open("lane")
	p.rect("lane", lane.box, 8)
	p.text("pool-name", lane.x+10, lane.y+20, 12, "Pending")
	p.text("dim", lane.x+10, lane.y+35, 10, plural(len(l.chart.pending), "pod"))
	for _, k := range lane.cards {
		p.card(l.sizes, k)
	}
	if lane.more.s != "" {
		p.text("dim", lane.more.x, lane.more.y, 10, lane.more.s)
	}
	p.close()
}

func (p *pen) card(s sizes, k *card) {
	name := class(k.Verdict)
	p.open("chip")
	p.rect("chip "+name, k.box, 4)
	p.hint(sentence(k.PlacedPod))
	first := box{k.x, k.y + 1, k.w, 18}
	p.badge(k.Verdict, k.x+4, k.y+4, 12)
	p.text("pod "+name, k.x+6+markRoom(s), first.middleY()+s.text*3/8, s.text, k.shown)
	if k.number > 0 {
		p.number("number "+name, k.right()-3, first, k.number, s)
	}
	p.text("reason "+name, k.x+8, k.y+29, s.small, k.reason)
	p.close()
}

func (p *pen) legend(l *layout) {
	p.open("legend")
	p.rect("bare", l.legend.box, 0)
	for _, item := range l.legend.items {
		p.sample(item)
		p.text("dim", item.x+signWidth, item.y+13, legendText, item.words)
	}
	p.close()
}

// sample draws a sign of the legend as it is in the picture.
func (p *pen) sample(i legendItem) {
	y := i.y + 9
	swatch := box{i.x, i.y + 2, signWidth - 6, 14}
	switch i.sign {
	case "right", "wrong", "poor", "pending":
		p.rect("chip "+i.sign, swatch, 4)
		p.badge(verdictOf(i.sign), i.x+9, y-5, 10)
	case "arrow":
		p.path("line wrong", fmt.Sprintf("M%d %dh%d", i.x, y, signWidth-14))
		p.path("head wrong", fmt.Sprintf("M%d %dl-7 -4v8z", i.x+signWidth-8, y))
	case "blocked":
		p.path("line dashed wrong", fmt.Sprintf("M%d %dh%d", i.x, y, signWidth-18))
		p.stop(i.x+signWidth-14, y, "wrong")
	case "guest":
		p.rect("guest", swatch, 4)
		p.path("plus", fmt.Sprintf("M%d %dh6m-3 -3v6", i.x+11, y))
	case "daemons":
		p.text("dim", i.x, i.y+13, legendText, "3 DS")
	case "bar":
		track := box{i.x, y - 4, signWidth - 6, 7}
		p.rect("track", track, 2)
		track.w = track.w * 3 / 5
		p.rect("full", track, 2)
	}
}

func verdictOf(sign string) v1alpha1.PlacementVerdict {
	switch sign {
	case "wrong":
		return v1alpha1.PlacementWrong
	case "poor":
		return v1alpha1.PlacementPoor
	case "pending":
		return v1alpha1.PlacementPending
	default:
		return v1alpha1.PlacementRight
	}
}
