// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// remedyOf is the remedy of what was found of a budget of the scope.
func remedyOf(t *testing.T, c *harness.Scope, findings []v1alpha1.Finding, code, pdb string) string {
	t.Helper()
	for _, f := range findings {
		if f.Code == code && f.Object == "pdb/"+c.Name+"/"+pdb {
			return f.Remedy
		}
	}
	t.Errorf("no finding %s of %s in %+v", code, pdb, findings)
	return ""
}

// follow types a remedy as a dry run: nothing that was known when it was proposed may
// refuse it.
func follow(t *testing.T, c *harness.Scope, remedy string) {
	t.Helper()
	line, _, _ := strings.Cut(remedy, " #")
	words := strings.Fields(strings.ReplaceAll(line, "'", ""))
	if len(words) < 2 || words[0] != "kubectl" {
		t.Errorf("no command: %q", remedy)
		return
	}
	switch words[1] {
	case "vantiq-upgrade":
		r := own(t, c, append(words[2:], "--dry-run=client", "-o", "json")...).Want(t, 2) // it would block now
		out := read[v1alpha1.PauseReport](t, r)
		if len(out.Paused) == 0 || slices.ContainsFunc(out.Blockers, func(b v1alpha1.Blocker) bool { return b.Refused != "" }) {
			t.Errorf("%s: %+v", remedy, out.Blockers)
		}
	case "delete", "patch", "annotate", "scale":
		c.Kubectl(t, append(words[1:], "--dry-run=client")...).Want(t, 0)
	default: // it looks
		c.Kubectl(t, words[1:]...).Want(t, 0)
	}
}

// endedJob makes a Job of the app web whose pod has ended.
func endedJob(t *testing.T, c *harness.Scope) {
	t.Helper()
	template := c.Template("web", quick, harness.Annotate("sandbox.upgrade.vantiq.com/run-fast", "50ms"))
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := c.Client.BatchV1().Jobs(c.Name).Create(t.Context(), &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "migrate"}, Spec: batchv1.JobSpec{Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Eventually("the Job is complete", func(ctx context.Context) (bool, error) {
		job, err := c.Client.BatchV1().Jobs(c.Name).Get(ctx, "migrate", metav1.GetOptions{})
		return err == nil && job.Status.Succeeded == 1, err
	})
}

// budgetIs waits for what the disruption controller says of a budget.
func budgetIs(t *testing.T, c *harness.Scope, name, what string, is func(*policyv1.PodDisruptionBudget) bool) {
	t.Helper()
	c.Eventually(name+" "+what, func(ctx context.Context) (bool, error) {
		pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, name, metav1.GetOptions{})
		return err == nil && is(pdb), err
	})
}

