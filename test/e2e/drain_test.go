// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

const node0 = "aks-old-12345678-vmss000000"

// twoPools makes a scope with three nodes each in the pools old and spare, and a
// StatefulSet of three on the pool old that may move.
func twoPools(t *testing.T, name string, change ...func(*corev1.PodTemplateSpec)) *harness.Scope {
	t.Helper()
	c := shared.Get(t).NewScope(t, name)
	c.Pool("old", 3)
	c.StatefulSet("db", 3, append([]func(*corev1.PodTemplateSpec){harness.Spread}, change...)...)
	c.Ready("db", 3)
	c.Pool("spare", 3)
	return c
}

// TestCordonOfSomebodyElse stays after the drain and after uncordon-pool.
func TestCordonOfSomebodyElse(t *testing.T) {
	c := twoPools(t, "foreign-cordon", quick)
	c.Kubectl(t, "cordon", node0).Want(t, 0)
	before := c.Node(node0)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0))
	if len(report.Result.Cordoned) != 2 {
		t.Errorf("cordoned %v", report.Result.Cordoned)
	}
	out := c.Plugin(t, "uncordon-pool", "old").Want(t, 0).Stdout
	if !strings.Contains(out, "left cordoned") || !strings.Contains(out, "--all") {
		t.Errorf("uncordon-pool does not tell of the other cordon:\n%s", out)
	}
	after := c.Node(node0)
	if !after.Spec.Unschedulable || len(after.Annotations) != len(before.Annotations) {
		t.Errorf("the node that somebody else cordoned was changed: %+v", after.ObjectMeta)
	}
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 1 {
		t.Errorf("%d nodes are cordoned, want 1 (%v)", n, err)
	}
	c.Plugin(t, "uncordon-pool", "old", "--all").Want(t, 0)
	if n, _ := c.CordonedNodes(t.Context(), "old"); n != 0 {
		t.Errorf("%d nodes are cordoned after --all", n)
	}
}

// TestSuccessorIsNotEvicted: while a budget holds a pod, somebody deletes it and
// it comes back under its name on another node. kubectl drain evicts it there
// (kubernetes#138229).
func TestSuccessorIsNotEvicted(t *testing.T) {
	c := twoPools(t, "successor", quick)
	c.Pool("extra", 1)
	c.Kubectl(t, "scale", "statefulset", "db", "-n", c.Name, "--replicas=4").Want(t, 0)
	c.PDB("db", "3", "", nil)
	c.Ready("db", 4)
	// 4 replicas, 3 needed: one pod may go. Use that up by hand.
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "db-3", "--overwrite", "sandbox.upgrade.vantiq.com/stop-fast=never").Want(t, 0)
	c.Kubectl(t, "delete", "pod", "-n", c.Name, "db-3", "--wait=false").Want(t, 0)
	recorder := c.Record(t, c.Name, "app=db")
	drain := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=30s")
	c.Eventually("the nodes are cordoned", func(ctx context.Context) (bool, error) {
		n, err := c.CordonedNodes(ctx, "old")
		return n == 3, err
	})
	// db-0 comes back elsewhere by somebody else's hand while the drain waits.
	c.Kubectl(t, "delete", "pod", "-n", c.Name, "db-0", "--grace-period=0", "--force").Want(t, 0)
	c.Eventually("db-0 is back", func(ctx context.Context) (bool, error) {
		pod, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, "db-0", metav1.GetOptions{})
		return err == nil && harness.IsServing(pod) && !strings.HasPrefix(pod.Spec.NodeName, "aks-old-"), nil
	})
	c.Kubectl(t, "delete", "pod", "-n", c.Name, "db-3", "--grace-period=0", "--force").Want(t, 0)
	drain.Wait().Want(t, 0)
	if times := recorder.Ended()["db-0"]; times != 1 {
		t.Errorf("db-0 ended %d times: its successor was evicted", times)
	}
}

