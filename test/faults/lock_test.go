// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestTwoAtOnce starts two commands in the same instant: one works, the other is
// told who does, and changes nothing.
func TestTwoAtOnce(t *testing.T) {
	c := newScene(t, shared.Get(t), "two", "0s", "100ms")
	times := number(t, "FAULT_PAIRS", 50)
	pause, drain := c.victims()[0].args, c.victims()[1].args
	began, wins := time.Now(), map[string]int{}
	for n := range times {
		second := pause
		if n%10 == 9 {
			second = drain
		}
		winner := c.race(pause, second)
		wins[winner]++
		c.run("abort", "--all", "--yes").Want(t, 0)
		if n%10 == 9 {
			c.home()
		}
		if t.Failed() {
			t.Fatalf("pair %d", n)
		}
	}
	t.Logf("%d pairs in %s, won by %v", times, time.Since(began).Round(time.Second), wins)
	c.endScene()
}

// race starts two commands and returns which of them worked.
func (c *scene) race(first, second []string) string {
	c.t.Helper()
	// Whoever works goes on only when the other one has ended.
	over := make(chan struct{})
	c.proxy.Inject(faultproxy.Rule{Times: 1, Match: faultproxy.Requests("create", "configmaps"), Do: faultproxy.Hold("hold", func() { <-over })})
	processes := []*harness.Process{c.start(c.via, first...), c.start(c.via, second...)}
	names := []string{"first", "second"}
	results := make([]harness.Result, 2)
	var ended sync.WaitGroup
	var once sync.Once
	for i, p := range processes {
		ended.Go(func() {
			results[i] = p.Wait()
			once.Do(func() { close(over) })
		})
	}
	ended.Wait()
	c.proxy.Clear()
	won := 0
	if results[1].Code == 0 {
		won = 1
	}
	lost := 1 - won
	results[won].Want(c.t, 0)
	results[lost].Want(c.t, 4)
	command := [][]string{first, second}[won][0]
	for _, word := range []string{fmt.Sprintf("/%d runs %q", processes[won].Process.Pid, command), " since "} {
		if !strings.Contains(strings.ReplaceAll(results[lost].Stderr, command+" ", command+`" `), word) {
			c.t.Errorf("no %q in %s", word, results[lost].Stderr)
		}
	}
	return names[won]
}

// TestLockOfTheDead: the lock of a process of this machine that was killed is
// taken over at once; that of another machine's only when it has lapsed.
func TestLockOfTheDead(t *testing.T) {
	c := newScene(t, shared.Get(t), "dead", "0s", "100ms")
	o := c.once(point{victim: 0, k: 2}) // clears up by abort, which has nothing to do
	if !o.killed {
		t.Fatal("nothing was killed")
	}
	pause := c.victims()[0].args
	want := func(r harness.Result, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(r.Stderr, word) {
				t.Errorf("no %q in %s", word, r.Stderr)
			}
		}
	}
	want(c.run(pause...).Want(t, 0), "Took over the lock of "+o.holder)
	const stranger = "ops@bastion/4711"
	c.setLock(stranger, time.Now())
	want(c.run("abort", "--yes").Want(t, 4), stranger, `"drain-pool x"`, "since")
	c.setLock(stranger, time.Now().Add(-25*time.Second))
	want(c.run("abort", "--yes").Want(t, 4), stranger)
	c.setLock(stranger, time.Now().Add(-35*time.Second))
	want(c.run("abort", "--yes").Want(t, 0), "Took over the lock of "+stranger)
	c.endScene()
}

// setLock makes the lock that of another machine, renewed at a time.
func (c *scene) setLock(holder string, renewed time.Time) {
	c.t.Helper()
	leases := c.Client.CoordinationV1().Leases("kube-system")
	lease, err := leases.Get(c.t.Context(), "kubectl-vantiq-upgrade", metav1.GetOptions{})
	c.must(err)
	lease.Annotations = map[string]string{ours + "machine": "another", ours + "command": "drain-pool x"}
	at := metav1.NewMicroTime(renewed)
	lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: new(int32(30)), AcquireTime: &at, RenewTime: &at}
	_, err = leases.Update(c.t.Context(), lease, metav1.UpdateOptions{})
	c.must(err)
}
