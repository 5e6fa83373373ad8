// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import "fmt"

// bar shows how much of a resource is asked for.
type bar struct {
	box
	track  box
	name   string
	figure string
	share  int
	text   int
}

// fullness adds a bar for CPU and one for memory, beside each other where there is room.
func (b *nodeBox) fullness(s sizes, y int) int {
	used, all := b.Requested, b.Allocatable
	inner := b.w - 2*s.pad
	cpu := bar{name: "CPU", share: share(used.MilliCPU, all.MilliCPU), text: s.small}
	memory := bar{name: "Mem", share: share(used.Memory, all.Memory), text: s.small}
	if inner < 150 {
		cpu.figure = percent(used.MilliCPU, all.MilliCPU)
		memory.figure = percent(used.Memory, all.Memory)
	} else {
		cpu.figure = fmt.Sprintf("%s of %s", cores(used.MilliCPU), cores(all.MilliCPU))
		memory.figure = fmt.Sprintf("%s of %s GiB", gib(used.Memory), gib(all.Memory))
	}
	if inner >= 280 {
		half := (inner - 12) / 2
		cpu.place(box{s.pad, y, half - 10, s.barLine})
		memory.place(box{s.pad + half + 2, y, half + 10, s.barLine})
		y += s.barLine
	} else {
		figure := max(sansWidth(cpu.figure, s.small), sansWidth(memory.figure, s.small))
		cpu.place(box{s.pad, y, inner, s.barLine})
		memory.place(box{s.pad, y + s.barLine, inner, s.barLine})
		for _, each := range []*bar{&cpu, &memory} {
			each.track.w = max(each.right()-figure-5-each.track.x, 10)
		}
		y += 2 * s.barLine
	}
	b.bars = []bar{cpu, memory}
	return y + chipGap
}

// place divides a line between the name, the track and the figure.
func (b *bar) place(at box) {
	b.box = at
	name := sansWidth("Mem", b.text) + 4
	figure := sansWidth(b.figure, b.text) + 5
	height := max(at.h-7, 4)
	b.track = box{at.x + name, at.y + (at.h-height)/2, max(at.w-name-figure, 10), height}
}
