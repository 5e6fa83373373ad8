// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// swapped makes the runbook's own case, and returns a profile for it.
func swapped(t *testing.T, name string) (*harness.Scope, string) {
	t.Helper()
	c := shared.Get(t).NewScope(t, name)
	c.Swapped()
	return c, c.PlacesProfile()
}

// relocate runs placement-check --relocate and returns the report.
func relocate(t *testing.T, c *harness.Scope, code int, profile string, args ...string) *v1alpha1.PlacementReport {
	t.Helper()
	args = append([]string{"placement-check", "--relocate", "--yes", "-o", "json", "--profile", profile}, args...)
	return read[v1alpha1.PlacementReport](t, own(t, c, args...).Want(t, code))
}

// wantPool fails unless the only pod of that name is on a node of a pool.
func wantPool(t *testing.T, c *harness.Scope, pod, pool string) {
	t.Helper()
	p, err := c.Client.CoreV1().Pods(c.Name).Get(t.Context(), pod, metav1.GetOptions{})
	if err != nil || !strings.HasPrefix(p.Spec.NodeName, "aks-"+pool+"-") || !harness.IsServing(p) {
		t.Errorf("%s is on %q, want it Ready on %s (%v)", pod, p.Spec.NodeName, pool, err)
	}
}

// wantNoKeepOff fails while a pod of ours keeps others off nodes.
func wantNoKeepOff(t *testing.T, c *harness.Scope) {
	t.Helper()
	list, err := c.Client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{LabelSelector: "upgrade.vantiq.com/keep-off"})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("%d keep-off pods are left (%v)", len(list.Items), err)
	}
}

// TestSwap: two pods that hold each other's place change it, the single replica
// going away first; no node is touched, and nobody else restarts.
func TestSwap(t *testing.T) {
	c, profile := swapped(t, "swap")
	wantPool(t, c, "vantiq-0", "metricsnp")
	before, audit := c.NodeSpecs(), c.Audit(t)
	pods := c.Record(t, c.Name, "")
	check := read[v1alpha1.PlacementReport](t, own(t, c, "placement-check", "-o", "json", "--profile", profile).Want(t, 2))
	wantFinding(t, check.Findings, "VU-401", "pod/swap/vantiq-0", "placement-check --relocate")
	wantFinding(t, check.Findings, "VU-401", "pod/swap/metrics-collector-0")
	dry := relocate(t, c, 0, profile, "--dry-run=client")
	if len(dry.Relocation.Moves) != 2 || dry.Relocation.Moves[0].Pod != "metrics-collector-0" || !dry.Relocation.Moves[0].Downtime {
		t.Errorf("plan: %+v", dry.Relocation.Moves)
	}
	wantPool(t, c, "vantiq-0", "metricsnp")

	out := relocate(t, c, 0, profile)
	if out.Relocation.Outcome != v1alpha1.RelocationDone || len(out.Relocation.Moves) != 2 || out.Summary.Wrong != 0 {
		t.Errorf("%s: %+v", out.Relocation.Outcome, out.Relocation.Moves)
	}
	wantPool(t, c, "vantiq-0", "vantiqnp")
	wantPool(t, c, "metrics-collector-0", "metricsnp")
	same(t, "the nodes", before, c.NodeSpecs())
	ended := pods.Ended()
	maps.DeleteFunc(ended, func(name string, _ int) bool { return strings.Contains(name, "keep-off") })
	if len(ended) != 2 || ended["vantiq-0"] != 1 || ended["metrics-collector-0"] != 1 {
		t.Errorf("restarted: %v", ended)
	}
	for _, r := range audit.Requests(t) {
		if r.ObjectRef.Resource == "nodes" && strings.HasPrefix(r.UserAgent, "kubectl-vantiq_upgrade") && !isLook(r) {
			t.Errorf("a node was touched: %+v", r)
		}
	}
	wantNoKeepOff(t, c)
	again := relocate(t, c, 0, profile)
	if again.Relocation.Outcome != v1alpha1.RelocationNothingToDo || len(again.Relocation.Moves) != 0 {
		t.Errorf("again: %+v", again.Relocation)
	}
	wantClean(t, c)
}

