// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestPoolThatGrows (promise 6: it never says "done" before it looked): an autoscaler
// answers a drain with a new node of the very pool, since the pods must be on it. The
// pool is not empty then; the same command drains the new node too.
func TestPoolThatGrows(t *testing.T) {
	c := shared.Get(t).NewScope(t, "pool-that-grows")
	c.Pool("grows", 1)
	c.Deployment("web", 1, quick, harness.OnPool("grows"))
	c.Ready("web", 1)
	drain := c.StartPlugin(t, "drain-pool", "grows", "--yes", "-o", "json")
	c.Eventually("the replacement has no node", func(context.Context) (bool, error) {
		for _, pod := range c.Pods("web") {
			if _, unplaced := cluster.Unschedulable(&pod); unplaced {
				return true, nil
			}
		}
		return false, nil
	})
	const joined = "aks-grows-12345678-vmss000009"
	c.Pool("grows", 1, func(n *corev1.Node) { n.Name, n.Labels[corev1.LabelHostname] = joined, joined })
	report := drainReport(t, drain.Wait().Want(t, 3))
	wantFinding(t, report.Findings, "VU-237", "node/"+joined, "has joined the pool", "pods on it: 1", "run the same command again")
	again := drainReport(t, c.Plugin(t, "drain-pool", "grows", "--dry-run=client", "-o", "json").Want(t, 0))
	if len(again.Plan.Nodes) != 2 || len(again.Plan.Waves) != 1 || again.Plan.Waves[0].Pods[0].Node != joined {
		t.Errorf("the same command: %+v", again.Plan)
	}
}

// TestDowntimeOfAll (promise 1: a downtime is announced in the plan): an update
// strategy that tolerates that all are away leaves a workload without a floor.
func TestDowntimeOfAll(t *testing.T) {
	c := shared.Get(t).NewScope(t, "downtime-of-all")
	c.Pool("all", 1)
	everything := intstr.FromString("100%")
	_, err := c.Client.AppsV1().Deployments(c.Name).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}, Template: c.Template("web", quick),
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &everything}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("web", 2)
	report := drainReport(t, c.Plugin(t, "drain-pool", "all", "--dry-run=client", "-o", "json").Want(t, 0))
	wantFinding(t, report.Findings, "VU-213", "deployment/downtime-of-all/web", "all its 2 Ready pods", "--max-unavailable=1")
	report = drainReport(t, c.Plugin(t, "drain-pool", "all", "--dry-run=client", "--max-unavailable=1", "-o", "json").Want(t, 0))
	if len(report.Findings) > 0 || len(report.Plan.Waves) != 2 {
		t.Errorf("as it says: %+v, %+v", report.Findings, report.Plan.Waves)
	}
}

// TestScaledToOneMeanwhile (promise 1: a downtime is announced before it happens): an
// autoscaler leaves one replica in the middle of a drain. It is not evicted; the drain
// says so soon, and the same command announces the downtime.
func TestScaledToOneMeanwhile(t *testing.T) {
	c := shared.Get(t).NewScope(t, "scaled-to-one")
	c.Pool("many", 1)
	slow := harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "2s")
	c.Deployment("web", 4, quick, slow)
	c.Ready("web", 4)
	c.Pool("spare", 1)
	audit := c.Audit(t)
	drain := c.StartPlugin(t, "drain-pool", "many", "--yes", "--pod-timeout=4s", "-o", "json")
	c.Eventually("a pod is replaced", func(context.Context) (bool, error) { return len(audit.Accepted(t, c.Name)) > 0, nil })
	c.Kubectl(t, "scale", "deployment", "-n", c.Name, "web", "--replicas=1").Want(t, 0)
	report := drainReport(t, drain.Wait().Want(t, 3))
	wantFinding(t, report.Findings, "VU-243", "deployment/scaled-to-one/web", "scaled 4 → 1 by somebody else", "run the same command again: its plan announces that")
	if w := report.Result.Workloads[0]; w.LowestReady < 1 || len(audit.Accepted(t, c.Name)) != 1 {
		t.Errorf("%+v; evicted %v", w, audit.Accepted(t, c.Name))
	}
	again := drainReport(t, c.Plugin(t, "drain-pool", "many", "--dry-run=client", "-o", "json").Want(t, 0))
	wantFinding(t, again.Findings, "VU-213", "deployment/scaled-to-one/web")
}

// TestStuckRollout (promise 6: never "done" before it looked): a rollout whose new pod
// cannot start stands beside three Ready replicas. They are what is kept and what is
// waited for: the drain does not end at two of them.
func TestStuckRollout(t *testing.T) {
	c := shared.Get(t).NewScope(t, "stuck-rollout")
	c.Pool("stuck", 1)
	c.Deployment("web", 3, quick, harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "1s"))
	c.Ready("web", 3)
	c.Kubectl(t, "patch", "deployment", "-n", c.Name, "web", "--patch",
		`{"spec":{"template":{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/start-fast":"never"}}}}}`).Want(t, 0)
	c.Eventually("the new pod cannot start", func(ctx context.Context) (bool, error) {
		for _, pod := range c.Pods("web") {
			if pod.Annotations["sandbox.upgrade.vantiq.com/start-fast"] != "never" || len(pod.Status.ContainerStatuses) == 0 {
				continue
			}
			pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "back-off"}
			_, err := c.Client.CoreV1().Pods(c.Name).UpdateStatus(ctx, &pod, metav1.UpdateOptions{})
			return err == nil, nil
		}
		return false, nil
	})
	c.Pool("spare", 1)
	report := drainReport(t, c.Plugin(t, "drain-pool", "stuck", "--yes", "-o", "json").Want(t, 0))
	if w := report.Result.Workloads[0]; w.ReadyBefore != 3 || w.LowestReady != 2 || w.ReadyAfter != 3 || w.BrokenBefore != 0 {
		t.Errorf("%+v", w)
	}
	for _, f := range report.Findings {
		if f.Code == "VU-214" || f.Code == "VU-244" {
			t.Errorf("%+v", f)
		}
	}
}
