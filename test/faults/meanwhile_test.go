// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// twoPools makes a Deployment web and a StatefulSet db of three each on the pool
// NAME-old, and a pool that takes them.
func twoPools(t *testing.T, name string, change ...func(*corev1.PodTemplateSpec)) *harness.Scope {
	t.Helper()
	c := shared.Get(t).NewScope(t, name)
	change = append(change, harness.Annotate(startFast, "500ms"), harness.Annotate(stopFast, "500ms"))
	c.Pool(name+"-old", 2)
	c.StatefulSet("db", 3, change...)
	c.Deployment("web", 3, change...)
	c.Ready("db", 3)
	c.Ready("web", 3)
	c.Pool(name+"-spare", 2)
	return c
}

// drainOf starts the drain of a scope's old pool and returns when a pod of an
// app went.
func drainOf(t *testing.T, c *harness.Scope, app string, args ...string) (*harness.Process, *harness.Recorder) {
	t.Helper()
	recorder := c.Record(t, c.Name, "app="+app)
	p := c.StartKubectl(t, append([]string{"vantiq-upgrade", "drain-pool", c.Name + "-old", "--yes", "-o", "json", "--timeout=100s"}, args...)...)
	c.Eventually("the first pod goes", func(context.Context) (bool, error) { return len(recorder.Ended()) > 0, nil })
	return p, recorder
}

// wantEmpty fails unless the scope's old pool has been left by all its pods.
func wantEmpty(t *testing.T, c *harness.Scope) {
	t.Helper()
	for _, app := range []string{"db", "web"} {
		for _, pod := range c.Pods(app) {
			if strings.Contains(pod.Spec.NodeName, "-old-") {
				t.Errorf("%s is on %s", pod.Name, pod.Spec.NodeName)
			}
		}
	}
}

// TestNodeDeleted: a machine goes in the middle of its drain, and its pods with
// it, as the pod garbage collector would have it a minute later.
func TestNodeDeleted(t *testing.T) {
	c := twoPools(t, "node-deleted")
	p, _ := drainOf(t, c, "db")
	node := "aks-node-deleted-old-12345678-vmss000000"
	c.Kubectl(t, "delete", "node", node).Want(t, 0)
	for _, app := range []string{"db", "web"} {
		for _, pod := range c.Pods(app) {
			if pod.Spec.NodeName == node {
				c.Kubectl(t, "delete", "pod", "-n", c.Name, pod.Name, "--grace-period=0", "--force", "--ignore-not-found").Want(t, 0)
			}
		}
	}
	p.Wait().Want(t, 0)
	wantEmpty(t, c)
}

// TestNamespaceDeleted: nothing is waited for that will not come back.
func TestNamespaceDeleted(t *testing.T) {
	c := twoPools(t, "ns-deleted")
	p, _ := drainOf(t, c, "db")
	c.Kubectl(t, "delete", "namespace", c.Name, "--wait=false").Want(t, 0)
	p.Wait().Want(t, 0)
}

// TestPodThatNeverEnds holds its own workload and no other, and is named.
func TestPodThatNeverEnds(t *testing.T) {
	c := twoPools(t, "never-ends")
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "db-1", stopFast+"=never", "--overwrite").Want(t, 0)
	p, recorder := drainOf(t, c, "db", "--pod-timeout=10s")
	report := drainReport(t, p.Wait().Want(t, 3))
	wantFinding(t, report.Findings, "VU-232", "pod/never-ends/db-1", "still terminating")
	if recorder.Lowest() < 2 || recorder.Ended()["db-0"] != 0 {
		t.Errorf("lowest %d, ended %v", recorder.Lowest(), recorder.Ended())
	}
	for _, pod := range c.Pods("web") {
		if strings.Contains(pod.Spec.NodeName, "-old-") {
			t.Errorf("%s was held up", pod.Name)
		}
	}
}

