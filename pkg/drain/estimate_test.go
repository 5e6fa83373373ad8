// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"testing"
	"time"
)

func TestEstimate(t *testing.T) {
	sec := func(n ...int) []time.Duration {
		var list []time.Duration
		for _, s := range n {
			list = append(list, time.Duration(s)*time.Second)
		}
		return list
	}
	tests := map[string]struct {
		paces []pace
		want  int // seconds
	}{
		"nothing":                              {nil, 0},
		"nothing measured yet":                 {[]pace{{toGo: 2, away: sec(10), atOnce: 1}}, 0},
		"one after the other":                  {[]pace{{took: sec(50), toGo: 2, atOnce: 1}}, 100},
		"the one that is away counts in part":  {[]pace{{took: sec(50), away: sec(20), toGo: 1, atOnce: 1}}, 80},
		"the last one is away":                 {[]pace{{took: sec(50, 50), away: sec(20), atOnce: 1}}, 30},
		"several at once":                      {[]pace{{took: sec(40), toGo: 4, atOnce: 2}}, 80},
		"an odd one needs a round of its own":  {[]pace{{took: sec(40), toGo: 5, atOnce: 2}}, 120},
		"a place that is free is taken first":  {[]pace{{took: sec(40), away: sec(10), toGo: 1, atOnce: 2}}, 40},
		"places are free at different moments": {[]pace{{took: sec(40), away: sec(30, 0), toGo: 1, atOnce: 2}}, 50},
		"the mean of what was measured":        {[]pace{{took: sec(30, 50), toGo: 1, atOnce: 1}}, 40},
		"longer than usual shows in the rest":  {[]pace{{took: sec(30), away: sec(60), toGo: 2, atOnce: 1}}, 120},
		"never below what is known":            {[]pace{{took: sec(30), away: sec(45), atOnce: 1}}, 1},
		"workloads go side by side":            {[]pace{{took: sec(30), toGo: 1, atOnce: 1}, {took: sec(20), toGo: 2, atOnce: 1, chain: 1}}, 40},
		"those of a chain do not":              {[]pace{{took: sec(30), toGo: 1, atOnce: 1}, {took: sec(20), toGo: 2, atOnce: 1}}, 70},
		"what others showed":                   {[]pace{{toGo: 2, atOnce: 1}, {took: sec(30), chain: 1}}, 60},
		"a workload that is through":           {[]pace{{took: sec(30, 30, 30), atOnce: 1}}, 0},
		"one is stuck":                         {[]pace{{took: sec(30), toGo: 3, atOnce: 1}, {stuck: true, chain: 1}}, 0},
		"far longer than anything measured":    {[]pace{{took: sec(30), away: sec(100), toGo: 1, atOnce: 1}}, 0},
		"nobody may be away, yet one is":       {[]pace{{took: sec(30), away: sec(10), toGo: 1, atOnce: 0}}, 50},
	}
	for name, tt := range tests {
		if got := estimate(tt.paces); got != time.Duration(tt.want)*time.Second {
			t.Errorf("%s: %s, want %d s", name, got, tt.want)
		}
	}
}

// TestEstimateFalls: while nothing unforeseen happens the estimate falls by the
// time that goes by.
func TestEstimateFalls(t *testing.T) {
	p := pace{took: []time.Duration{50 * time.Second}, toGo: 2, atOnce: 1, away: make([]time.Duration, 1)}
	before := estimate([]pace{p})
	for range 50 {
		p.away[0] += time.Second
		now := estimate([]pace{p})
		if now != before-time.Second {
			t.Fatalf("%s follows %s", now, before)
		}
		before = now
	}
}
