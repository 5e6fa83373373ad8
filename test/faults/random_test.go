// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
)

// fewRuns is how often a drain may have to be started until it is through.
const fewRuns = 5

// mix is what may happen to any request of a drain.
func mix() faultproxy.Mix {
	var all faultproxy.Mix
	add := func(match faultproxy.Match, of int, faults ...faultproxy.Fault) {
		for _, fault := range faults {
			all = append(all, faultproxy.Chance{Match: match, Of: of, Do: fault})
		}
	}
	evictions := faultproxy.Evictions()
	add(evictions, 20, faultproxy.LoseAnswer(), faultproxy.Late(200*time.Millisecond), faultproxy.LateAnswer(200*time.Millisecond))
	add(evictions, 40, faultproxy.Conflict(), faultproxy.NotFound(), faultproxy.NamespaceTerminating(),
		faultproxy.ServerError(500, 0), faultproxy.ServerError(503, 0))
	// After a break the client's watches wait about a second before they begin anew.
	add(evictions, 200, faultproxy.Reset(), faultproxy.Throttled(1), faultproxy.ServerError(504, 1), faultproxy.TwoBudgets())
	add(evictions, 200, faultproxy.Refuse(300*time.Millisecond), faultproxy.AbortHandshakes(2), faultproxy.ForeignCertificate(2))
	add(evictions, 1000, faultproxy.Budget(0), faultproxy.Budget(10))
	watches := faultproxy.Requests("watch", "")
	add(watches, 40, faultproxy.CutWatch(600*time.Millisecond), faultproxy.ExpireWatch(600*time.Millisecond), faultproxy.SlowWatch(500*time.Millisecond))
	add(watches, 100, faultproxy.Expired(), faultproxy.ServerError(503, 0), faultproxy.Reset())
	nodes := faultproxy.Requests("patch", "nodes")
	add(nodes, 40, faultproxy.Conflict(), faultproxy.ServerError(503, 0), faultproxy.Reset(), faultproxy.LoseAnswer())
	leases := faultproxy.Requests("update", "leases")
	add(leases, 40, faultproxy.ServerError(503, 0), faultproxy.Reset(), faultproxy.LoseAnswer())
	return all
}

// TestRandomDrains: with faults at random every drain ends well. One that meets
// a refusal for good stops and says so; the same command then goes on.
func TestRandomDrains(t *testing.T) {
	drains := number(t, "FAULT_DRAINS", 200)
	first := number(t, "FAULT_SEED", time.Now().UnixNano()%1_000_000)
	t.Logf("%d drains, seeds from %d; FAULT_SEED=N FAULT_DRAINS=1 repeats one", drains, first)
	t.Parallel()
	parts := min(lanes, drains)
	began, again, injected := time.Now(), make([]int, parts), make([]map[string]int, parts)
	split(t, int(parts), func(t *testing.T, part int) {
		r := newRing(t, shared.Get(t), "random-"+strconv.Itoa(part), "0s", "0s")
		for seed := first + int64(part); seed < first+drains; seed += parts {
			r.proxy.Random(seed, mix())
			again[part] += r.drainToTheEnd(seed)
			r.judge()
			r.turn()
			if t.Failed() {
				t.Fatalf("FAULT_SEED=%d, injected %v", seed, r.proxy.AllInjected())
			}
		}
		injected[part] = r.proxy.AllInjected()
	})
	runs, faults, kinds := 0, 0, map[string]int{}
	for part := range injected {
		runs += again[part]
		for kind, n := range injected[part] {
			kinds[kind] += n
			faults += n
		}
	}
	t.Logf("%d drains in %s, %d runs more; %d faults: %v", drains, time.Since(began).Round(time.Second), runs, faults, kinds)
	if drains >= 20 && len(kinds) < 10 {
		t.Errorf("too few kinds of faults")
	}
}

// drainToTheEnd runs the command until it ends well, and returns how often it
// had to be run again. Only a refusal for good is a reason to.
func (r *ring) drainToTheEnd(seed int64) int {
	r.t.Helper()
	for run := range fewRuns {
		refused := r.proxy.Injected(faultproxy.TwoBudgets().Name)
		result := r.start("--timeout=60s").Wait()
		if result.Code == 0 {
			return run
		}
		refused = r.proxy.Injected(faultproxy.TwoBudgets().Name) - refused
		if result.Code != 3 || refused == 0 || !strings.Contains(result.Stdout, "VU-235") {
			r.t.Errorf("FAULT_SEED=%d: exit code %d\nstdout:\n%s\nstderr:\n%s", seed, result.Code, result.Stdout, result.Stderr)
		}
	}
	r.t.Fatalf("FAULT_SEED=%d: not through after %d runs", seed, fewRuns)
	return fewRuns
}
