// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// wantChange fails unless status shows one change, of that state.
func wantChange(t *testing.T, s *v1alpha1.StatusReport, state v1alpha1.ChangeState) {
	t.Helper()
	if len(s.Changes) != 1 || s.Changes[0].State != state {
		t.Errorf("status: %+v, want one change that is %s", s.Changes, state)
	}
}

// wantRestored fails unless one change was given back, with that outcome.
func wantRestored(t *testing.T, out *v1alpha1.RestoreReport, outcome v1alpha1.PauseOutcome, state v1alpha1.RestoreState) {
	t.Helper()
	if out.Outcome != outcome || len(out.Restored) != 1 || out.Restored[0].State != state {
		t.Errorf("%s: %+v; want %s: %s", out.Outcome, out.Restored, outcome, state)
	}
}

// wantClean fails unless nothing of ours is left.
func wantClean(t *testing.T, c *harness.Scope) {
	t.Helper()
	if s := status(t, c, 0); len(s.Changes) != 0 || len(s.Findings) != 0 || s.Lock != nil {
		t.Errorf("status: %+v", s)
	}
}

// TestBudgetOfAPausedWorkload may be edited, deleted and made again: the workload
// is given back all the same, the budget is none of our business.
func TestBudgetOfAPausedWorkload(t *testing.T) {
	c := blocked(t, "pdb-edited", "web", 2)
	before := shapeOfDeployment(t, c, "web")
	pause(t, c, 0, "deployment/pdb-edited/web", "--mode=scale-to-zero")
	patch(t, c, "pdb", "web", `{"spec":{"minAvailable":1},"metadata":{"labels":{"by":"hanako"}}}`)
	wantChange(t, status(t, c, 0), v1alpha1.ChangeOurs)
	edited := shapeOfBudget(t, c, "web")
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	same(t, "the edited budget", edited, shapeOfBudget(t, c, "web"))

	patch(t, c, "pdb", "web", `{"spec":{"minAvailable":2}}`)
	c.Ready("web", 2)
	pause(t, c, 0, "pdb/pdb-edited/web", "--mode=scale-to-zero")
	c.Kubectl(t, "delete", "pdb", "web", "-n", c.Name).Want(t, 0)
	c.PDB("web", "2", "", nil)
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// TestRelaxedBudget that somebody edits, or deletes and makes again, is theirs.
func TestRelaxedBudget(t *testing.T) {
	c := blocked(t, "pdb-relaxed", "web", 3)
	pause(t, c, 0, "pdb/pdb-relaxed/web", "--mode=relax")
	patch(t, c, "pdb", "web", `{"spec":{"minAvailable":1}}`)
	wantChange(t, status(t, c, 2), v1alpha1.ChangeChanged)
	out := giveBack(t, c, 2)
	wantRestored(t, out, v1alpha1.PauseBlocked, v1alpha1.RestoreConflict)
	wantFinding(t, out.Findings, "VU-314", "pdb/pdb-relaxed/web", "spec.minAvailable is 1 now", "--force")
	if got := budget(t, c, "web").Spec.MinAvailable.String(); got != "1" {
		t.Errorf("minAvailable %s was overwritten", got)
	}
	c.Kubectl(t, "delete", "pdb", "web", "-n", c.Name).Want(t, 0)
	c.PDB("web", "2", "", nil)
	replaced := shapeOfBudget(t, c, "web")
	out = giveBack(t, c, 2)
	wantRestored(t, out, v1alpha1.PauseBlocked, v1alpha1.RestoreConflict)
	wantFinding(t, out.Findings, "VU-314", "made again")
	same(t, "the new budget", replaced, shapeOfBudget(t, c, "web"))
	wantRestored(t, giveBack(t, c, 0, "--force"), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	if got := budget(t, c, "web").Spec.MinAvailable.String(); got != "3" {
		t.Errorf("minAvailable %s, want 3 by the operator's word", got)
	}
	wantClean(t, c)
}

// TestScaledBySomebodyElse: it is told and left alone, until --force.
func TestScaledBySomebodyElse(t *testing.T) {
	c := blocked(t, "scaled", "web", 2)
	before := shapeOfDeployment(t, c, "web")
	pause(t, c, 0, "deployment/scaled/web", "--mode=scale-to-zero")
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=3").Want(t, 0)
	scaled := shapeOfDeployment(t, c, "web")
	s := status(t, c, 2)
	wantChange(t, s, v1alpha1.ChangeChanged)
	wantFinding(t, s.Findings, "VU-314", "deployment/scaled/web", "spec.replicas is 3 now", "from 2 to 0")
	for _, dry := range []string{"--dry-run=none", "--dry-run=client", "--dry-run=server"} {
		wantRestored(t, giveBack(t, c, 2, dry), v1alpha1.PauseBlocked, v1alpha1.RestoreConflict)
		same(t, "what somebody else has scaled", scaled, shapeOfDeployment(t, c, "web"))
	}
	wantRestored(t, giveBack(t, c, 0, "--force"), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// TestPausedDeploymentDeleted: nothing is left to give back; one that was made
// again is somebody else's.
func TestPausedDeploymentDeleted(t *testing.T) {
	c := blocked(t, "deleted", "web", 2)
	pause(t, c, 0, "deployment/deleted/web", "--mode=scale-to-zero")
	c.Kubectl(t, "delete", "deployment", "web", "-n", c.Name).Want(t, 0)
	s := status(t, c, 0)
	wantChange(t, s, v1alpha1.ChangeGone)
	wantFinding(t, s.Findings, "VU-316", "deployment/deleted/web", "deleted")
	// Made again with the number of the paused one, and with its own.
	for _, replicas := range []int32{2, 1} {
		c.Deployment("web", replicas, quick)
		c.Ready("web", int(replicas))
		again := shapeOfDeployment(t, c, "web")
		wantFinding(t, status(t, c, 2).Findings, "VU-314", "deployment/deleted/web", "made again")
		out := giveBack(t, c, 2)
		wantRestored(t, out, v1alpha1.PauseBlocked, v1alpha1.RestoreConflict)
		wantFinding(t, out.Findings, "VU-314", "deployment/deleted/web", "made again")
		same(t, "the new Deployment", again, shapeOfDeployment(t, c, "web"))
		c.Kubectl(t, "delete", "deployment", "web", "-n", c.Name).Want(t, 0)
	}
	out := giveBack(t, c, 0)
	wantRestored(t, out, v1alpha1.PauseDone, v1alpha1.RestoreGone)
	wantFinding(t, out.Findings, "VU-316", "deployment/deleted/web", "does not exist")
	wantClean(t, c)
	if _, err := c.Client.AppsV1().Deployments(c.Name).Get(t.Context(), "web", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the Deployment: %v", err)
	}
}

// TestRevertedPause: what GitOps has put back is noticed; only our mark is left
// to take away.
func TestRevertedPause(t *testing.T) {
	c := blocked(t, "gitops", "web", 2)
	before := shapeOfDeployment(t, c, "web")
	pause(t, c, 0, "deployment/gitops/web", "--mode=scale-to-zero")
	patch(t, c, "deployment", "web", `{"spec":{"replicas":2}}`)
	s := status(t, c, 0)
	wantChange(t, s, v1alpha1.ChangeReverted)
	wantFinding(t, s.Findings, "VU-313", "deployment/gitops/web", "spec.replicas", "by somebody else")
	c.Ready("web", 2)
	pods := c.Record(t, c.Name, "app=web")
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreAlreadyBack)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	if pods.Lowest() < 2 {
		t.Errorf("lowest %d: taking the mark away restarted pods", pods.Lowest())
	}
	wantClean(t, c)

	// The pause is put back while it is on, and then made again: the value to be
	// given back is the first one.
	pause(t, c, 0, "deployment/gitops/web", "--mode=scale-to-zero")
	patch(t, c, "deployment", "web", `{"spec":{"replicas":2}}`)
	c.Ready("web", 2)
	out := pause(t, c, 0, "deployment/gitops/web", "--mode=scale-to-zero")
	if len(out.Paused) != 1 || out.Paused[0].State != "Applied" {
		t.Errorf("paused again: %+v", out.Paused)
	}
	wantReplicas(t, c, "web", 0)
	giveBack(t, c, 0)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// autoscaler makes a HorizontalPodAutoscaler of a Deployment.
func autoscaler(t *testing.T, c *harness.Scope, name string, minReplicas int32, owners ...metav1.OwnerReference) {
	t.Helper()
	_, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Name).Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &minReplicas, MaxReplicas: 5,
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAutoscaledWorkload: the controller leaves 0 replicas alone; KEDA would not,
// and so it is refused. A surge is refused with either.
func TestAutoscaledWorkload(t *testing.T) {
	c := blocked(t, "scaler", "web", 2)
	c.Deployment("keda", 2, quick)
	c.PDB("keda", "2", "", nil)
	c.Ready("keda", 2)
	autoscaler(t, c, "web", 2)
	autoscaler(t, c, "keda", 2, metav1.OwnerReference{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject", Name: "queue", UID: "00000000-0000-0000-0000-000000000002", Controller: new(true)})
	before, keda := shapeOfDeployment(t, c, "web"), shapeOfDeployment(t, c, "keda")

	out := pause(t, c, 2, "deployment/scaler/web", "--mode=surge")
	wantFinding(t, out.Findings, "VU-311", "pdb/scaler/web", "horizontalpodautoscaler/scaler/web scales it", "minReplicas")
	out = pause(t, c, 2, "deployment/scaler/keda", "--mode=scale-to-zero")
	wantFinding(t, out.Findings, "VU-311", "pdb/scaler/keda", "scaledobject/scaler/queue (KEDA)", "autoscaling.keda.sh/paused-replicas")
	same(t, "what KEDA scales", keda, shapeOfDeployment(t, c, "keda"))

	pause(t, c, 0, "deployment/scaler/web", "--mode=scale-to-zero")
	c.Eventually("the autoscaler has seen 0 replicas", func(ctx context.Context) (bool, error) {
		hpa, err := c.Client.AutoscalingV2().HorizontalPodAutoscalers(c.Name).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range hpa.Status.Conditions {
			if condition.Type == autoscalingv2.ScalingActive && condition.Reason == "ScalingDisabled" {
				return true, nil
			}
		}
		return false, nil
	})
	wantReplicas(t, c, "web", 0)
	giveBack(t, c, 0)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
}

// TestOverduePause: every command of ours warns of it.
func TestOverduePause(t *testing.T) {
	c := blocked(t, "overdue", "web", 1)
	pause(t, c, 0, "deployment/overdue/web", "--mode=scale-to-zero", "--ttl=1s")
	c.Eventually("the time is over", func(context.Context) (bool, error) {
		s := read[v1alpha1.StatusReport](t, own(t, c, "status", "-o", "json"))
		return len(s.Changes) == 1 && s.Changes[0].Expired, nil
	})
	wantFinding(t, status(t, c, 0).Findings, "VU-315", "deployment/overdue/web", "resume-pdb-blockers")
	for _, args := range [][]string{{"pools"}, {"drain-pool", "overdue", "--dry-run=client"}, {"uncordon-pool", "overdue"}} {
		r := own(t, c, args...).Want(t, 0)
		if !containsAll(r.Stderr, []string{"Warning: VU-315: deployment/overdue/web is paused since", "resume-pdb-blockers"}) {
			t.Errorf("%v does not warn:\n%s", args, r.Stderr)
		}
	}
	giveBack(t, c, 0)
	if r := own(t, c, "pools").Want(t, 0); r.Stderr != "" {
		t.Errorf("it still warns:\n%s", r.Stderr)
	}
}

// drained makes a scope with a Deployment on the pool old that holds a drain for
// ever, and a StatefulSet beside it that may move to the pool spare.
func drained(t *testing.T, name string, change ...func(*corev1.PodTemplateSpec)) *harness.Scope {
	t.Helper()
	c := shared.Get(t).NewScope(t, name)
	c.Pool("old", 3)
	c.StatefulSet("db", 3, append([]func(*corev1.PodTemplateSpec){harness.Spread, quick}, change...)...)
	c.Deployment("blocker", 1, quick)
	c.PDB("blocker", "1", "", nil)
	c.Ready("db", 3)
	c.Ready("blocker", 1)
	c.Pool("spare", 3)
	return c
}

// TestDrainPausesBlockers: pauses, drains and gives back, in one command.
func TestDrainPausesBlockers(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"scale-to-zero", "surge"} {
		t.Run(mode, func(t *testing.T) {
			c := drained(t, "drain-"+mode)
			before := shapeOfDeployment(t, c, "blocker")
			dry := drainReport(t, own(t, c, "drain-pool", "old", "--dry-run=client", "-o", "json").Want(t, 2))
			wantFinding(t, dry.Findings, "VU-202", "pdb/drain-"+mode+"/blocker")
			own(t, c, "drain-pool", "old", "--dry-run=client", "--pause-pdb-blockers="+mode).Want(t, 0)
			same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))

			report := drainReport(t, own(t, c, "drain-pool", "old", "--pause-pdb-blockers="+mode, "--yes", "-o", "json").Want(t, 0))
			if report.Outcome != "Done" || len(report.Paused) != 1 || report.Paused[0].Mode != mode || report.Paused[0].State != v1alpha1.PauseStateRestored {
				t.Errorf("%s: %+v", report.Outcome, report.Paused)
			}
			same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
			if !slices.ContainsFunc(c.Pods("blocker"), func(p corev1.Pod) bool {
				return harness.IsServing(&p) && !strings.HasPrefix(p.Spec.NodeName, "aks-old-")
			}) {
				t.Errorf("the blocker when the command has ended: %+v", c.Pods("blocker"))
			}
			s := status(t, c, 0)
			for _, change := range s.Changes {
				if change.Mode != "cordon" {
					t.Errorf("still ours: %+v", change)
				}
			}
			own(t, c, "uncordon-pool", "old").Want(t, 0)
			wantClean(t, c)
		})
	}
}

// TestDrainKeepsPaused leaves the pause to resume-pdb-blockers.
func TestDrainKeepsPaused(t *testing.T) {
	c := drained(t, "keep-paused")
	before := shapeOfDeployment(t, c, "blocker")
	own(t, c, "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--keep-paused", "--yes").Want(t, 0)
	wantReplicas(t, c, "blocker", 0)
	own(t, c, "uncordon-pool", "old").Want(t, 0)
	wantChange(t, status(t, c, 0), v1alpha1.ChangeOurs)
	giveBack(t, c, 0)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	wantClean(t, c)
}

// TestDrainGivesBackWhenItStops: the pause does not outlive a drain that stops
// for want of room; abort then gives the cordons back.
func TestDrainGivesBackWhenItStops(t *testing.T) {
	c := drained(t, "drain-stops")
	before := shapeOfDeployment(t, c, "blocker")
	foreign := c.Node(node0)
	c.Kubectl(t, "cordon", node0).Want(t, 0)
	c.Kubectl(t, "cordon", "-l", harness.PoolLabel+"=spare").Want(t, 0)
	r := own(t, c, "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "-o", "json", "--unschedulable-timeout=3s", "--pod-timeout=10s").Want(t, 3)
	report := drainReport(t, r)
	wantFinding(t, report.Findings, "VU-231", "pod/drain-stops/db-")
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	// There is no room for the blocker either: it is not forgotten.
	for _, change := range status(t, c, 0).Changes {
		if change.Mode != "cordon" && change.State != v1alpha1.ChangeReturned || change.Object.Name == node0 {
			t.Errorf("still ours: %+v", change)
		}
	}
	out := read[v1alpha1.RestoreReport](t, own(t, c, "abort", "--yes", "-o", "json").Want(t, 0))
	if out.Outcome != "Done" || len(out.Restored) != 3 {
		t.Errorf("abort: %s %+v", out.Outcome, out.Restored)
	}
	node := c.Node(node0)
	foreign.Spec.Unschedulable = true
	foreign.Spec.Taints = node.Spec.Taints // the node controller's own for a cordon
	same(t, "the node that somebody else cordoned", shape(t, foreign.ObjectMeta, foreign.Spec), shape(t, node.ObjectMeta, node.Spec))
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 1 {
		t.Errorf("%d nodes are cordoned, want 1 (%v)", n, err)
	}
	wantClean(t, c)
}

// TestDrainGivesBackWhenInterrupted: Ctrl-C in the middle.
func TestDrainGivesBackWhenInterrupted(t *testing.T) {
	c := drained(t, "drain-int", harness.Annotate("sandbox.upgrade.vantiq.com/stop-fast", "never"))
	before := shapeOfDeployment(t, c, "blocker")
	recorder := c.Record(t, c.Name, "app=db")
	p := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "-o", "json", "--journal-namespace="+c.Name)
	c.Eventually("the first pod goes", func(context.Context) (bool, error) { return len(recorder.Ended()) > 0, nil })
	wantReplicas(t, c, "blocker", 0)
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if report := drainReport(t, p.Wait().Want(t, 130)); report.Outcome != "Interrupted" {
		t.Errorf("outcome %s", report.Outcome)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	s := status(t, c, 0)
	for _, change := range s.Changes {
		if change.Mode != "cordon" && change.State != v1alpha1.ChangeReturned { // there was no time to wait for it
			t.Errorf("still ours: %+v", change)
		}
	}
	own(t, c, "abort", "--yes").Want(t, 0)
	wantClean(t, c)
}

// TestDrainGivesBackWhenTimeIsUp: --timeout bounds the drain, not its giving back.
func TestDrainGivesBackWhenTimeIsUp(t *testing.T) {
	c := drained(t, "drain-late", harness.Annotate("sandbox.upgrade.vantiq.com/stop-fast", "never"))
	before := shapeOfDeployment(t, c, "blocker")
	report := drainReport(t, own(t, c, "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "-o", "json", "--timeout=20s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-234", "not finished within --timeout 20s")
	if len(report.Paused) != 1 || report.Paused[0].State != v1alpha1.PauseStateRestored {
		t.Errorf("%+v", report.Paused)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	for _, change := range status(t, c, 0).Changes {
		if change.Mode != "cordon" && change.State != v1alpha1.ChangeReturned {
			t.Errorf("still ours: %+v", change)
		}
	}
	own(t, c, "abort", "--yes").Want(t, 0)
	wantClean(t, c)
}

// TestDrainInterruptedBeforeItBegins: Ctrl-C while the blocker still ends. It is
// given back, and the report for people says that nothing was evicted.
func TestDrainInterruptedBeforeItBegins(t *testing.T) {
	c := drained(t, "int-early")
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, c.Pods("blocker")[0].Name, "--overwrite", "sandbox.upgrade.vantiq.com/stop-fast=never").Want(t, 0)
	before := shapeOfDeployment(t, c, "blocker")
	p := c.StartKubectl(t, "vantiq-upgrade", "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "--journal-namespace="+c.Name)
	c.Eventually("the blocker ends", func(context.Context) (bool, error) {
		pods := c.Pods("blocker")
		return len(pods) == 1 && pods[0].DeletionTimestamp != nil, nil
	})
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	r := p.Wait().Want(t, 130)
	if !containsAll(r.Stdout, []string{"Interrupted", "no pod evicted", "drain-pool old"}) || strings.Contains(r.Stderr, "panic") {
		t.Errorf("%s\n%s", r.Stdout, r.Stderr)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned (%v)", n, err)
	}
	own(t, c, "abort", "--yes").Want(t, 0)
	wantClean(t, c)
}

// TestDrainWithoutRelief: a relief that fails when it is tried stops the drain
// before a pod is evicted.
func TestDrainWithoutRelief(t *testing.T) {
	c := drained(t, "no-relief")
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, c.Pods("blocker")[0].Name, "--overwrite", "sandbox.upgrade.vantiq.com/stop-fast=never").Want(t, 0)
	before := shapeOfDeployment(t, c, "blocker")
	recorder := c.Record(t, c.Name, "app=db")
	r := own(t, c, "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "--pod-timeout=2s").Want(t, 3)
	if !containsAll(r.Stdout, []string{"deployment/no-relief/blocker", "1 pod(s) still ending", "no pod evicted"}) {
		t.Errorf("%s\n%s", r.Stdout, r.Stderr)
	}
	if ended := recorder.Ended(); len(ended) != 0 {
		t.Errorf("evicted though the relief had failed: %v", ended)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned (%v)", n, err)
	}
	own(t, c, "abort", "--yes").Want(t, 0)
	wantClean(t, c)
}
