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

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// job makes a Job whose pods run for ever, and waits until one is Ready.
func job(t *testing.T, c *harness.Scope, name string, change func(*batchv1.JobSpec)) {
	t.Helper()
	template := c.Template(name, quick, harness.Annotate("sandbox.upgrade.vantiq.com/run", "never"))
	template.Spec.RestartPolicy = corev1.RestartPolicyNever
	spec := batchv1.JobSpec{Template: template}
	change(&spec)
	jobs := c.Client.BatchV1().Jobs(c.Name)
	t.Cleanup(func() {
		_ = jobs.Delete(context.Background(), name, metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)})
	})
	if _, err := jobs.Create(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestJobWithoutARetry: a Job that an eviction fails for good holds the drain, told
// with why, before anything is touched; --force has it fail, and the report says
// that it did. Jobs that have retries, or do not count disruptions, go on.
func TestJobWithoutARetry(t *testing.T) {
	c := shared.Get(t).NewScope(t, "jobs")
	c.Pool("old", 2)
	job(t, c, "migrate", func(s *batchv1.JobSpec) { s.BackoffLimit = new(int32(0)) })
	job(t, c, "pair", func(s *batchv1.JobSpec) {
		s.BackoffLimit, s.Parallelism, s.Completions, s.ActiveDeadlineSeconds = new(int32(1)), new(int32(2)), new(int32(2)), new(int64(600))
	})
	job(t, c, "indexed", func(s *batchv1.JobSpec) {
		s.CompletionMode, s.Completions, s.BackoffLimitPerIndex = new(batchv1.IndexedCompletion), new(int32(1)), new(int32(0))
	})
	job(t, c, "spared", func(s *batchv1.JobSpec) {
		s.BackoffLimit = new(int32(0))
		s.PodFailurePolicy = &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
			Action:          batchv1.PodFailurePolicyActionIgnore,
			OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}},
		}}}
	})
	job(t, c, "retries", func(s *batchv1.JobSpec) { s.BackoffLimit = new(int32(3)) })
	for name, pods := range map[string]int{"migrate": 1, "pair": 2, "indexed": 1, "spared": 1, "retries": 1} {
		c.Ready(name, pods)
	}
	c.Pool("spare", 2)

	refused := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 2))
	wantFinding(t, refused.Findings, "VU-227", "pod/jobs/migrate-", "fails for good", "no retry left (backoffLimit 0)", "kubectl wait -n jobs --for=condition=complete job/migrate --timeout=1h")
	wantFinding(t, refused.Findings, "VU-227", "pod/jobs/pair-", "2 of its pods go and it has 1 of its retries left", "--timeout=600s")
	wantFinding(t, refused.Findings, "VU-227", "pod/jobs/indexed-0-", "index 0 has no retry left (backoffLimitPerIndex 0)")
	wantFinding(t, refused.Findings, "VU-218", "pod/jobs/spared-", "does not count as a failure")
	wantFinding(t, refused.Findings, "VU-218", "pod/jobs/retries-", "has 2 of its 3 retries left then")
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 0 || refused.Outcome != "Blocked" {
		t.Errorf("outcome %s, %d nodes cordoned (%v)", refused.Outcome, n, err)
	}

	forced := c.Plugin(t, "drain-pool", "old", "--yes", "--force").Want(t, 0).Stdout
	for _, words := range []string{
		"Warning VU-227", "Warning VU-245 job/jobs/migrate: has failed: BackoffLimitExceeded: ", "VU-245 job/jobs/pair", "VU-245 job/jobs/indexed",
		"but for 3 Jobs that failed for good (VU-245)",
	} {
		if !strings.Contains(forced, words) {
			t.Errorf("%q is missing:\n%s", words, forced)
		}
	}
	if strings.Contains(forced, "VU-245 job/jobs/spared") || strings.Contains(forced, "VU-245 job/jobs/retries") {
		t.Errorf("told of Jobs that go on:\n%s", forced)
	}
	for name, fails := range map[string]bool{"migrate": true, "pair": true, "indexed": true, "spared": false, "retries": false} {
		c.Eventually(name+" is judged", func(ctx context.Context) (bool, error) {
			job, err := c.Client.BatchV1().Jobs(c.Name).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return false, err
			}
			for _, condition := range job.Status.Conditions {
				if condition.Type == batchv1.JobFailed {
					if !fails {
						t.Errorf("%s failed: %s", name, condition.Message)
					}
					return true, nil
				}
			}
			return !fails && job.Status.Active > 0, nil
		})
	}
}
