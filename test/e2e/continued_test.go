// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// stopFast and startFast say how long a pod takes.
const (
	stopFast  = "sandbox.upgrade.vantiq.com/stop-fast"
	startFast = "sandbox.upgrade.vantiq.com/start-fast"
)

// cordonPool keeps pods off a pool, by somebody else's hand, or lets them again.
func cordonPool(t *testing.T, c *harness.Scope, verb, pool string) {
	t.Helper()
	c.Kubectl(t, verb, "-l", harness.PoolLabel+"="+pool).Want(t, 0)
}

// begun starts a subcommand and returns once the Deployment is as until wants it.
func begun(t *testing.T, c *harness.Scope, name string, until func(*appsv1.Deployment) bool, args ...string) *harness.Process {
	t.Helper()
	p := c.StartPlugin(t, append(args, "--journal-namespace="+c.Name)...)
	c.Eventually(strings.Join(args, " ")+" is on its way", func(context.Context) (bool, error) { return until(deployment(t, c, name)), nil })
	return p
}

func hasReplicas(n int32) func(*appsv1.Deployment) bool {
	return func(d *appsv1.Deployment) bool { return *d.Spec.Replicas == n }
}

// returned waits until the journal says that a value is back and its replicas are
// waited for.
func returned(t *testing.T, c *harness.Scope) {
	t.Helper()
	c.Eventually("the value is back", func(context.Context) (bool, error) {
		s := read[v1alpha1.StatusReport](t, own(t, c, "status", "-o", "json"))
		return slices.ContainsFunc(s.Changes, func(change v1alpha1.ChangeStatus) bool { return change.State == v1alpha1.ChangeReturned }), nil
	})
}

// TestInterruptedPauseIsWaitedFor: going on with it waits until the pods are gone,
// as the first attempt would have.
func TestInterruptedPauseIsWaitedFor(t *testing.T) {
	c := blocked(t, "int-pause", "web", 1, harness.Annotate(stopFast, "never"))
	p := begun(t, c, "web", hasReplicas(0), "pause-pdb-blockers", "deployment/int-pause/web", "--mode=scale-to-zero", "--yes")
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.Wait().Want(t, 130)
	if n := len(c.Pods("web")); n != 1 {
		t.Fatalf("%d pods, want the one that still ends", n)
	}
	if r := own(t, c, "uncordon-pool", "int-pause").Want(t, 0); !containsAll(r.Stderr, []string{"did not come to its end", "resume"}) {
		t.Errorf("another command does not tell of it:\n%s", r.Stderr)
	}
	p = c.StartPlugin(t, "resume", "--yes", "--journal-namespace="+c.Name)
	c.Eventually("it works", func(context.Context) (bool, error) {
		return read[v1alpha1.StatusReport](t, own(t, c, "status", "-o", "json")).Lock != nil, nil
	})
	c.Kubectl(t, "delete", "pod", "-n", c.Name, c.Pods("web")[0].Name, "--grace-period=0", "--force").Want(t, 0)
	r := p.Wait().Want(t, 0)
	if n := len(c.Pods("web")); n != 0 {
		t.Errorf("%d pods are left when it says:\n%s", n, r.Stdout)
	}
	if !containsAll(r.Stdout, []string{"Done: 1 change made"}) {
		t.Errorf("%s", r.Stdout)
	}
	dry := pause(t, c, 0, "deployment/int-pause/web", "--mode=scale-to-zero", "--dry-run=client")
	if len(dry.Paused) != 1 || dry.Paused[0].State != v1alpha1.PauseStateKept {
		t.Errorf("what is paused already: %+v", dry.Paused)
	}
	giveBack(t, c, 0)
	wantClean(t, c)
}