// TestRelocateOne moves the named one only; one whose place is taken is refused.
func TestRelocateOne(t *testing.T) {
	c, profile := swapped(t, "one")
	out := relocate(t, c, 2, profile, "--pod", "one/vantiq-0")
	if out.Relocation.Outcome != v1alpha1.RelocationBlocked {
		t.Errorf("%+v", out.Relocation)
	}
	wantFinding(t, out.Findings, "VU-422", "pod/one/vantiq-0", "host port")
	wantPool(t, c, "vantiq-0", "metricsnp")
	c.Pool("vantiqnp2", 1)
	c.Kubectl(t, "wait", "--for=condition=Ready", "node", "-l", harness.PoolLabel+"=vantiqnp2", "--timeout=60s").Want(t, 0)
	c.Eventually("it takes pods", func(context.Context) (bool, error) {
		for _, taint := range c.Node("aks-vantiqnp2-12345678-vmss000000").Spec.Taints {
			if taint.Key == corev1.TaintNodeNotReady {
				return false, nil
			}
		}
		return true, nil
	})
	out = relocate(t, c, 0, profile, "--workload", "sts/one/vantiq")
	if out.Relocation.Outcome != v1alpha1.RelocationDone || len(out.Relocation.Moves) != 1 {
		t.Errorf("%+v", out.Relocation)
	}
	wantPool(t, c, "vantiq-0", "vantiqnp2")
	wantPool(t, c, "metrics-collector-0", "vantiqnp") // nobody asked for it
	wantOneLine(t, own(t, c, "placement-check", "--relocate", "--yes", "--profile", profile, "--pod", "one/nobody").Want(t, 1), "one/nobody")
	wantOneLine(t, own(t, c, "placement-check", "--yes").Want(t, 1), "--yes", "--relocate")
	wantOneLine(t, own(t, c, "placement-check", "--relocate", "--yes", "--pod", "").Want(t, 1), "--pod is empty")
	next := own(t, c, "placement-check", "--relocate", "--dry-run=client", "--profile", profile, "--pod", "one/metrics-collector-0")
	if !strings.Contains(next.Stdout, " --pod=one/metrics-collector-0") {
		t.Errorf("the next command:\n%s", next.Stdout)
	}
	wantClean(t, c)
}

// TestRelocateInVain: the node where a pod belongs is closed while the pod is on
// its way. It stops, takes back what it set, and says why; the pod runs again
// where the scheduler finds room.
func TestRelocateInVain(t *testing.T) {
	c, profile := swapped(t, "in-vain")
	c.Kubectl(t, "scale", "statefulset", "vantiq", "-n", c.Name, "--replicas=0").Want(t, 0)
	c.Ready("vantiq", 0)
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "metrics-collector-0", "--overwrite", stopFast+"=never").Want(t, 0)
	p := c.StartPlugin(t, "placement-check", "--relocate", "--pod=in-vain/metrics-collector-0", "--yes", "-o", "json", "--profile", profile, "--unschedulable-timeout=2s", "--journal-namespace="+c.Name)
	c.Eventually("the pod ends", func(ctx context.Context) (bool, error) {
		pod, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, "metrics-collector-0", metav1.GetOptions{})
		return err == nil && pod.DeletionTimestamp != nil, err
	})
	cordonPool(t, c, "cordon", "metricsnp")
	c.Kubectl(t, "delete", "pod", "-n", c.Name, "metrics-collector-0", "--grace-period=0", "--force").Want(t, 0)
	out := read[v1alpha1.PlacementReport](t, p.Wait().Want(t, 3))
	if out.Relocation.Outcome != v1alpha1.RelocationStopped || out.Relocation.Moves[0].State != "Failed" {
		t.Errorf("%+v", out.Relocation)
	}
	wantFinding(t, out.Findings, "VU-231", "in-vain/metrics-collector-0")
	wantNoKeepOff(t, c)
	c.Ready("metrics-collector", 1)
	cordonPool(t, c, "uncordon", "metricsnp")
	own(t, c, "resume", "--yes").Want(t, 0)
	wantPool(t, c, "metrics-collector-0", "metricsnp")
	wantClean(t, c)
}

