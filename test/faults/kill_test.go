// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestKills ends drains with kill -9 at random moments. The same command then
// goes on: no pod goes twice, and a node that somebody else had cordoned is not
// touched.
func TestKills(t *testing.T) {
	kills := number(t, "FAULT_KILLS", 50)
	seed := number(t, "FAULT_SEED", time.Now().UnixNano()%1_000_000)
	t.Logf("%d kills, FAULT_SEED=%d", kills, seed)
	t.Parallel()
	const parts = 2
	began, killed := time.Now(), make([]int, parts)
	split(t, parts, func(t *testing.T, part int) {
		moments := rand.New(rand.NewPCG(uint64(seed), uint64(part)))
		r := newRing(t, shared.Get(t), "kills-"+strconv.Itoa(part), "100ms", "0s")
		foreign := []string{r.foreignCordon(r.from), r.foreignCordon(r.to)}
		// The drain that nobody kills shows how long one takes.
		whole := r.start().Wait().Want(t, 0).Took
		r.judge()
		r.giveBack()
		for n := part; n < int(kills); n += parts {
			p := r.start()
			time.Sleep(time.Duration(moments.Float64() * float64(whole))) // the moment is the test
			if p.Process.Kill() == nil && p.Wait().Code != 0 {
				killed[part]++
			}
			went := r.gone() - r.ended
			r.start("--timeout=60s").Wait().Want(t, 0)
			r.judge()
			r.giveBack()
			for _, node := range foreign {
				r.wantUntouched(node)
			}
			if t.Failed() {
				t.Fatalf("kill %d, FAULT_SEED=%d, %d pods had gone", n, seed, went)
			}
		}
	})
	inTime := killed[0] + killed[1]
	t.Logf("%d of %d drains were killed in time, in %s", inTime, kills, time.Since(began).Round(time.Second))
	if inTime*10 < int(kills) {
		t.Errorf("only %d of %d drains were killed before their end", inTime, kills)
	}
}

// TestSecondInterrupt: the first Ctrl-C waits a moment for the answers that are
// under way; a second one does not.
func TestSecondInterrupt(t *testing.T) {
	r := newRing(t, shared.Get(t), "second", "0s", "0s")
	// On a machine that is busy the moment may be over before the second one is heard.
	const tries = 3
	for try := 1; ; try++ {
		result := r.interruptedTwice()
		// 130 would be the code of the first one, after its wait.
		if status, ok := result.State.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			break
		}
		if try == tries || result.Code != 130 {
			t.Fatalf("ended with %v", result.State)
		}
		t.Logf("try %d ended with %v", try, result.State)
	}
	r.start("--timeout=60s").Wait().Want(t, 0)
	r.judge()
}

// interruptedTwice starts a drain and interrupts it until it ends, from when on an
// answer is late.
func (r *ring) interruptedTwice() harness.Result {
	r.t.Helper()
	late := faultproxy.LateAnswer(time.Minute)
	before := r.proxy.Injected(late.Name)
	r.proxy.Inject(faultproxy.Rule{Match: faultproxy.EvictionsOf("db-"), Times: 1, Do: late})
	defer r.proxy.Clear()
	p := r.start()
	r.Eventually("an answer is late", func(context.Context) (bool, error) { return r.proxy.Injected(late.Name) > before, nil })
	ended := make(chan harness.Result, 1)
	go func() { ended <- p.Wait() }()
	for {
		_ = p.Process.Signal(syscall.SIGINT)
		select {
		case result := <-ended:
			return result
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// foreignCordon adds a node to a pool and cordons it by hand.
func (r *ring) foreignCordon(pool string) string {
	r.t.Helper()
	r.Pool(pool+"-more", 1)
	name := "aks-" + pool + "-more-12345678-vmss000000"
	r.Kubectl(r.t, "label", "node", name, harness.PoolLabel+"="+pool, "--overwrite").Want(r.t, 0)
	r.Kubectl(r.t, "cordon", name).Want(r.t, 0)
	return name
}

func (r *ring) wantUntouched(node string) {
	r.t.Helper()
	live := r.Node(node)
	if !live.Spec.Unschedulable {
		r.t.Errorf("%s is not cordoned any more", node)
	}
	for _, entry := range live.ManagedFields {
		if strings.Contains(entry.Manager, "vantiq") {
			r.t.Errorf("%s was changed by %s", node, entry.Manager)
		}
	}
}

// giveBack is turn by uncordon-pool.
func (r *ring) giveBack() {
	r.t.Helper()
	r.Plugin(r.t, "uncordon-pool", r.from).Want(r.t, 0)
	r.from, r.to = r.to, r.from
	r.begin()
}
