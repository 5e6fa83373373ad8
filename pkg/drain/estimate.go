// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"slices"
	"time"
)

// pace is what a run has shown of one workload so far.
type pace struct {
	// took are the times from the eviction of a pod to the readiness of the one
	// that took its place; to its end, where nothing takes its place.
	took []time.Duration
	// away says of each pod that was evicted and is not replaced yet how long
	// that lasts.
	away []time.Duration
	// toGo counts the pods that are not evicted yet.
	toGo int
	// atOnce is how many may be away at the same time.
	atOnce int
	// chain: workloads of the same chain go one after the other.
	chain int
	// stuck: it was given up, or waits for something that no measured time says
	// anything of, such as a person or room on the nodes.
	stuck bool
}

// Patience of an estimate: a pod that is away for overdueFactor times the usual
// time, and overdueLeast longer than it, is not explained by what was measured.
const (
	overdueFactor = 3
	overdueLeast  = time.Minute
)

// estimate says about how long the rest of a drain takes, from what was measured
// in this run; 0 means that there is no telling. Chains run side by side, the
// workloads of a chain one after the other.
func estimate(paces []pace) time.Duration {
	var all []time.Duration
	for _, p := range paces {
		if p.stuck {
			return 0
		}
		all = append(all, p.took...)
	}
	chains := map[int]time.Duration{}
	for _, p := range paces {
		if p.toGo+len(p.away) == 0 {
			continue
		}
		usual := mean(p.took)
		if len(p.took) == 0 {
			usual = mean(all)
		}
		if usual == 0 || p.isOverdue(usual) {
			return 0
		}
		chains[p.chain] += p.left(usual)
	}
	longest := time.Duration(0)
	for _, left := range chains {
		longest = max(longest, left)
	}
	return longest
}

// left is how long the rest of one workload takes when each pod takes the usual
// time. A pod that takes longer shows that the usual time is at least that.
func (p pace) left(usual time.Duration) time.Duration {
	if len(p.away) > 0 {
		usual = max(usual, slices.Max(p.away))
	}
	// Each place is free again when the pod that is away from it is replaced.
	// As every pod takes the same time, they take the places in turn.
	places := make([]time.Duration, max(1, p.atOnce, len(p.away)))
	for i, since := range p.away {
		places[i] = usual - since
	}
	slices.Sort(places)
	last := places[len(places)-1]
	if p.toGo == 0 {
		return max(last, time.Second)
	}
	rounds, place := (p.toGo-1)/len(places), (p.toGo-1)%len(places)
	return max(places[place]+time.Duration(rounds+1)*usual, last+time.Duration(rounds)*usual)
}

func (p pace) isOverdue(usual time.Duration) bool {
	return slices.ContainsFunc(p.away, func(since time.Duration) bool {
		return since > overdueFactor*usual && since > usual+overdueLeast
	})
}

func mean(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sum := time.Duration(0)
	for _, t := range times {
		sum += t
	}
	return sum / time.Duration(len(times))
}