// TestPodsThatWouldBeLost need a flag each, and are listed all at once.
func TestPodsThatWouldBeLost(t *testing.T) {
	c := twoPools(t, "lost", quick)
	c.Deployment("cache", 1, harness.OnPool("old"), harness.EmptyDir)
	bare := c.Template("bare", harness.OnPool("old"))
	_, err := c.Client.CoreV1().Pods(c.Name).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "bare", Labels: bare.Labels}, Spec: bare.Spec,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("cache", 1)
	c.Ready("bare", 1)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 2))
	wantFinding(t, report.Findings, "VU-211", "pod/lost/bare", "--force")
	wantFinding(t, report.Findings, "VU-212", "pod/lost/cache-", "scratch", "--delete-emptydir-data")
	if n, _ := c.CordonedNodes(t.Context(), "old"); n != 0 {
		t.Errorf("%d nodes were cordoned", n)
	}
	// The replacement of cache has no node: its selector names the pool.
	c.Kubectl(t, "delete", "deployment", "cache", "-n", c.Name).Want(t, 0)
	report = drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "--force", "--delete-emptydir-data", "-o", "json").Want(t, 0))
	for _, pod := range report.Result.Pods {
		if want := map[bool]string{true: "Gone", false: "Moved"}[pod.Name == "bare" || strings.HasPrefix(pod.Name, "cache")]; pod.State != want {
			t.Errorf("%s: %s, want %s", pod.Name, pod.State, want)
		}
	}
}

// TestReplacementWithoutANode: the drain stops before the next member.
func TestReplacementWithoutANode(t *testing.T) {
	c := twoPools(t, "unplaced", quick)
	c.Kubectl(t, "cordon", "-l", harness.PoolLabel+"=spare").Want(t, 0)
	pods := c.Record(t, c.Name, "app=db")
	r := c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--unschedulable-timeout=3s").Want(t, 3)
	report := drainReport(t, r)
	wantFinding(t, report.Findings, "VU-231", "pod/unplaced/db-2", "nodes are available")
	if report.Outcome != "Stopped" || pods.Lowest() < 2 || len(pods.Ended()) != 1 {
		t.Errorf("outcome %s, lowest %d, ended %v", report.Outcome, pods.Lowest(), pods.Ended())
	}
	if !strings.Contains(r.Stderr, "waiting") || !strings.Contains(r.Stderr, "has no node") {
		t.Errorf("the operator was not told what it waits for:\n%s", r.Stderr)
	}
	// Run again without room it must not say that all is well, though nothing
	// is left to evict of what it may.
	c.Plugin(t, "drain-pool", "old", "--yes", "--unschedulable-timeout=3s").Want(t, 3)
	// With room again the same command goes on and ends well.
	c.Kubectl(t, "uncordon", "-l", harness.PoolLabel+"=spare").Want(t, 0)
	if got := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0)); got.Outcome != "Done" {
		t.Errorf("then: %s", got.Outcome)
	}
	if pods.Lowest() < 2 {
		t.Errorf("lowest %d", pods.Lowest())
	}
}

// TestSingleReplicaWithoutANode: stopped part-way, and again when it is run
// again, until the replacement has come up.
func TestSingleReplicaWithoutANode(t *testing.T) {
	c := shared.Get(t).NewScope(t, "single")
	c.Pool("old", 1)
	// The last drain has to begin before the replacement is Ready.
	c.StatefulSet("one", 1, quick, harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "5s"))
	c.Ready("one", 1)
	for range 2 {
		r := c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--unschedulable-timeout=2s").Want(t, 3)
		wantFinding(t, drainReport(t, r).Findings, "VU-231", "pod/single/one-0")
	}
	c.Pool("spare", 1)
	if report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0)); report.Outcome != "Done" {
		t.Errorf("then: %s", report.Outcome)
	}
	c.Plugin(t, "drain-pool", "old", "--yes").Want(t, 0)
	// Whoever gives more time goes on with the run that had less.
	status := read[v1alpha1.StatusReport](t, c.Plugin(t, "status", "-o", "json"))
	if len(status.Runs) != 1 || status.Runs[0].Outcome != "Done" {
		t.Errorf("%d runs: %+v", len(status.Runs), status.Runs)
	}
}