// TestKilledRestoreIsWaitedFor: the next one waits until the workload is Ready,
// though its value is back already.
func TestKilledRestoreIsWaitedFor(t *testing.T) {
	c := blocked(t, "kill-restore", "web", 1, harness.Annotate(startFast, "1s"))
	before := shapeOfDeployment(t, c, "web")
	pause(t, c, 0, "deployment/kill-restore/web", "--mode=scale-to-zero")
	cordonPool(t, c, "cordon", "kill-restore")
	p := begun(t, c, "web", hasReplicas(1), "resume-pdb-blockers", "--yes")
	returned(t, c)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	if d := deployment(t, c, "web"); d.Status.ReadyReplicas != 0 {
		t.Fatalf("it is Ready already: %+v", d.Status)
	}
	dry := giveBack(t, c, 0, "--dry-run=client")
	if len(dry.Restored) != 1 || dry.Restored[0].State != v1alpha1.RestoreReturned {
		t.Errorf("dry run: %+v", dry.Restored)
	}
	cordonPool(t, c, "uncordon", "kill-restore")
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	if d := deployment(t, c, "web"); d.Status.ReadyReplicas != 1 {
		t.Errorf("it said Done with %+v", d.Status)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// TestNeverReadyAgain: what does not become Ready stays open, until the operator
// lets go of it.
func TestNeverReadyAgain(t *testing.T) {
	c := blocked(t, "never-ready", "web", 1)
	pause(t, c, 0, "deployment/never-ready/web", "--mode=scale-to-zero")
	cordonPool(t, c, "cordon", "never-ready")
	for range 2 {
		out := giveBack(t, c, 3, "--pod-timeout=1s")
		wantRestored(t, out, v1alpha1.PauseStopped, v1alpha1.RestoreNotReady)
		wantFinding(t, out.Findings, "VU-317", "deployment/never-ready/web", "not Ready")
		wantChange(t, status(t, c, 0), v1alpha1.ChangeReturned)
	}
	giveBack(t, c, 3, "--pod-timeout=1s", "--force")
	wantClean(t, c)
}

// TestKilledAbort is only ever gone on with by another abort.
func TestKilledAbort(t *testing.T) {
	c := blocked(t, "kill-abort", "web", 1, harness.Annotate(startFast, "1s"))
	before := shapeOfDeployment(t, c, "web")
	p := begun(t, c, "web", hasReplicas(0), "pause-pdb-blockers", "deployment/kill-abort/web", "--mode=scale-to-zero", "--yes")
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	cordonPool(t, c, "cordon", "kill-abort")
	p = begun(t, c, "web", hasReplicas(1), "abort", "--yes")
	returned(t, c)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	run := status(t, c, 0).Runs[0]
	if run.Outcome != "Aborting" {
		t.Errorf("%+v", run)
	}
	if r := own(t, c, "status").Want(t, 0); strings.Contains(r.Stdout, "To go on") || !strings.Contains(r.Stdout, "abort "+run.ID) {
		t.Errorf("it points elsewhere:\n%s", r.Stdout)
	}
	wantOneLine(t, own(t, c, "resume", run.ID, "--yes").Want(t, 1), "being aborted", "abort "+run.ID)
	if r := own(t, c, "resume", "--yes").Want(t, 0); !strings.Contains(r.Stderr, "Nothing to go on with") {
		t.Errorf("%s", r.Stderr)
	}
	cordonPool(t, c, "uncordon", "kill-abort")
	own(t, c, "abort", "--yes").Want(t, 0)
	if d := deployment(t, c, "web"); d.Status.ReadyReplicas != 1 {
		t.Errorf("it said Done with %+v", d.Status)
	}
	if run := status(t, c, 0).Runs[0]; run.Outcome != "Aborted" {
		t.Errorf("%+v", run)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// TestGivenBackRunIsOver: what an operator has taken back is not done again by
// resume.
func TestGivenBackRunIsOver(t *testing.T) {
	c := drained(t, "over")
	cordonPool(t, c, "cordon", "spare")
	own(t, c, "drain-pool", "old", "--yes", "--max-unavailable=1", "--pause-pdb-blockers=scale-to-zero", "--unschedulable-timeout=1s", "--pod-timeout=2s").Want(t, 3)
	cordonPool(t, c, "uncordon", "spare")
	giveBack(t, c, 0) // waits for the blocker, which had no place
	if s := status(t, c, 0); s.Runs[0].Outcome != "Stopped" {
		t.Errorf("with its cordons it can be gone on with: %+v", s.Runs[0])
	}
	own(t, c, "uncordon-pool", "old").Want(t, 0)
	if s := status(t, c, 0); s.Runs[0].Outcome != "Aborted" || s.Runs[0].Open != 0 {
		t.Errorf("%+v", s.Runs[0])
	}
	if r := own(t, c, "resume", "--yes").Want(t, 0); !strings.Contains(r.Stderr, "Nothing to go on with") {
		t.Errorf("%s", r.Stderr)
	}
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned (%v)", n, err)
	}
	wantClean(t, c)
}

// TestDrainWithAConflict: somebody scales what the drain has paused. The drain
// ends with 3 and says so each time, until the operator has decided.
func TestDrainWithAConflict(t *testing.T) {
	c := drained(t, "drain-conflict")
	cordonPool(t, c, "cordon", "spare")
	p := begun(t, c, "blocker", hasReplicas(0), "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--yes", "-o", "json")
	c.Eventually("the pause has settled and the pool is cordoned", func(ctx context.Context) (bool, error) {
		n, err := c.CordonedNodes(ctx, "old")
		return n > 0, err
	})
	c.Kubectl(t, "scale", "deployment", "blocker", "-n", c.Name, "--replicas=2").Want(t, 0)
	cordonPool(t, c, "uncordon", "spare")
	report := drainReport(t, p.Wait().Want(t, 3))
	wantFinding(t, report.Findings, "VU-314", "deployment/drain-conflict/blocker", "resume-pdb-blockers deployment/drain-conflict/blocker --force")
	r := own(t, c, "drain-pool", "spare", "--dry-run=client")
	if !strings.Contains(r.Stderr, "did not come to its end") {
		t.Errorf("another drain does not tell of it:\n%s", r.Stderr)
	}
	wantReplicas(t, c, "blocker", 2)
	out := read[v1alpha1.RestoreReport](t, own(t, c, "abort", "--yes", "-o", "json").Want(t, 3))
	if out.Outcome != v1alpha1.PauseStopped {
		t.Errorf("%s: cordons were given back, the pause was not: %+v", out.Outcome, out.Restored)
	}
	wantReplicas(t, c, "blocker", 2)
	if s := status(t, c, 2); s.Runs[0].Outcome != "Aborting" {
		t.Errorf("%+v", s.Runs[0])
	}
	own(t, c, "abort", "--yes", "--force").Want(t, 0)
	wantReplicas(t, c, "blocker", 1)
	wantClean(t, c)
}

// TestPartOfIt: one of two is paused, the other is refused: something was changed,
// so that it does not end as if nothing had been.
func TestPartOfIt(t *testing.T) {
	c := blocked(t, "part", "web", 1)
	c.Deployment("api", 1, quick)
	c.PDB("api", "1", "", nil)
	c.Ready("api", 1)
	file := profileFile(t, c, "Deployment", "web", "scale-to-zero")
	out := pause(t, c, 3, "--pool=part", "--profile="+file)
	if out.Outcome != v1alpha1.PauseStopped || len(out.Paused) != 1 || out.Paused[0].State != v1alpha1.PauseStateApplied {
		t.Errorf("%s: %+v", out.Outcome, out.Paused)
	}
	wantFinding(t, out.Findings, "VU-202", "pdb/part/api")
	if run := status(t, c, 0).Runs[0]; run.Outcome != "Done" {
		t.Errorf("nothing is left to go on with: %+v", run)
	}
	giveBack(t, c, 0)
	wantClean(t, c)
}