// TestRemedies: drain and pause propose the same, what harms least, and nothing that
// they would refuse themselves.
func TestRemedies(t *testing.T) {
	c := shared.Get(t).NewScope(t, "remedies")
	c.Pool("remedies", 2)
	// A healthy service stays up.
	c.Deployment("healthy", 2, quick)
	c.PDB("healthy", "2", "", nil)
	// Its autoscaler would undo a change of its replicas.
	c.Deployment("keda", 2, quick)
	c.PDB("keda", "2", "", nil)
	_, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Name).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "keda-hpa-keda", Labels: map[string]string{"scaledobject.keda.sh/name": "keda"}},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "keda"},
			MinReplicas:    new(int32(2)), MaxReplicas: 3,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// No number of replicas opens this one, and two budgets hold the pods of that one.
	c.Deployment("spec", 2, quick)
	c.PDB("spec", "", "0", nil)
	c.Deployment("several", 2, quick)
	c.Ready("several", 2)
	c.PDB("several", "", "1", nil)
	c.PDB("several-too", "", "1", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "several"}})
	// The size is that of the owners: a rollout's pod that finds no node opens nothing.
	c.Deployment("rolling", 1, quick)
	c.PDB("rolling", "1", "", nil)
	c.Ready("rolling", 1)
	patch(t, c, "deployment", "rolling", `{"spec":{"template":{"spec":{"nodeSelector":{"no":"where"}}}}}`)
	c.Eventually("the rollout waits", func(context.Context) (bool, error) { return len(c.Pods("rolling")) == 2, nil })
	c.Ready("healthy", 2)
	c.Ready("keda", 2)
	// A finished pod of a Job keeps the controller from computing the budget of web.
	c.Deployment("web", 3, quick)
	c.Ready("web", 3)
	endedJob(t, c)
	c.PDB("web", "", "1", nil)
	c.Pool("spare", 2)
	c.Eventually("the spare nodes take pods", func(ctx context.Context) (bool, error) {
		nodes, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: harness.PoolLabel + "=spare"})
		if err != nil {
			return false, err
		}
		return len(nodes.Items) == 2 && !slices.ContainsFunc(nodes.Items, func(n corev1.Node) bool { return !cluster.IsNodeReady(&n) || len(n.Spec.Taints) > 1 }), nil
	})
	budgetIs(t, c, "web", "cannot be computed", func(pdb *policyv1.PodDisruptionBudget) bool {
		return len(pdb.Status.Conditions) == 1 && pdb.Status.Conditions[0].Reason == policyv1.SyncFailedReason
	})

	drained := drainReport(t, own(t, c, "drain-pool", "remedies", "--dry-run=client", "-o", "json").Want(t, 2)).Findings
	paused := pause(t, c, 2, "--pool=remedies", "--dry-run=client").Findings
	tests := []struct{ pdb, code, remedy string }{
		{"healthy", "VU-202", "pause-pdb-blockers deployment/remedies/healthy --mode=surge"},
		{"keda", "VU-202", "pause-pdb-blockers pdb/remedies/keda --mode=relax"},
		{"web", "VU-205", "kubectl delete pod -n remedies migrate-"},
		{"spec", "VU-201", "pause-pdb-blockers pdb/remedies/spec --mode=relax"},
		{"several", "VU-203", "kubectl delete pdb -n remedies several-too"},
		{"rolling", "VU-202", "kubectl vantiq-upgrade pause-pdb-blockers "},
	}
	for _, tt := range tests {
		remedy := remedyOf(t, c, paused, tt.code, tt.pdb)
		if !strings.Contains(remedy, tt.remedy) || strings.Contains(remedy, "scale-to-zero") {
			t.Errorf("%s: pause proposes %q, want %q", tt.pdb, remedy, tt.remedy)
		}
		if drains := remedyOf(t, c, drained, tt.code, tt.pdb); drains != remedy {
			t.Errorf("%s: drain proposes %q, pause %q", tt.pdb, drains, remedy)
		}
	}
	for _, f := range slices.Concat(drained, paused) {
		if strings.HasPrefix(f.Remedy, "kubectl ") {
			follow(t, c, f.Remedy)
		}
	}
	wantFinding(t, drained, "VU-205", "pdb/remedies/web", "migrate-", "Succeeded", "job/remedies/migrate")
	if t.Failed() {
		return
	}
	// The remedy does what it says.
	line, _, _ := strings.Cut(remedyOf(t, c, drained, "VU-205", "web"), " #")
	c.Kubectl(t, strings.Fields(line)[1:]...).Want(t, 0)
	budgetIs(t, c, "web", "is computed", func(pdb *policyv1.PodDisruptionBudget) bool { return pdb.Status.DisruptionsAllowed == 1 })
}

// TestAlwaysAllowIsDoneWhenSeen: what a budget allows never changes by it, so that is not
// waited for.
func TestAlwaysAllowIsDoneWhenSeen(t *testing.T) {
	c := shared.Get(t).NewScope(t, "sick")
	c.Pool("sick", 2)
	c.Deployment("unhealthy", 2, quick)
	c.PDB("unhealthy", "1", "", nil)
	c.Ready("unhealthy", 2)
	for _, pod := range c.Pods("unhealthy") {
		unready(t, c, pod.Name)
	}
	budgetIs(t, c, "unhealthy", "has none that is healthy", func(pdb *policyv1.PodDisruptionBudget) bool { return pdb.Status.CurrentHealthy == 0 })
	for _, pod := range c.Pods("unhealthy") {
		crash(t, c, pod.Name)
	}
	out := pause(t, c, 0, "pdb/sick/unhealthy", "--mode=relax", "--pod-timeout=10s")
	if out.Outcome != v1alpha1.PauseDone || len(out.Paused) != 1 || out.Paused[0].State != v1alpha1.PauseStateApplied {
		t.Errorf("%s: %+v %+v", out.Outcome, out.Paused, out.Findings)
	}
	giveBack(t, c, 0)
	wantClean(t, c)
}
