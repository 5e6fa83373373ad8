// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// startDrain starts a drain of the pool old and returns when its first pod went.
func startDrain(t *testing.T, c *harness.Scope, recorder *harness.Recorder) *harness.Process {
	t.Helper()
	p := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--yes", "-o", "json")
	c.Eventually("the first pod goes", func(context.Context) (bool, error) { return len(recorder.Ended()) > 0, nil })
	return p
}

// TestInterrupt: each signal ends the drain at once, with its state told and
// the command that goes on; the same command then ends it.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"int": syscall.SIGINT, "term": syscall.SIGTERM, "hup": syscall.SIGHUP} {
		t.Run(name, func(t *testing.T) {
			c := twoPools(t, "interrupt-"+name)
			recorder := c.Record(t, c.Name, "app=db")
			p := startDrain(t, c, recorder)
			sent := time.Now()
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			r := p.Wait().Want(t, 130)
			t.Logf("ended %s after the signal", time.Since(sent))
			report := drainReport(t, r)
			if report.Outcome != "Interrupted" || len(report.Result.Cordoned) != 3 {
				t.Errorf("outcome %s, cordoned %v", report.Outcome, report.Result.Cordoned)
			}
			wantFinding(t, report.Findings, "VU-239", "pool/old", "drain-pool old")
			if evicted := len(recorder.Ended()); evicted != 1 {
				t.Errorf("%d pods were evicted", evicted)
			}
			finishDrain(t, c, recorder)
		})
	}
}

// TestKill: after kill -9 the same command goes on, and takes the lock over.
func TestKill(t *testing.T) {
	c := twoPools(t, "kill")
	recorder := c.Record(t, c.Name, "app=db")
	p := startDrain(t, c, recorder)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	finishDrain(t, c, recorder)
}

// TestKillAtTheEnd: when nothing is left to evict the same command still waits
// until the last replacement is Ready before it says that all is well.
func TestKillAtTheEnd(t *testing.T) {
	c := twoPools(t, "kill-at-the-end", quick, harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "4s"))
	recorder := c.Record(t, c.Name, "app=db")
	p := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--yes")
	c.Eventually("the last pod goes", func(context.Context) (bool, error) { return len(recorder.Ended()) == 3, nil })
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0))
	if report.Outcome != "Done" || len(report.Result.Workloads) != 1 || report.Result.Workloads[0].ReadyAfter != 3 {
		t.Errorf("%s: %+v", report.Outcome, report.Result)
	}
	c.Plugin(t, "uncordon-pool", "old").Want(t, 0)
}

// finishDrain runs the command again and checks that all ends well.
func finishDrain(t *testing.T, c *harness.Scope, recorder *harness.Recorder) {
	t.Helper()
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0))
	if report.Outcome != "Done" {
		t.Errorf("then: %s", report.Outcome)
	}
	if recorder.Lowest() < 2 {
		t.Errorf("lowest %d", recorder.Lowest())
	}
	for name, times := range recorder.Ended() {
		if times != 1 {
			t.Errorf("%s was evicted %d times", name, times)
		}
	}
	c.Plugin(t, "uncordon-pool", "old").Want(t, 0)
	if n, _ := c.CordonedNodes(t.Context(), "old"); n != 0 {
		t.Errorf("%d nodes are cordoned at the end", n)
	}
}

// TestLock: the second operator is told who works, and touches nothing.
func TestLock(t *testing.T) {
	c := twoPools(t, "lock")
	now := metav1.NewMicroTime(time.Now())
	leases := c.Client.CoordinationV1().Leases("kube-system")
	_ = leases.Delete(t.Context(), "kubectl-vantiq-upgrade", metav1.DeleteOptions{})
	_, err := leases.Create(t.Context(), &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: "kubectl-vantiq-upgrade", Annotations: map[string]string{"upgrade.vantiq.com/command": "drain-pool vantiqnp"}},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("hanako@bastion-2/4711"), LeaseDurationSeconds: new(int32(30)), AcquireTime: &now, RenewTime: &now,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"drain-pool", "old", "--yes"}, {"uncordon-pool", "old"}} {
		r := c.Plugin(t, args...).Want(t, 4)
		if !containsAll(r.Stderr, []string{"hanako@bastion-2/4711", `"drain-pool vantiqnp"`, "since"}) {
			t.Errorf("stderr:\n%s", r.Stderr)
		}
	}
	if n, _ := c.CordonedNodes(t.Context(), "old"); n != 0 {
		t.Errorf("%d nodes were cordoned", n)
	}
	if err := leases.Delete(t.Context(), "kubectl-vantiq-upgrade", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	// Two in the same instant: one works, the other is told.
	first := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--yes")
	second := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--yes")
	a, b := first.Wait(), second.Wait()
	if a.Code+b.Code != 4 || a.Code*b.Code != 0 {
		t.Errorf("exit codes %d and %d\n%s\n%s", a.Code, b.Code, a.Stderr, b.Stderr)
	}
}

// TestAPIServerAway takes the API server away in the middle of a drain.
func TestAPIServerAway(t *testing.T) {
	c := twoPools(t, "away", quick, harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "4s"))
	recorder := c.Record(t, c.Name, "app=db")
	p := startDrain(t, c, recorder)
	if err := c.Run(t.Context(), "restart-apiserver", "--down", "20s"); err != nil {
		t.Fatal(err)
	}
	r := p.Wait().Want(t, 0)
	if report := drainReport(t, r); report.Outcome != "Done" || report.Result.Workloads[0].LowestReady < 2 {
		t.Errorf("%s: %+v", report.Outcome, report.Result.Workloads)
	}
	// What it waits for is said at once, and again while it lasts.
	if strings.Count(r.Stderr, "trouble  API server") < 2 || !strings.Contains(r.Stderr, "trying again") {
		t.Errorf("the operator was not told:\n%s", r.Stderr)
	}
	for name, times := range recorder.Ended() {
		if times != 1 {
			t.Errorf("%s was evicted %d times", name, times)
		}
	}
}
