// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// TestManifestOfAPauseApplied (it never says "clean" before it knows): what was saved
// during a pause and is applied after it, as a backup or GitOps does, brings our value
// back with our mark. The mark says what was before, so it stays until somebody has
// mended the value.
func TestManifestOfAPauseApplied(t *testing.T) {
	c := blocked(t, "saved", "web", 2)
	pause(t, c, 0, "deployment/saved/web", "--mode=scale-to-zero")
	mark, err := json.Marshal(deployment(t, c, "web").Annotations[pausedMark])
	if err != nil {
		t.Fatal(err)
	}
	giveBack(t, c, 0)
	patch(t, c, "deployment", "web", `{"metadata":{"annotations":{"`+pausedMark+`":`+string(mark)+`}},"spec":{"replicas":0}}`)
	wantFinding(t, status(t, c, 0).Findings, "VU-323", "deployment/saved/web", "nobody puts that back", "--replicas=2")
	for _, command := range []string{"resume-pdb-blockers", "abort"} {
		r := own(t, c, command, "--yes", "-o", "json").Want(t, 0)
		wantFinding(t, read[v1alpha1.RestoreReport](t, r).Findings, "VU-323", "deployment/saved/web")
	}
	if text := own(t, c, "status").Stdout; strings.Contains(text, "Clean") {
		t.Errorf("clean, and the Deployment stands at 0:\n%s", text)
	}
	wantReplicas(t, c, "web", 0)
	c.Kubectl(t, "scale", "Deployment", "-n", c.Name, "web", "--replicas=2").Want(t, 0)
	// The mark alone says nothing any more, and the report tells what became of it.
	out := giveBack(t, c, 0, "deployment/saved/web")
	wantFinding(t, out.Findings, "VU-322", "deployment/saved/web", "removed")
	wantReplicas(t, c, "web", 2)
	wantClean(t, c)
	// A result without findings has a list of none, for those who go through it.
	if text := own(t, c, "resume-pdb-blockers", "--yes", "-o", "json").Want(t, 0).Stdout; strings.Contains(text, "null") {
		t.Errorf("null in a result:\n%s", text)
	}
}

// TestPausedWorkloadBeingDeleted (a wait has an end that can come): a finalizer keeps it,
// as in a namespace that is Terminating for days. Its controller makes no pods for it any
// more, so they are not waited for.
func TestPausedWorkloadBeingDeleted(t *testing.T) {
	c := blocked(t, "ending", "web", 1)
	pause(t, c, 0, "deployment/ending/web", "--mode=scale-to-zero")
	patch(t, c, "deployment", "web", `{"metadata":{"finalizers":["example.com/held"]}}`)
	t.Cleanup(func() {
		body := []byte(`{"metadata":{"finalizers":null}}`)
		_, _ = c.Client.AppsV1().Deployments(c.Name).Patch(context.Background(), "web", types.MergePatchType, body, metav1.PatchOptions{})
	})
	c.Kubectl(t, "delete", "deployment", "web", "-n", c.Name, "--wait=false").Want(t, 0)
	out := giveBack(t, c, 0)
	wantRestored(t, out, v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	wantFinding(t, out.Findings, "VU-316", "deployment/ending/web", "being deleted")
	wantReplicas(t, c, "web", 1)
	wantClean(t, c)
}

// TestGivenBackAndNotWrittenDown (nothing is said of others that was us): a policy
// freezes the ConfigMaps of the journal between the pause and its end.
func TestGivenBackAndNotWrittenDown(t *testing.T) {
	c := blocked(t, "unwritten", "web", 1)
	pause(t, c, 0, "deployment/unwritten/web", "--mode=scale-to-zero")
	lift := enforce(t, c, rule{"", "configmaps", "false", "ConfigMaps are frozen", true}, func(ctx context.Context) error {
		_, err := c.Client.CoreV1().ConfigMaps(c.Name).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
	out := giveBack(t, c, 2)
	wantRestored(t, out, v1alpha1.PauseBlocked, v1alpha1.RestoreRestored)
	wantFinding(t, out.Findings, "VU-330", "deployment/unwritten/web", "frozen")
	if len(out.Findings) != 1 {
		t.Errorf("one refusal is told %d times: %+v", len(out.Findings), out.Findings)
	}
	wantReplicas(t, c, "web", 1)
	wantChange(t, status(t, c, 0), v1alpha1.ChangeReverted)
	wantFinding(t, status(t, c, 0).Findings, "VU-313", "deployment/unwritten/web", "or by a command of ours", "resume-pdb-blockers deployment/unwritten/web")
	lift()
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreAlreadyBack)
	wantClean(t, c)
}

// TestBudgetThatNobodyComputes (a wait has an end that can come): maxUnavailable of pods
// whose owner has no scale allows nothing, whatever the number. That is told before the
// change where it is known, and after a moment where it is not.
func TestBudgetThatNobodyComputes(t *testing.T) {
	c := shared.Get(t).NewScope(t, "uncomputed")
	c.Pool("uncomputed", 1)
	owner, err := c.Client.CoreV1().ConfigMaps(c.Name).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "owner"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	brokers := &foreign{c: c, owner: metav1.OwnerReference{APIVersion: "acme.example.com/v1", Kind: "Broker", Name: "kafka", UID: owner.UID, Controller: new(true)}}
	brokers.make(t, "broker-0", "broker")
	c.Ready("broker", 1)
	c.PDB("broker", "", "0", nil)
	c.Eventually("the disruption controller gives up", func(ctx context.Context) (bool, error) {
		pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "broker", metav1.GetOptions{})
		return err == nil && len(pdb.Status.Conditions) > 0 && pdb.Status.Conditions[0].Reason == policyv1.SyncFailedReason, err
	})
	out := pause(t, c, 2, "pdb/uncomputed/broker", "--mode=relax")
	wantFinding(t, out.Findings, "VU-311", "pdb/uncomputed/broker", "cannot compute maxUnavailable")
	if got := budget(t, c, "broker").Spec.MaxUnavailable; *got != intstr.FromInt32(0) {
		t.Errorf("maxUnavailable is %s", got)
	}
	wantClean(t, c)
}

// TestForceOfOne (a remedy does what its finding is about, and no more): the command
// that is printed beside a conflict puts that one back, and leaves the other pauses on.
func TestForceOfOne(t *testing.T) {
	c := blocked(t, "forced", "web", 1)
	c.Deployment("other", 1, quick)
	c.PDB("other", "1", "", nil)
	c.Ready("other", 1)
	pause(t, c, 0, "deployment/forced/web", "deployment/forced/other", "--mode=scale-to-zero")
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=3").Want(t, 0)
	const remedy = "resume-pdb-blockers deployment/forced/web --force"
	wantFinding(t, status(t, c, 2).Findings, "VU-314", "deployment/forced/web", remedy)
	wantRestored(t, giveBack(t, c, 0, strings.Fields(remedy)[1:]...), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	wantReplicas(t, c, "web", 1)
	wantReplicas(t, c, "other", 0)
	giveBack(t, c, 0)
	wantClean(t, c)
}
