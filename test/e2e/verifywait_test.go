// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestVerifyWaits looks at a small cluster with a pod that is Ready when the test
// says so.
func TestVerifyWaits(t *testing.T) {
	s := layouts.Start(t, "none")
	c := s.NewScope(t, "waits")
	c.Pool("waits", 2)
	c.StatefulSet("web", 2, harness.Spread)
	c.Ready("web", 2)
	verified(t, s, "the cluster is well", v1alpha1.VerifyPassed)
	t.Run("heals", func(t *testing.T) { waitHeals(t, c) })
	t.Run("terminal", func(t *testing.T) { waitOnTerminal(t, c) })
	t.Run("runs out", func(t *testing.T) { waitRunsOut(t, c) })
	t.Run("not steady", func(t *testing.T) { waitNotSteady(t, c) })
	t.Run("interrupt", func(t *testing.T) { waitInterrupted(t, c) })
	t.Run("interrupt at the first look", func(t *testing.T) { waitInterruptedAtOnce(t, c) })
	t.Run("interrupt while it reads", func(t *testing.T) { waitInterruptedReading(t, c) })
}

// sick has web-1 not Ready until the function that it returns is called.
func sick(t *testing.T, c *harness.Scope) (heal func()) {
	t.Helper()
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "web-1", annotateStart+"=never").Want(t, 0)
	until(t, "web-1 is not Ready, and the StatefulSet knows", func(ctx context.Context) (bool, error) { return areReady(ctx, c, 1) })
	healed := false
	return func() {
		t.Helper()
		if healed {
			return
		}
		healed = true
		c.Kubectl(t, "annotate", "pod", "-n", c.Name, "web-1", annotateStart+"-").Want(t, 0)
		until(t, "web-1 is Ready again", func(ctx context.Context) (bool, error) { return areReady(ctx, c, 2) })
	}
}

// areReady reports whether the StatefulSet has so many Ready pods.
func areReady(ctx context.Context, c *harness.Scope, n int32) (bool, error) {
	set, err := c.Client.AppsV1().StatefulSets(c.Name).Get(ctx, "web", metav1.GetOptions{})
	return err == nil && set.Status.ReadyReplicas == n, err
}

// told waits until a command has said all the words on stderr.
func told(t *testing.T, p *harness.Process, words ...string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("stderr:\n%s", p.Told())
		}
	}()
	until(t, "it says "+strings.Join(words, " and "), func(context.Context) (bool, error) { return containsAll(p.Told(), words), nil })
}

// waitHeals: in a pipe there is a line for what is missing, for what is no more, and
// for each look that counts.
func waitHeals(t *testing.T, c *harness.Scope) {
	heal := sick(t, c)
	defer heal()
	p := c.StartKubectl(t, "vantiq-upgrade", "verify", "--wait", "5m", "--looks", "2", "--interval", "1s", "-o", "json")
	told(t, p, "2 checks not as wanted, 0 of 2 in a row", "Pods are Running or Completed: Failed, 1 of 2", "new:  Error VU-504 pod/waits/web-1", "new:  Error VU-511 statefulset/waits/web: 1 of 2 Ready")
	heal()
	r := p.Wait().Want(t, 0)
	// The pod may be well a look before its StatefulSet knows.
	for _, steps := range [][]string{
		{"new:  Error VU-504", "gone: Error VU-504", "all holds, 2 of 2 in a row"},
		{"new:  Error VU-504", "all holds, 1 of 2 in a row", "all holds, 2 of 2 in a row"},
	} {
		at := 0
		for _, step := range steps {
			i := strings.Index(r.Stderr[at:], step)
			if i < 0 {
				t.Fatalf("no %q after what comes before it in:\n%s", step, r.Stderr)
			}
			at += i
		}
	}
	if strings.Contains(r.Stderr, "\x1b") {
		t.Errorf("a pipe was drawn on: %q", r.Stderr)
	}
	out := read[v1alpha1.VerifyReport](t, r)
	if l := out.Looks; out.Outcome != v1alpha1.VerifyPassed || len(out.Findings) > 0 || l == nil || l.InARow != 2 || l.Wanted != 2 || l.Total < 3 {
		t.Errorf("%s, %+v, %+v", out.Outcome, out.Looks, out.Findings)
	}
}

