// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestBudgetRefusals: pods that their budget holds are asked for again when the
// budget changes, or after ten seconds, not before; and the operator is told.
func TestBudgetRefusals(t *testing.T) {
	r := newRing(t, shared.Get(t), "refusals", "0s", "0s")
	const pods = 3
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("web-"), Times: pods, Do: faultproxy.Budget(10)})
	began := time.Now()
	result := r.start("--timeout=60s").Wait().Want(t, 0)
	if took := time.Since(began); took < 10*time.Second || r.proxy.Injected("429 budget") != pods {
		t.Errorf("through after %s, injected %v", took, r.proxy.AllInjected())
	}
	if !strings.Contains(result.Stderr, "waiting") || !strings.Contains(result.Stderr, "still being processed") {
		t.Errorf("the operator was not told:\n%s", result.Stderr)
	}
	r.judge()
	r.turn()

	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("web-"), Times: pods, Do: faultproxy.Budget(0)})
	p := r.start("--timeout=60s")
	r.Eventually("the budget refuses", func(context.Context) (bool, error) { return r.proxy.Injected("429 budget") == 2*pods, nil })
	began, ended := time.Now(), len(r.web.Ended())
	_, err := r.Client.PolicyV1().PodDisruptionBudgets(r.Name).Patch(t.Context(), "web", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"test":"changed"}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.Eventually("the first of them goes", func(context.Context) (bool, error) { return len(r.web.Ended()) > ended, nil })
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("the change of the budget was not noticed for %s", took)
	}
	p.Wait().Want(t, 0)
	r.judge()
}

// TestStorm: a server that throttles for seconds is not asked in a busy loop.
func TestStorm(t *testing.T) {
	r := newRing(t, shared.Get(t), "storm", "0s", "0s")
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.Evictions(), Do: faultproxy.Throttled(0)})
	p := r.start("--timeout=60s")
	r.Eventually("the storm is on", func(context.Context) (bool, error) { return r.proxy.Injected("429 throttled") > 0, nil })
	time.Sleep(7 * time.Second) // so long it lasts
	r.proxy.Clear()
	// Each pod is asked for at 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3 s, or later.
	if n := r.proxy.Injected("429 throttled"); n > 7*moving {
		t.Errorf("%d requests in seven seconds", n)
	}
	result := p.Wait().Want(t, 0)
	if !strings.Contains(result.Stderr, "busy") {
		t.Errorf("the operator was not told:\n%s", result.Stderr)
	}
	r.judge()
}

// TestTwoBudgetsMeanwhile: a refusal for good ends the workload's part of the
// drain with exit code 3 and its name; the same command then goes on.
func TestTwoBudgetsMeanwhile(t *testing.T) {
	r := newRing(t, shared.Get(t), "refused", "0s", "0s")
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("db-"), Times: 1, Do: faultproxy.TwoBudgets()})
	report := drainReport(t, r.start().Wait().Want(t, 3))
	if report.Outcome != "Stopped" || r.proxy.Injected("500 two budgets") != 1 {
		t.Errorf("outcome %s, injected %v", report.Outcome, r.proxy.AllInjected())
	}
	wantFinding(t, report.Findings, "VU-235", "pod/refused/db-2", "more than one PodDisruptionBudget")
	if n := len(r.acceptedNow()); n != moving-3 {
		t.Errorf("%d pods of the other workloads were evicted, want %d", n, moving-3)
	}
	r.start().Wait().Want(t, 0)
	r.judge()
}

// TestWatchFaults: watches that end, expire and lag in the middle of a drain.
func TestWatchFaults(t *testing.T) {
	r := newRing(t, shared.Get(t), "watches", "300ms", "300ms")
	watches := faultproxy.Watches
	tests := map[string]struct {
		rules     []faultproxy.Rule
		meanwhile func()
		hit       string
	}{
		"cut":     {hit: "watch cut", meanwhile: func() { r.proxy.CutWatches("pods"); r.proxy.CutWatches("poddisruptionbudgets") }},
		"expired": {hit: "watch expired", meanwhile: func() { r.proxy.ExpireWatches("pods"); r.proxy.ExpireWatches("poddisruptionbudgets") }},
		"expired when begun anew": {hit: "410", meanwhile: func() {
			r.proxy.Inject(faultproxy.Rule{Match: watches("pods"), Times: 2, Do: faultproxy.Expired()})
			r.proxy.CutWatches("pods")
		}},
		"slow pods":    {hit: "slow watch", rules: []faultproxy.Rule{{Match: watches("pods"), Do: faultproxy.SlowWatch(time.Second)}}},
		"slow budgets": {hit: "slow watch", rules: []faultproxy.Rule{{Match: watches("poddisruptionbudgets"), Do: faultproxy.SlowWatch(2 * time.Second)}}},
	}
	for name, tt := range tests {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			r.t = t
			before := r.proxy.Injected(tt.hit)
			for _, rule := range tt.rules {
				r.proxy.Inject(rule)
			}
			p := r.start("--timeout=60s")
			r.underway()
			if tt.meanwhile != nil {
				tt.meanwhile()
			}
			p.Wait().Want(t, 0)
			if r.proxy.Injected(tt.hit) == before {
				t.Errorf("nothing was injected: %v", r.proxy.AllInjected())
			}
			r.judge()
			r.turn()
		})
	}
}

// TestFaultsAroundTheEvictions: cordons and the lock.
func TestFaultsAroundTheEvictions(t *testing.T) {
	r := newRing(t, shared.Get(t), "around", "0s", "0s")
	for name, match := range map[string]faultproxy.Match{
		"cordon": faultproxy.Requests("patch", "nodes"), "lock": faultproxy.Requests("update", "leases"),
	} {
		for _, fault := range []faultproxy.Fault{faultproxy.ServerError(503, 0), faultproxy.Reset(), faultproxy.LoseAnswer()} {
			t.Run(name+"-"+strings.ReplaceAll(fault.Name, " ", "-"), func(t *testing.T) {
				r.t = t
				before := r.proxy.Injected(fault.Name)
				r.proxy.Inject(faultproxy.Rule{Match: match, Times: 2, Do: fault})
				r.endsWell(r.start("--timeout=60s"), fault, before+2)
			})
		}
	}
}

// TestFaultsOfTheLastReading: it is the one reading of pods that begins while a
// drain is under way, where no watch breaks.
func TestFaultsOfTheLastReading(t *testing.T) {
	r := newRing(t, shared.Get(t), "last", "500ms", "500ms")
	for _, fault := range []faultproxy.Fault{faultproxy.ServerError(503, 0), faultproxy.Refuse(time.Second)} {
		t.Run(strings.ReplaceAll(fault.Name, " ", "-"), func(t *testing.T) {
			r.t = t
			before := r.proxy.Injected(fault.Name)
			p := r.start("--timeout=60s")
			r.underway()
			r.proxy.Inject(faultproxy.Rule{Match: faultproxy.Watches("pods"), Times: 1, Do: fault})
			r.endsWell(p, fault, before+1)
		})
	}
}

// endsWell waits for the end of a drain, by which a fault has been made so many
// times.
func (r *ring) endsWell(p *harness.Process, fault faultproxy.Fault, times int) {
	r.t.Helper()
	report := drainReport(r.t, p.Wait().Want(r.t, 0))
	if n := r.proxy.Injected(fault.Name); n != times {
		r.t.Errorf("injected %d times, want %d", n, times)
	}
	if len(report.Result.Cordoned) != 2 {
		r.t.Errorf("says it cordoned %v", report.Result.Cordoned)
	}
	r.judge()
	r.turn()
}