// TestReplacementThatIsNeverReady: no further member goes.
func TestReplacementThatIsNeverReady(t *testing.T) {
	c := twoPools(t, "unready", quick)
	c.Kubectl(t, "patch", "statefulset", "db", "-n", c.Name, "-p",
		`{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null},"template":{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/start-fast":"never"}}}}}`).Want(t, 0)
	pods := c.Record(t, c.Name, "app=db")
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=10s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-238", "db-2")
	if pods.Lowest() < 2 || len(pods.Ended()) != 1 {
		t.Errorf("lowest %d, ended %v", pods.Lowest(), pods.Ended())
	}
}

// TestPodThatDoesNotEnd is named with what holds it; other workloads go on.
func TestPodThatDoesNotEnd(t *testing.T) {
	c := twoPools(t, "stuck", func(p *corev1.PodTemplateSpec) { p.Finalizers = []string{"example.com/hold"} })
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=10s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-232", "pod/stuck/db-2", "example.com/hold")
	if len(report.Result.Left) != 3 {
		t.Errorf("left: %+v", report.Result.Left)
	}
}

// TestMaxUnavailable is the operator's own floor for workloads without a budget.
func TestMaxUnavailable(t *testing.T) {
	c := shared.Get(t).NewScope(t, "max-unavailable")
	c.Pool("old", 2)
	c.Deployment("web", 6)
	c.Ready("web", 6)
	c.Pool("spare", 2)
	pods := c.Record(t, c.Name, "app=web")
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--max-unavailable=50%").Want(t, 0))
	if got := report.Result.Workloads[0]; got.Floor != 3 || pods.Lowest() < 3 || pods.Lowest() > 4 {
		t.Errorf("floor %d, lowest %d", got.Floor, pods.Lowest())
	}
	if len(report.Plan.Waves) != 2 {
		t.Errorf("%d waves", len(report.Plan.Waves))
	}
}

// TestDryRuns touch nothing, the lock included.
func TestDryRuns(t *testing.T) {
	c := twoPools(t, "dry", quick)
	for _, mode := range []string{"client", "server"} {
		report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--dry-run="+mode, "-o", "json").Want(t, 0))
		if report.Outcome != "Planned" || report.DryRun != mode || len(report.Plan.Waves) != 3 || report.Result != nil {
			t.Errorf("%s: %+v", mode, report)
		}
	}
	if n, _ := c.CordonedNodes(t.Context(), "old"); n != 0 {
		t.Errorf("%d nodes were cordoned", n)
	}
	for _, pod := range c.Pods("db") {
		if pod.DeletionTimestamp != nil {
			t.Errorf("%s was evicted", pod.Name)
		}
	}
}

// TestFinishedPods go first and hold nobody up.
func TestFinishedPods(t *testing.T) {
	c := twoPools(t, "finished", quick)
	bare := c.Template("done", harness.OnPool("old"), harness.EmptyDir)
	pod, err := c.Client.CoreV1().Pods(c.Name).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "done", Labels: bare.Labels}, Spec: bare.Spec,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("done", 1)
	c.Eventually("the pod is finished", func(ctx context.Context) (bool, error) {
		pod, err = c.Client.CoreV1().Pods(c.Name).Get(ctx, "done", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		pod.Status.Phase = corev1.PodSucceeded
		_, err = c.Client.CoreV1().Pods(c.Name).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		return err == nil, nil
	})
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0))
	// Pods of one wave go in any order.
	for _, moved := range report.Result.Pods {
		if moved.Name == "done" && moved.State == "Gone" {
			return
		}
	}
	t.Errorf("got %+v", report.Result.Pods)
}