// TestRelocateInterrupted: Ctrl-C in the middle of a swap. The pod that is on its
// way is kept off wrong nodes still, and resume goes on.
func TestRelocateInterrupted(t *testing.T) {
	c, profile := swapped(t, "int-swap")
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "metrics-collector-0", "--overwrite", stopFast+"=never").Want(t, 0)
	before := c.NodeSpecs()
	p := c.StartPlugin(t, "placement-check", "--relocate", "--yes", "-o", "json", "--profile", profile, "--journal-namespace="+c.Name)
	c.Eventually("the first pod ends", func(ctx context.Context) (bool, error) {
		pod, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, "metrics-collector-0", metav1.GetOptions{})
		return err == nil && pod.DeletionTimestamp != nil, err
	})
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	out := read[v1alpha1.PlacementReport](t, p.Wait().Want(t, 130))
	if out.Relocation.Outcome != v1alpha1.RelocationInterrupted {
		t.Errorf("%+v", out.Relocation)
	}
	if m := out.Relocation.Moves; len(m) != 2 || m[0].State != "OnTheWay" || m[1].State != "Planned" {
		t.Errorf("%+v", m)
	}
	same(t, "the nodes", before, c.NodeSpecs())
	wantPool(t, c, "vantiq-0", "metricsnp")
	// Nobody judges, or drains, what is there to keep it off.
	if p := read[v1alpha1.PlacementReport](t, own(t, c, "placement-check", "-o", "json", "--profile", profile)); strings.Contains(fmt.Sprint(p.Findings), "keep-off") {
		t.Errorf("%+v", p.Findings)
	}
	if r := own(t, c, "status").Want(t, 0); !strings.Contains(r.Stdout, "To give back: kubectl vantiq-upgrade abort") {
		t.Errorf("status:\n%s", r.Stdout)
	}
	going := c.StartPlugin(t, "resume", "--yes", "--journal-namespace="+c.Name)
	c.Kubectl(t, "delete", "pod", "-n", c.Name, "metrics-collector-0", "--grace-period=0", "--force").Want(t, 0)
	going.Wait().Want(t, 0)
	wantNoKeepOff(t, c)
	wantPool(t, c, "vantiq-0", "vantiqnp")
	wantPool(t, c, "metrics-collector-0", "metricsnp")
	wantClean(t, c)
}

// TestRelocateUnknown: a workload that the profile does not know is restarted by
// the operator's word only.
func TestRelocateUnknown(t *testing.T) {
	c := blocked(t, "unknown", "web", 1)
	c.Kubectl(t, "delete", "pdb", "web", "-n", c.Name).Want(t, 0)
	c.Pool("other", 1)
	file := c.PlacesProfile()
	// Its node has a taint now that it does not tolerate.
	node := c.Pods("web")[0].Spec.NodeName
	c.Kubectl(t, "taint", "node", node, "dedicated=db:NoSchedule").Want(t, 0)
	out := relocate(t, c, 2, file, "--pod", "unknown/"+c.Pods("web")[0].Name)
	wantFinding(t, out.Findings, "VU-422", "pod/unknown/web", "--force")
	if got := c.Pods("web")[0].Spec.NodeName; got != node {
		t.Errorf("it was moved to %s", got)
	}
	// Interrupted in the middle, and gone on with: the pod has another name then.
	pod := c.Pods("web")[0].Name
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, pod, "--overwrite", stopFast+"=never").Want(t, 0)
	p := c.StartPlugin(t, "placement-check", "--relocate", "--force", "--yes", "--profile", file, "--pod", "unknown/"+pod, "--journal-namespace="+c.Name)
	c.Eventually("the pod ends", func(ctx context.Context) (bool, error) {
		live, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, pod, metav1.GetOptions{})
		return err == nil && live.DeletionTimestamp != nil, err
	})
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.Wait().Want(t, 130)
	c.Kubectl(t, "delete", "pod", "-n", c.Name, pod, "--grace-period=0", "--force").Want(t, 0)
	own(t, c, "resume", "--yes").Want(t, 0)
	c.Ready("web", 1)
	if r := own(t, c, "resume", "--yes").Want(t, 0); !strings.Contains(r.Stderr, "Nothing to go on with") {
		t.Errorf("%s", r.Stderr)
	}
	if got := c.Pods("web")[0].Spec.NodeName; got == node {
		t.Errorf("it is still on %s", got)
	}
	wantClean(t, c)
}

// TestRelocateBlocked: a budget that never allows an eviction refuses the move
// before anything is touched, and is no hindrance once it is paused.
func TestRelocateBlocked(t *testing.T) {
	c, profile := swapped(t, "held-swap")
	c.PDB("metrics-collector", "1", "", nil)
	c.Ready("metrics-collector", 1)
	audit := c.Audit(t)
	out := relocate(t, c, 2, profile)
	if out.Relocation.Outcome != v1alpha1.RelocationBlocked {
		t.Errorf("%+v", out.Relocation)
	}
	wantFinding(t, out.Findings, "VU-422", "pod/held-swap/metrics-collector-0", "never allows an eviction", "pause-pdb-blockers")
	for _, r := range audit.Requests(t) {
		if r.IsPlugin() && !isLook(r) {
			t.Errorf("it sent %s %s", r.Verb, r.RequestURI)
		}
	}
	wantPool(t, c, "vantiq-0", "metricsnp")
	pause(t, c, 0, "pdb/held-swap/metrics-collector", "--mode=relax")
	relocate(t, c, 0, profile)
	wantPool(t, c, "vantiq-0", "vantiqnp")
	giveBack(t, c, 0)
	wantClean(t, c)
}
