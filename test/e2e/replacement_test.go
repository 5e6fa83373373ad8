// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestWhyThereIsNoReplacement: a quota or a policy denies the new pods. Within
// seconds the drain says so and who, of a ReplicaSet by its condition and of a
// StatefulSet by its events; the findings at the end, and those of verify, name it
// with the command that shows it.
func TestWhyThereIsNoReplacement(t *testing.T) {
	c := shared.Get(t).NewScope(t, "unmade")
	c.Pool("old", 2)
	c.Deployment("web", 3, quick)
	c.StatefulSet("db", 2, quick)
	c.Deployment("solo", 1, quick)
	c.Ready("web", 3)
	c.Ready("db", 2)
	c.Ready("solo", 1)
	c.Pool("spare", 2)
	small(t, c)
	deny(t, c, "pods", "has(object.metadata.labels) && 'app' in object.metadata.labels && object.metadata.labels.app == 'solo'", "no such image may run here", func(ctx context.Context) error {
		template := c.Template("solo")
		_, err := c.Client.CoreV1().Pods(c.Name).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "probe", Labels: template.Labels}, Spec: template.Spec,
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil && !strings.Contains(err.Error(), "no such image") {
			return nil // the quota: the policy is not effective yet
		}
		return err
	})

	drain := c.StartPlugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=12s")
	quota, policy := "no replacement is made: exceeded quota: small", "no replacement is made: denied by ValidatingAdmissionPolicy unmade: no such image may run here"
	for workload, why := range map[string]string{"deployment/unmade/web": quota, "statefulset/unmade/db": quota, "deployment/unmade/solo": policy} {
		c.Eventually(workload+" says why", func(context.Context) (bool, error) { return hasLine(drain.Told(), workload, why), nil })
	}
	if strings.Contains(drain.Told(), "gave up") {
		t.Errorf("only told at the end:\n%s", drain.Told())
	}
	report := drainReport(t, drain.Wait().Want(t, 3))
	const show = "kubectl describe resourcequota -n unmade small"
	wantFinding(t, report.Findings, "VU-238", "pod/unmade/web-", "2 of 3 Ready", quota, show)
	wantFinding(t, report.Findings, "VU-238", "pod/unmade/db-0", "1 of 2 Ready", quota, show)
	wantFinding(t, report.Findings, "VU-233", "deployment/unmade/solo", "0 of 1 Ready", policy, "kubectl get validatingadmissionpolicy unmade -o yaml")
	c.Kubectl(t, commandArgs(show)...).Want(t, 0)

	after := c.Plugin(t, "verify", "-o", "json").Want(t, 2).Stdout
	for _, words := range []string{
		"2 of 3 Ready; no pod is made: exceeded quota: small", "1 of 2 Ready; no pod is made: exceeded quota: small",
		"0 of 1 Ready; no pod is made: denied by ValidatingAdmissionPolicy unmade", show, "VU-546",
	} {
		if !strings.Contains(after, words) {
			t.Errorf("verify does not say %q:\n%s", words, after)
		}
	}
}

// small is a quota that is more than used up.
func small(t *testing.T, c *harness.Scope) {
	t.Helper()
	_, err := c.Client.CoreV1().ResourceQuotas(c.Name).Create(t.Context(), &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "small"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Eventually("the quota is counted", func(ctx context.Context) (bool, error) {
		quota, err := c.Client.CoreV1().ResourceQuotas(c.Name).Get(ctx, "small", metav1.GetOptions{})
		return err == nil && quota.Status.Used.Pods().Value() > 1, err
	})
}

// hasLine reports whether a line has all the words.
func hasLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		if containsAll(line, words) {
			return true
		}
	}
	return false
}
