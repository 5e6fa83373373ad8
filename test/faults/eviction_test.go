// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
)

// TestEvictionFaults: whatever happens to the request, each pod goes once, the
// drain ends well by itself, and asks no more often than it has to.
func TestEvictionFaults(t *testing.T) {
	r := newRing(t, shared.Get(t), "evictions", "0s", "0s")
	const times = 3
	// storm is more requests than an orderly back-off sends for nine pods while
	// the watches are away, too.
	const storm = 5 * moving
	for _, fault := range []faultproxy.Fault{
		faultproxy.Throttled(1),
		faultproxy.Conflict(),
		faultproxy.NotFound(),
		faultproxy.NamespaceTerminating(),
		faultproxy.ServerError(500, 0),
		faultproxy.ServerError(503, 0),
		faultproxy.ServerError(504, 1),
		faultproxy.Reset(),
		faultproxy.LoseAnswer(),
		faultproxy.Late(time.Second),
		faultproxy.LateAnswer(time.Second),
		faultproxy.Refuse(time.Second),
		faultproxy.AbortHandshakes(3),
		faultproxy.ForeignCertificate(3),
	} {
		t.Run(strings.ReplaceAll(fault.Name, " ", "-"), func(t *testing.T) {
			r.t = t
			before := r.proxy.Injected(fault.Name)
			r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("db-"), Times: times, Do: fault})
			posted := len(r.audit.Evictions(t))
			result := r.start("--timeout=60s").Wait().Want(t, 0)
			if report := drainReport(t, result); report.Outcome != "Done" {
				t.Errorf("outcome %s", report.Outcome)
			}
			if n := r.proxy.Injected(fault.Name) - before; n != times {
				t.Errorf("injected %d times, want %d", n, times)
			}
			if n := len(r.audit.Evictions(t)) - posted; n > storm {
				t.Errorf("%d evictions were posted for %d pods: %v", n, moving, r.audit.Evictions(t)[posted:])
			}
			t.Logf("%s, injected %v, posted %d", result.Took.Round(time.Millisecond), r.proxy.AllInjected(), len(r.audit.Evictions(t))-posted)
			r.judge()
			r.turn()
		})
	}
}

// TestLostAnswers: where the server evicted a pod and the answer was lost, the
// pod is not evicted again, however old the drain's view of it is.
func TestLostAnswers(t *testing.T) {
	r := newRing(t, shared.Get(t), "lost", "0s", "2s")
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.Watches("pods"), Do: faultproxy.SlowWatch(2 * time.Second)})
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("db-"), Times: 1, Do: faultproxy.LoseAnswer()})
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("web-"), Times: 1, Do: faultproxy.LoseAnswer()})
	r.start("--timeout=60s").Wait().Want(t, 0)
	if n := r.proxy.AllInjected(); n["answer lost"] != 2 || n["slow watch"] == 0 {
		t.Errorf("injected %v", n)
	}
	t.Log(r.audit.Evictions(t))
	r.judge()
}

// TestStrayEvictions: a request whose connection broke reaches the server all the
// same, a little later. The drain does not ask again before.
func TestStrayEvictions(t *testing.T) {
	r := newRing(t, shared.Get(t), "stray", "0s", "2s")
	for _, pods := range []string{"db-", "one-", "web-"} {
		r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf(pods), Times: 1, Do: faultproxy.Stray(time.Second)})
	}
	r.start("--timeout=60s").Wait().Want(t, 0)
	if n := r.proxy.AllInjected(); n["stray"] != 3 {
		t.Errorf("injected %v", n)
	}
	r.judge()
	accepted := 0
	for _, eviction := range r.audit.Evictions(t) {
		if eviction.IsAccepted() {
			accepted++
		}
	}
	if accepted != moving {
		t.Errorf("the server accepted %d evictions of %d pods", accepted, moving)
	}
}
