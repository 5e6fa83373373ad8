// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// fail reports a pod as Failed, as the kubelet of a node does that is shut down.
func fail(t *testing.T, c *harness.Scope, name string) {
	t.Helper()
	c.Eventually(name+" is Failed", func(ctx context.Context) (bool, error) {
		pod, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Terminated"
		for i := range pod.Status.Conditions {
			if pod.Status.Conditions[i].Type == corev1.PodReady {
				pod.Status.Conditions[i].Status = corev1.ConditionFalse
			}
		}
		_, err = c.Client.CoreV1().Pods(c.Name).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		return err == nil, nil
	})
}

// podsOf are the rows of a report for the pods with a prefix, by what became of them.
func podsOf(report *v1alpha1.DrainReport, prefix string) map[string]int {
	rows := map[string]int{}
	for _, p := range report.Result.Pods {
		if strings.HasPrefix(p.Name, prefix) {
			rows[strings.TrimSuffix(p.How+" "+p.State, " ")]++
		}
	}
	return rows
}

// TestPodsThatDidNotMove (promise 6: "Moved" only of a pod that this run evicted and
// whose replacement is Ready elsewhere): on a node that is not Ready pods are on
// their way out before the drain, others are Failed, a Job's is finished; only the
// live ones move, and each one that is stuck is named with its node's state.
func TestPodsThatDidNotMove(t *testing.T) {
	c := shared.Get(t).NewScope(t, "did-not-move")
	c.Pool("old", 2)
	c.Deployment("web", 4, quick)
	template := c.Template("job", quick, harness.Annotate("sandbox.upgrade.vantiq.com/run", "50ms"))
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := c.Client.BatchV1().Jobs(c.Name).Create(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "job"}, Spec: batchv1.JobSpec{Template: template}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("web", 4)
	c.Eventually("the Job is done", func(context.Context) (bool, error) {
		pods := c.Pods("job")
		return len(pods) == 1 && pods[0].Status.Phase == corev1.PodSucceeded, nil
	})
	c.Pool("spare", 2)
	// Of the node with at least two of the four, one pod is on its way out and cannot
	// end, another is Failed.
	on := map[string][]string{}
	for _, pod := range c.Pods("web") {
		on[pod.Spec.NodeName] = append(on[pod.Spec.NodeName], pod.Name)
	}
	sick, there := "", []string(nil)
	for node, pods := range on {
		if len(pods) >= 2 {
			sick, there = node, pods
		}
	}
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, there[0], "--overwrite", "sandbox.upgrade.vantiq.com/stop-fast=never").Want(t, 0)
	c.Kubectl(t, "cordon", sick).Want(t, 0)
	c.Kubectl(t, "annotate", "node", sick, "sandbox.upgrade.vantiq.com/start=never").Want(t, 0)
	c.Kubectl(t, "delete", "pod", "-n", c.Name, there[0], "--wait=false").Want(t, 0)
	fail(t, c, there[1])
	c.Ready("web", 4)

	verified := read[v1alpha1.VerifyReport](t, c.Plugin(t, "verify", "-o", "json"))
	wantFinding(t, verified.Findings, "VU-502", "pod/did-not-move/"+there[1], "left over", "kubectl delete pod")

	r := c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=3s").Want(t, 3)
	report := drainReport(t, r)
	wantFinding(t, report.Findings, "VU-232", "pod/did-not-move/"+there[0], "already when the drain began", sick, "not Ready")
	if report.Plan.Terminating != 1 || report.Plan.Finished != 2 {
		t.Errorf("plan: %+v", report.Plan)
	}
	live := 0
	for _, p := range report.Result.Pods {
		if p.How == v1alpha1.HowEvicted {
			live++
		}
	}
	counts := report.Result.Counts
	if counts.Moved != live || counts.Gone != 2 || counts.LeftAlone != 1 || counts.StillThere != len(report.Result.Left) || live < 2 {
		t.Errorf("%d were evicted alive, counts %+v, left %+v", live, counts, report.Result.Left)
	}
	rows := podsOf(report, "web")
	if rows["TerminatingBefore Terminating"] != 1 || rows["Finished Gone"] != 1 || rows["Evicted Moved"] != live {
		t.Errorf("%v", rows)
	}
	if strings.Contains(r.Stderr, "evicted  pod/did-not-move/"+there[0]) || strings.Contains(r.Stderr, "of Jobs") {
		t.Errorf("said of others' pods:\n%s", r.Stderr)
	}
}

// TestPodsHeldByFinalizers are not moved while they stand, and each is named.
func TestPodsHeldByFinalizers(t *testing.T) {
	c := shared.Get(t).NewScope(t, "held")
	c.Pool("old", 2)
	c.Deployment("held", 2, quick, func(p *corev1.PodTemplateSpec) { p.Finalizers = []string{"example.com/hold"} })
	c.Deployment("free", 1, quick)
	c.Ready("held", 2)
	c.Ready("free", 1)
	c.Pool("spare", 2)
	args := []string{"drain-pool", "old", "--yes", "--pod-timeout=3s"}
	report := drainReport(t, c.Plugin(t, append(args, "-o", "json")...).Want(t, 3))
	named := 0
	for _, f := range report.Findings {
		if f.Code == "VU-232" && strings.Contains(f.Message, "example.com/hold") && strings.Contains(f.Message, "evicted") {
			named++
		}
	}
	counts := report.Result.Counts
	if named != 2 || counts.Moved != 1 || counts.Terminating != 2 || counts.StillThere != 2 || len(report.Result.Left) != 2 {
		t.Errorf("%d named, %+v, left %+v", named, counts, report.Result.Left)
	}
	// Once more: now they are on their way out from the start, and this run evicts none.
	r := c.Plugin(t, args...).Want(t, 3)
	if !containsAll(r.Stdout, []string{"0 pods moved", "2 still there", "already when the drain began"}) {
		t.Errorf("stdout:\n%s", r.Stdout)
	}
}

// TestDeletedMeanwhile: of a workload that somebody else deletes in the middle only
// those have moved whose replacements were Ready, and the end says what became of it.
func TestDeletedMeanwhile(t *testing.T) {
	c := shared.Get(t).NewScope(t, "meanwhile")
	c.Pool("old", 2)
	slow := harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "2s")
	c.StatefulSet("db", 4, quick, slow)
	c.Ready("db", 4)
	c.Pool("spare", 2)
	drain := c.StartPlugin(t, "drain-pool", "old", "--yes")
	c.Eventually("the first has moved", func(context.Context) (bool, error) {
		return strings.Contains(drain.Told(), "ready    pod/meanwhile/db-"), nil
	})
	c.Kubectl(t, "delete", "namespace", c.Name, "--wait=false").Want(t, 0)
	r := drain.Wait().Want(t, 0)
	if !containsAll(r.Stdout, []string{"VU-243", "statefulset/meanwhile/db: deleted", "others changed 1 workload", "by others"}) ||
		strings.Contains(r.Stdout, "4 pods moved") || strings.Contains(r.Stdout, "former readiness") {
		t.Errorf("stdout:\n%s", r.Stdout)
	}
}