// TestBudgetMeanwhile: a budget that is made, and changed, in the middle of a
// drain counts from then on.
func TestBudgetMeanwhile(t *testing.T) {
	c := twoPools(t, "budget-meanwhile")
	p, recorder := drainOf(t, c, "db")
	c.PDB("db", "", "0", nil)
	c.Eventually("the budget is counted", func(ctx context.Context) (bool, error) {
		pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "db", metav1.GetOptions{})
		return err == nil && pdb.Status.ObservedGeneration == pdb.Generation && pdb.Status.ExpectedPods == 3, err
	})
	c.Ready("db", 3)
	before := len(recorder.Ended())
	time.Sleep(4 * time.Second) // nothing may happen in this time
	if after := len(recorder.Ended()); after > before || after == 3 {
		t.Errorf("%d pods had gone, now %d: %v", before, after, recorder.Ended())
	}
	_, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Patch(t.Context(), "db", types.MergePatchType, []byte(`{"spec":{"maxUnavailable":1}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	result := p.Wait().Want(t, 0)
	if !strings.Contains(result.Stderr, "waiting  statefulset/budget-meanwhile/db") {
		t.Errorf("the operator was not told:\n%s", result.Stderr)
	}
	if recorder.Lowest() < 2 {
		t.Errorf("lowest %d", recorder.Lowest())
	}
	wantEmpty(t, c)
}

// TestScaledMeanwhile: up and down again in the middle of a drain.
func TestScaledMeanwhile(t *testing.T) {
	c := twoPools(t, "scaled")
	p, recorder := drainOf(t, c, "web")
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=5").Want(t, 0)
	c.Kubectl(t, "scale", "statefulset", "db", "-n", c.Name, "--replicas=5").Want(t, 0)
	c.Eventually("they are more", func(context.Context) (bool, error) { return len(c.Pods("web")) >= 5 && len(c.Pods("db")) >= 4, nil })
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=2").Want(t, 0)
	c.Kubectl(t, "scale", "statefulset", "db", "-n", c.Name, "--replicas=2").Want(t, 0)
	p.Wait().Want(t, 0)
	if recorder.Lowest() < 1 {
		t.Errorf("lowest %d", recorder.Lowest())
	}
	wantEmpty(t, c)
}

// TestJobThatFinishes: its pods end by themselves while the pool is drained.
func TestJobThatFinishes(t *testing.T) {
	c := twoPools(t, "job")
	template := c.Template("job", harness.OnPool("job-old"), harness.Annotate(startFast, "0s"), harness.Annotate("sandbox.upgrade.vantiq.com/run", "2s"))
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := c.Client.BatchV1().Jobs(c.Name).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "job"}, Spec: batchv1.JobSpec{Parallelism: new(int32(2)), Completions: new(int32(2)), Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("job", 2)
	p, _ := drainOf(t, c, "db")
	p.Wait().Want(t, 0)
	wantEmpty(t, c)
	if err := c.Client.BatchV1().Jobs(c.Name).Delete(t.Context(), "job", metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)}); err != nil {
		t.Fatal(err)
	}
}

// TestGhostInABudget: an eviction that deleted nothing leaves its pod listed in
// the budget for two minutes. The drain waits for that, and goes on.
func TestGhostInABudget(t *testing.T) {
	c := twoPools(t, "ghost")
	c.PDB("web", "", "1", nil)
	c.Ready("web", 3)
	budgets := c.Client.PolicyV1().PodDisruptionBudgets(c.Name)
	pdb, err := budgets.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// So old that it is dropped a while from now: the drain has to be under way by
	// then, also on a busy machine.
	pdb.Status.DisruptedPods = map[string]metav1.Time{c.Pods("web")[0].Name: metav1.NewTime(time.Now().Add(20*time.Second - 2*time.Minute))}
	pdb.Status.DisruptionsAllowed = 0
	if _, err := budgets.UpdateStatus(t.Context(), pdb, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	p, recorder := drainOf(t, c, "web")
	result := p.Wait().Want(t, 0)
	if !strings.Contains(result.Stderr, "waiting  deployment/ghost/web: disruption budget ghost/web") {
		t.Errorf("the operator was not told:\n%s", result.Stderr)
	}
	if recorder.Lowest() < 2 {
		t.Errorf("lowest %d", recorder.Lowest())
	}
	wantEmpty(t, c)
}
