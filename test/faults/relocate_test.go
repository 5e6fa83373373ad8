// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestRelocationsKilled kills swaps with kill -9 at random requests by which they
// change something, before or after the server has carried it out. Another person
// gives up, or goes on: the cluster is as before but for the pods' places, and
// nothing of ours is left.
func TestRelocationsKilled(t *testing.T) {
	s := shared.Get(t)
	c := s.NewScope(t, "relocations")
	c.Swapped()
	profile := c.PlacesProfile()
	proxy := proxyTo(t, s)
	via, elsewhere := s.Via(proxy.Kubeconfig()), s.From(t.TempDir())
	args := []string{"placement-check", "--relocate", "--yes", "--profile", profile, "--journal-namespace=" + c.Name}

	var all writes
	proxy.Inject(faultproxy.Rule{Match: func(r faultproxy.Request) bool { return all.isNext(r, 0) }, Do: faultproxy.Call("counted", func() {})})
	via.StartPlugin(t, args...).Wait().Want(t, 0)
	proxy.Clear()
	t.Logf("%d writes: %s", len(all.kinds), strings.Join(all.kinds, ", "))
	c.Swap()
	before := c.NodeSpecs()

	kills := int(number(t, "FAULT_RELOCATION_KILLS", 20))
	seed := number(t, "FAULT_SEED", time.Now().UnixNano()%1_000_000)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	t.Logf("FAULT_SEED=%d", seed)
	killed := 0
	for n := range kills {
		k, after, goOn := 1+random.IntN(len(all.kinds)), random.IntN(2) == 0, random.IntN(3) == 0
		var w writes
		started := make(chan *harness.Process, 1)
		kill := func() { _ = (<-started).Process.Kill() }
		fault := faultproxy.Call("killed", kill)
		if after {
			fault = faultproxy.CallAfter("killed", kill)
		}
		proxy.Inject(faultproxy.Rule{Match: func(r faultproxy.Request) bool { return w.isNext(r, k) }, Do: fault})
		p := via.StartPlugin(t, args...)
		started <- p
		result := p.Wait()
		proxy.Clear()
		if status, is := result.State.Sys().(syscall.WaitStatus); is && status.Signaled() {
			killed++
		}
		told := ""
		if goOn {
			r := elsewhere.StartPlugin(t, "resume", "--yes", "--journal-namespace="+c.Name).Wait()
			told += r.Stdout + r.Stderr
			if r.Code != 0 {
				t.Errorf("resume ended with %d", r.Code)
			}
		}
		r := elsewhere.StartPlugin(t, "abort", "--all", "--yes", "--journal-namespace="+c.Name).Wait()
		told += r.Stdout + r.Stderr
		if faults := left(t, c, elsewhere, before); r.Code != 0 || len(faults) > 0 || t.Failed() {
			t.Fatalf("kill %d at write %d (%s, after %t), gone on with %t: %s\n%s\nthe killed one:\n%s", n, k, strings.Join(w.kinds, ", "), after, goOn, strings.Join(faults, "\n"), told, result.Stderr)
		}
		c.Ready("vantiq", 3)
		c.Ready("metrics-collector", 1)
		c.Swap()
	}
	t.Logf("%d of %d relocations were killed", killed, kills)
	if killed*10 < kills*9 {
		t.Errorf("only %d of %d relocations were killed at their moment", killed, kills)
	}
}

// left is what a relocation has left in the cluster though it was given up.
func left(t *testing.T, c *harness.Scope, s *harness.Sandbox, before string) []string {
	t.Helper()
	var faults []string
	pods, err := c.Client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{LabelSelector: ours + "keep-off"})
	if err != nil || len(pods.Items) > 0 {
		faults = append(faults, fmt.Sprintf("%d keep-off pods (%v)", len(pods.Items), err))
	}
	if after := c.NodeSpecs(); after != before {
		faults = append(faults, "nodes were "+before+"\nnodes are "+after)
	}
	if r := s.StartPlugin(t, "status", "--journal-namespace="+c.Name).Wait(); r.Code != 0 || !strings.Contains(r.Stdout, "Clean") {
		faults = append(faults, r.Stdout+r.Stderr)
	}
	return faults
}
