// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// neverReady makes pods that start, stop at once and are never Ready by themselves.
func neverReady(p *corev1.PodTemplateSpec) {
	p.Annotations["sandbox.upgrade.vantiq.com/start-fast"] = "never"
	p.Annotations["sandbox.upgrade.vantiq.com/stop-fast"] = "50ms"
}

// running reports the first n pods of an app as running, the kubelet's part: in
// CrashLoopBackOff, or with their one condition of readiness as given.
func running(t *testing.T, c *harness.Scope, app string, n int, ready corev1.ConditionStatus, crashing bool) {
	t.Helper()
	done := 0 // a status may change under our hands: then the rest is done the next time
	c.Eventually("the pods of "+app+" run", func(ctx context.Context) (bool, error) {
		for _, pod := range c.Pods(app) {
			switch {
			case done == n:
			case pod.Status.Phase == corev1.PodRunning:
				continue
			case pod.Status.PodIP == "":
				return false, nil
			default:
				pod.Status.Phase = corev1.PodRunning
				for i := range pod.Status.Conditions {
					if condition := &pod.Status.Conditions[i]; condition.Type == corev1.PodReady || condition.Type == corev1.ContainersReady {
						condition.Status = ready
					}
				}
				status := corev1.ContainerStatus{Name: app, Ready: ready == corev1.ConditionTrue, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
				if crashing {
					status.RestartCount = 7
					status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s"}}
				}
				pod.Status.ContainerStatuses = []corev1.ContainerStatus{status}
				if _, err := c.Client.CoreV1().Pods(c.Name).UpdateStatus(ctx, &pod, metav1.UpdateOptions{}); err != nil {
					return false, nil //nolint:nilerr // asked again until the time-out
				}
				done++
			}
		}
		return done == n, nil
	})
}

// policy says when pods that are not Ready may go under a budget.
func policy(t *testing.T, c *harness.Scope, pdb string, policy policyv1.UnhealthyPodEvictionPolicyType) {
	t.Helper()
	_, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Patch(t.Context(), pdb, types.MergePatchType,
		[]byte(`{"spec":{"unhealthyPodEvictionPolicy":"`+string(policy)+`"}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBrokenPodsHoldNothing (promise 1: a floor guards Ready pods): pods in
// CrashLoopBackOff go at once without a budget, others that are not Ready go under
// AlwaysAllow, and the drain ends well with a warning of each.
func TestBrokenPodsHoldNothing(t *testing.T) {
	c := shared.Get(t).NewScope(t, "broken")
	c.Pool("old", 2)
	c.Deployment("crash", 3, neverReady)
	c.Deployment("sick", 2, neverReady)
	c.PDB("sick", "1", "", nil)
	policy(t, c, "sick", policyv1.AlwaysAllow)
	running(t, c, "crash", 3, corev1.ConditionFalse, true)
	running(t, c, "sick", 2, corev1.ConditionFalse, false)
	c.Pool("spare", 2)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=6s").Want(t, 0))
	wantFinding(t, report.Findings, "VU-220", "deployment/broken/crash")
	wantFinding(t, report.Findings, "VU-244", "deployment/broken/crash", "0 of 3")
	wantFinding(t, report.Findings, "VU-244", "deployment/broken/sick", "0 of 2")
	if len(report.Plan.Waves) != 1 || report.Outcome != v1alpha1.DrainDone || len(report.Result.Left) != 0 {
		t.Errorf("%s, waves %+v, left %+v", report.Outcome, report.Plan.Waves, report.Result.Left)
	}
	for _, f := range report.Findings {
		if f.Code == "VU-214" {
			t.Errorf("there is no Ready pod to keep: %+v", f)
		}
	}
}

// TestBrokenBesideReady: the broken pods go in the first wave, the Ready one stays
// until the others are Ready; the plan says so, and the drain says so long before
// --pod-timeout. A budget without AlwaysAllow keeps the pods that are not Ready.
func TestBrokenBesideReady(t *testing.T) {
	c := shared.Get(t).NewScope(t, "beside")
	c.Pool("old", 3)
	c.StatefulSet("third", 3, neverReady, harness.Spread)
	c.Deployment("guarded", 2, neverReady)
	c.PDB("guarded", "1", "", nil)
	running(t, c, "third", 1, corev1.ConditionTrue, false)
	running(t, c, "third", 2, corev1.ConditionFalse, true)
	running(t, c, "guarded", 2, corev1.ConditionFalse, false)
	c.Pool("spare", 3)
	recorder := c.Record(t, c.Name, "app=third")
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=8s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-214", "statefulset/beside/third", "1 of 3 Ready, floor 2", "broken")
	wantFinding(t, report.Findings, "VU-238", "pod/beside/guarded-", "needs 1 healthy pods, has 0")
	var first []string
	for _, pod := range report.Plan.Waves[0].Pods {
		first = append(first, pod.Name)
	}
	slices.Sort(first)
	if got := strings.Join(first, " "); !strings.HasSuffix(got, " third-1 third-2") {
		t.Errorf("first wave: %s", got)
	}
	if ended := recorder.Ended(); len(ended) != 2 || ended["third-0"] != 0 || recorder.Lowest() != 1 {
		t.Errorf("ended %v, lowest %d", ended, recorder.Lowest())
	}
}
