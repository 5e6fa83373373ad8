// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
)

// widest is the length of the longest line.
func widest(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		n = max(n, visible(strings.TrimRight(line, " \n")))
	}
	return n
}

// TestTableFits: on a terminal the cells that may be cut are, the widest first;
// in a pipe and with -o wide nothing is.
func TestTableFits(t *testing.T) {
	name, state := "deploy "+strings.Repeat("n", 60), "minAvailable "+strings.Repeat("9", 30)
	printed := func(style Style, wide bool) string {
		table := newTable("~OBJECT", "~CHANGE", "STATE", "+NOTE")
		table.add(name, state, "Ours", "note")
		table.add("pdb a/b", "c", 7, "")
		var out strings.Builder
		if err := table.print(&out, style, wide); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := printed(Style{}, false); !strings.Contains(got, name) || !strings.Contains(got, state) || strings.Contains(got, "NOTE") {
		t.Errorf("in a pipe:\n%s", got)
	}
	if got := printed(Style{width: 80}, true); !strings.Contains(got, name) || !strings.Contains(got, "note") {
		t.Errorf("wide:\n%s", got)
	}
	for _, width := range []int{60, 79, 80, 100} {
		got := printed(Style{width: width}, false)
		if widest(got) >= width || !strings.Contains(got, "deploy nnnnn") || !strings.Contains(got, "…") {
			t.Errorf("on %d columns:\n%s", width, got)
		}
	}
	if got := printed(Style{width: 200}, false); !strings.Contains(got, name) || strings.Contains(got, "…") {
		t.Errorf("on a wide screen:\n%s", got)
	}
	// A screen that is too narrow for anything still shows what must not be cut.
	if got := printed(Style{width: 5}, false); !strings.Contains(got, "Ours") {
		t.Errorf("on 5 columns:\n%s", got)
	}
}