// waitOnTerminal: on a terminal the check that is missing stands in an area that goes
// away at the end.
func waitOnTerminal(t *testing.T, c *harness.Scope) {
	heal := sick(t, c)
	defer heal()
	terminal := c.StartTerminal(t, "xterm", "vantiq-upgrade", "verify", "--wait", "5m", "--looks", "1", "--interval", "1s", "--color=never")
	defer func() {
		if t.Failed() {
			t.Logf("the screen:\n%s", harness.Screen(terminal.Written()))
		}
	}()
	until(t, "the area shows what is missing", func(context.Context) (bool, error) {
		return containsAll(harness.Screen(terminal.Written()), []string{"0 of 1 in a row", "Failed Pods are Running or Completed", "VU-504 pod/waits/web-1"}), nil
	})
	heal()
	r := terminal.Wait().Want(t, 0)
	if !strings.Contains(r.Stdout, "Passed: ") || strings.Contains(r.Stdout, "in a row; ") || strings.Contains(r.Stdout, "Failed") {
		t.Errorf("the screen at the end:\n%s", r.Stdout)
	}
}

// waitRunsOut: what was not healed in time is reported as without --wait.
func waitRunsOut(t *testing.T, c *harness.Scope) {
	defer sick(t, c)()
	r := c.Plugin(t, "verify", "--wait", "2s", "--looks", "2", "--interval", "1s", "-o", "json").Want(t, 2)
	out := read[v1alpha1.VerifyReport](t, r)
	wantFinding(t, out.Findings, "VU-504", "pod/waits/web-1")
	if out.Outcome != v1alpha1.VerifyFailed || out.Looks.InARow != 0 || codesOf(out) != "VU-504 VU-511" {
		t.Errorf("%s, %+v, %+v", out.Outcome, out.Looks, out.Findings)
	}
}

// waitNotSteady: what held a few times did not hold often enough. Were all well from
// the first look on, the time would just do.
func waitNotSteady(t *testing.T, c *harness.Scope) {
	heal := sick(t, c)
	defer heal()
	p := c.StartKubectl(t, "vantiq-upgrade", "verify", "--wait", "30s", "--looks", "31", "--interval", "1s", "-o", "json")
	told(t, p, "new:  Error VU-504 pod/waits/web-1")
	heal()
	out := read[v1alpha1.VerifyReport](t, p.Wait().Want(t, 2))
	wantFinding(t, out.Findings, "VU-575", "cluster", "of 31 times in a row", "--wait 30s")
	if out.Outcome != v1alpha1.VerifyFailed || len(out.Findings) != 1 || out.Looks.InARow < 1 {
		t.Errorf("%s, %+v, %+v", out.Outcome, out.Looks, out.Findings)
	}
}

// waitInterrupted: Ctrl-C ends it at once, not after the interval, and the last
// report is printed.
func waitInterrupted(t *testing.T, c *harness.Scope) {
	defer sick(t, c)()
	p := c.StartKubectl(t, "vantiq-upgrade", "verify", "--wait", "1h", "--interval", "30m", "-o", "json")
	told(t, p, "VU-504 pod/waits/web-1")
	r := interrupt(t, p)
	out := read[v1alpha1.VerifyReport](t, r)
	if out.Outcome != v1alpha1.VerifyFailed || out.Looks.Total < 1 || codesOf(out) != "VU-504 VU-511" {
		t.Errorf("%s, %+v, %+v", out.Outcome, out.Looks, out.Findings)
	}
}

// waitInterruptedAtOnce: before the first look has ended there is nothing to print.
func waitInterruptedAtOnce(t *testing.T, c *harness.Scope) {
	tap := startTap(t, c.Sandbox)
	arrived := tap.hold("/api/v1/services")
	for _, args := range [][]string{{"verify", "--wait", "1h"}, {"verify"}} {
		p := c.Via(tap.kubeconfig).StartPlugin(t, args...)
		<-arrived
		if r := interrupt(t, p); r.Stdout != "" {
			t.Errorf("%v printed:\n%s", args, r.Stdout)
		}
		arrived = tap.hold("/api/v1/services")
	}
}

// waitInterruptedReading: Ctrl-C while a later look waits for the API server prints
// the report of the look before; that the reading was given up is no trouble.
func waitInterruptedReading(t *testing.T, c *harness.Scope) {
	tap := startTap(t, c.Sandbox)
	p := c.Via(tap.kubeconfig).StartPlugin(t, "verify", "--wait", "1h", "--interval", "1s", "--looks", "1000", "-o", "json")
	told(t, p, "all holds, 1 of 1000 in a row")
	<-tap.hold("/api/v1/services")
	r := interrupt(t, p)
	if out := read[v1alpha1.VerifyReport](t, r); out.Looks.InARow < 1 {
		t.Errorf("%+v", out.Looks)
	}
	if strings.Contains(r.Stderr, "trouble") || strings.Contains(r.Stderr, "canceled") {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
}

// interrupt is Ctrl-C.
func interrupt(t *testing.T, p *harness.Process) harness.Result {
	t.Helper()
	sent := time.Now()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r := p.Wait().Want(t, 130)
	t.Logf("ended %s after the signal", time.Since(sent))
	return r
}

// codesOf are the codes of a report, each once.
func codesOf(r *v1alpha1.VerifyReport) string {
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), " ")
}
