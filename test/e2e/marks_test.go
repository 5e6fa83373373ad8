// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// cordonMark is the annotation on a node that we cordoned.
const cordonMark = "upgrade.vantiq.com/cordoned"

// rolledBack pauses and gives back a Deployment, and then does what its team does: a
// new image, replicas of its own, and a rollback, which brings our annotation back.
func rolledBack(t *testing.T, c *harness.Scope, mode string, replicas int32) {
	t.Helper()
	pause(t, c, 0, "deployment/"+c.Name+"/telegraf", "--mode="+mode)
	giveBack(t, c, 0)
	kubectl := func(args ...string) {
		t.Helper()
		c.Kubectl(t, append(args, "-n", c.Name)...).Want(t, 0)
	}
	kubectl("set", "image", "deployment/telegraf", "telegraf=example.invalid/telegraf:2")
	c.Eventually("the new image to be rolled out", func(context.Context) (bool, error) {
		d := deployment(t, c, "telegraf")
		return d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == *d.Spec.Replicas && d.Status.Replicas == *d.Spec.Replicas, nil
	})
	kubectl("scale", "deployment/telegraf", fmt.Sprintf("--replicas=%d", replicas))
	kubectl("rollout", "undo", "deployment/telegraf")
	if deployment(t, c, "telegraf").Annotations[pausedMark] == "" {
		t.Fatal("the rollback has not brought our mark back: the test tries nothing")
	}
}

// TestMarkBroughtBackByARollback (promise 6: a mark is acted on only while its line of
// the journal is open): every command says the same of it, and none touches the
// replicas.
func TestMarkBroughtBackByARollback(t *testing.T) {
	for _, tt := range []struct {
		mode     string
		replicas int32
	}{{"surge", 2}, {"scale-to-zero", 1}, {"scale-to-zero", 3}} {
		t.Run(fmt.Sprintf("%s %d", tt.mode, tt.replicas), func(t *testing.T) {
			c := blocked(t, "undone", "telegraf", 1)
			rolledBack(t, c, tt.mode, tt.replicas)
			s := status(t, c, 0)
			if len(s.Changes) != 0 {
				t.Errorf("status calls it ours: %+v", s.Changes)
			}
			wantFinding(t, s.Findings, "VU-322", "deployment/undone/telegraf", "not acted on")
			wantNoFinding(t, s.Findings, "VU-313")
			if text := own(t, c, "status").Stdout; strings.Contains(text, "Clean") {
				t.Errorf("clean, with a mark of ours:\n%s", text)
			}
			wantNotResumed(t, c, 0)
			verified := read[v1alpha1.VerifyReport](t, own(t, c, "verify", "-o", "json"))
			wantFinding(t, verified.Findings, "VU-322", "deployment/undone/telegraf")
			for _, command := range []string{"abort", "resume-pdb-blockers"} {
				out := read[v1alpha1.RestoreReport](t, own(t, c, command, "--dry-run=client", "-o", "json").Want(t, 0))
				wantFinding(t, out.Findings, "VU-322", "deployment/undone/telegraf")
				if len(out.Restored) != 0 {
					t.Errorf("%s: %+v", command, out.Restored)
				}
			}
			out := giveBack(t, c, 0)
			wantFinding(t, out.Findings, "VU-322", "deployment/undone/telegraf")
			wantReplicas(t, c, "telegraf", tt.replicas)
			if mark := deployment(t, c, "telegraf").Annotations[pausedMark]; mark != "" {
				t.Errorf("the mark is still there: %s", mark)
			}
			wantClean(t, c)
		})
	}
}

// TestPausedAgainUnderAStaleMark: it is written over, and what is given back is what
// the team has now.
func TestPausedAgainUnderAStaleMark(t *testing.T) {
	c := blocked(t, "again", "telegraf", 1)
	rolledBack(t, c, "scale-to-zero", 2)
	patch(t, c, "pdb", "telegraf", `{"spec":{"minAvailable":2}}`)
	c.Ready("telegraf", 2)
	out := pause(t, c, 2, "deployment/again/telegraf", "--mode=scale-to-zero", "--dry-run=server")
	wantFinding(t, out.Findings, "VU-322", "deployment/again/telegraf")
	pause(t, c, 0, "deployment/again/telegraf", "--mode=scale-to-zero")
	wantChange(t, status(t, c, 0), v1alpha1.ChangeOurs)
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	wantReplicas(t, c, "telegraf", 2)
	wantClean(t, c)
}

// TestCopiesOfAPausedDeployment (a mark says nothing of another object): a renamed copy,
// and the object made again from a backup, stand at 0. That is told with the way out
// until somebody has mended it; nothing of ours touches them.
func TestCopiesOfAPausedDeployment(t *testing.T) {
	c := blocked(t, "copied", "web", 2)
	pause(t, c, 0, "deployment/copied/web", "--mode=scale-to-zero")
	for _, name := range []string{"copy", "older"} {
		made := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: c.Name, Name: name, Annotations: deployment(t, c, "web").Annotations}}
		made.Spec = *deployment(t, c, "web").Spec.DeepCopy()
		if name == "older" { // a mark without uid, as older versions wrote it
			made.Annotations[pausedMark] = withoutUID(t, made.Annotations[pausedMark])
		}
		made.Spec.Template.Labels["app"], made.Spec.Selector.MatchLabels["app"] = name, name
		if _, err := c.Client.AppsV1().Deployments(c.Name).Create(t.Context(), made, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s := status(t, c, 0)
	wantChange(t, s, v1alpha1.ChangeOurs)
	for _, name := range []string{"copy", "older"} {
		wantFinding(t, s.Findings, "VU-323", "deployment/copied/"+name, "spec.replicas is 0", "--replicas=2")
	}
	wantRestored(t, giveBack(t, c, 0), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	wantReplicas(t, c, "web", 2)
	wantReplicas(t, c, "copy", 0)
	wantFinding(t, read[v1alpha1.RestoreReport](t, own(t, c, "abort", "--all", "--yes", "-o", "json").Want(t, 0)).Findings, "VU-323", "deployment/copied/copy")
	// The way out, as it is printed; a mark that is forgotten then goes by itself.
	c.Kubectl(t, "scale", "Deployment", "-n", c.Name, "copy", "--replicas=2").Want(t, 0)
	c.Kubectl(t, "annotate", "Deployment", "-n", c.Name, "copy", pausedMark+"-").Want(t, 0)
	c.Kubectl(t, "scale", "Deployment", "-n", c.Name, "older", "--replicas=2").Want(t, 0)
	wantFinding(t, status(t, c, 0).Findings, "VU-322", "deployment/copied/older")
	giveBack(t, c, 0, "deployment/copied/older")
	wantReplicas(t, c, "older", 2)
	wantClean(t, c)
}

// TestJournalLostAsAWhole (promise 4): the mark is the only record. It says so and asks,
// also when runs were begun since; a mark of a run that the journal can never have had
// is not acted on.
func TestJournalLostAsAWhole(t *testing.T) {
	c := blocked(t, "lost-whole", "web", 2)
	c.Deployment("other", 1, quick)
	c.PDB("other", "1", "", nil)
	c.Ready("other", 1)
	pause(t, c, 0, "deployment/lost-whole/web", "--mode=scale-to-zero")
	c.Kubectl(t, "delete", "configmap", "-n", c.Name, "-l", journal.JournalLabel).Want(t, 0)
	time.Sleep(time.Second) // ids tell the second
	pause(t, c, 0, "deployment/lost-whole/other", "--mode=surge")
	s := status(t, c, 0)
	if len(s.Changes) != 2 {
		t.Errorf("status: %+v", s.Changes)
	}
	wantFinding(t, s.Findings, "VU-325", "deployment/lost-whole/web", "only the mark", "was 2 before")
	if r := own(t, c, "resume-pdb-blockers").Want(t, 1); !containsAll(r.Stderr, []string{"VU-325", "--yes"}) {
		t.Errorf("it does not ask:\n%s", r.Stderr)
	}
	out := giveBack(t, c, 0)
	wantFinding(t, out.Findings, "VU-325", "deployment/lost-whole/web")
	wantReplicas(t, c, "web", 2)
	wantReplicas(t, c, "other", 1)
	wantClean(t, c)

	newer := `{"run":"29991231-000000-aaaaa","n":1,"by":"x","host":"x","at":"2999-12-31T00:00:00Z","mode":"surge","field":"spec.replicas","before":1,"after":2}`
	c.Kubectl(t, "annotate", "deployment", "web", "-n", c.Name, pausedMark+"="+newer).Want(t, 0)
	if s := status(t, c, 0); len(s.Changes) != 0 {
		t.Errorf("status: %+v", s.Changes)
	}
	giveBack(t, c, 0)
	wantReplicas(t, c, "web", 2)
	wantClean(t, c)
}

// TestUnreadableMark (it never says "clean" before it knows): beside a line of the
// journal that cannot be read, and alone. Where the journal says it all it is given
// back by it.
func TestUnreadableMark(t *testing.T) {
	c := blocked(t, "unreadable", "web", 2)
	pause(t, c, 0, "deployment/unreadable/web", "--mode=scale-to-zero")
	whole := deployment(t, c, "web").Annotations[pausedMark]
	c.Kubectl(t, "annotate", "--overwrite", "deployment", "web", "-n", c.Name, pausedMark+"="+whole[:len(whole)/2]).Want(t, 0)
	s := status(t, c, 0)
	wantChange(t, s, v1alpha1.ChangeOurs)
	wantFinding(t, s.Findings, "VU-324", "deployment/unreadable/web", "journal says")

	part := shards(t, c)[0]
	line := part.Data["changes"]
	part.Data["changes"] = line[:len(line)/2]
	if _, err := c.Client.CoreV1().ConfigMaps(c.Name).Update(t.Context(), &part, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	wantUnreadable := func(findings []v1alpha1.Finding) {
		t.Helper()
		wantFinding(t, findings, "VU-324", "deployment/unreadable/web", "cannot be read", `{\"run\"`, "spec.replicas is 0 now", pausedMark+"-")
	}
	s = status(t, c, 2)
	wantUnreadable(s.Findings)
	wantFinding(t, s.Findings, "VU-301", "configmap/unreadable/")
	for _, command := range []string{"status", "resume-pdb-blockers --yes", "abort --all --yes", "abort --yes", "resume --yes", "abort --dry-run=client"} {
		r := own(t, c, strings.Fields(command)...).Want(t, 2)
		if all := r.Stdout + r.Stderr; strings.Contains(all, "Clean") || strings.Contains(all, "Nothing of ours") || !strings.Contains(all, "VU-324") {
			t.Errorf("%s:\n%s", command, all)
		}
	}
	wantReplicas(t, c, "web", 0)
	if left := deployment(t, c, "web").Annotations[pausedMark]; left != whole[:len(whole)/2] {
		t.Errorf("the mark is now %q", left)
	}
	c.Kubectl(t, "scale", "Deployment", "-n", c.Name, "web", "--replicas=2").Want(t, 0)
	c.Kubectl(t, "annotate", "Deployment", "-n", c.Name, "web", pausedMark+"-").Want(t, 0)
	wantNoFinding(t, status(t, c, 2).Findings, "VU-324") // the journal is still damaged

	for _, mark := range []string{"", "{}", "null", "[]", "\x01", `{"run":"a b; rm"}`, strings.Repeat("x", 5000)} {
		c.Kubectl(t, "annotate", "--overwrite", "deployment", "web", "-n", c.Name, pausedMark+"="+mark).Want(t, 0)
		out := giveBack(t, c, 2)
		wantFinding(t, out.Findings, "VU-324", "deployment/unreadable/web")
		if at := slices.IndexFunc(out.Findings, func(f v1alpha1.Finding) bool { return f.Code == "VU-324" }); len(out.Findings[at].Message) > 600 {
			t.Errorf("a message of %d bytes", len(out.Findings[at].Message))
		}
		pausedAgain := pause(t, c, 2, "deployment/unreadable/web", "--mode=scale-to-zero")
		wantFinding(t, pausedAgain.Findings, "VU-324", "deployment/unreadable/web")
		wantReplicas(t, c, "web", 2)
	}
}

// TestCordonMarks: one that nobody can read is not lifted without a word, an open line
// of the journal is; and a cordon that somebody has lifted and set again is theirs.
func TestCordonMarks(t *testing.T) {
	c := twoPools(t, "cordonmarks", quick)
	const one, two = node0, "aks-old-12345678-vmss000001"
	drain := func() { own(t, c, "drain-pool", "old", "--yes").Want(t, 0) }
	wantUnschedulable := func(node string, want bool) {
		t.Helper()
		if got := c.Node(node).Spec.Unschedulable; got != want {
			t.Errorf("%s: unschedulable is %t, want %t", node, got, want)
		}
	}
	drain()
	c.Kubectl(t, "uncordon", one).Want(t, 0)
	c.Kubectl(t, "cordon", one).Want(t, 0)
	s := status(t, c, 0)
	wantFinding(t, s.Findings, "VU-326", "node/"+one, "kubectl", "stays cordoned")
	r := own(t, c, "uncordon-pool", "old", "-o", "json").Want(t, 0)
	if !strings.Contains(r.Stderr, "VU-326") {
		t.Errorf("not told:\n%s", r.Stderr)
	}
	wantUnschedulable(one, true)
	wantUnschedulable(two, false)
	wantClean(t, c)

	c.Kubectl(t, "uncordon", one).Want(t, 0)
	drain()
	c.Kubectl(t, "uncordon", one).Want(t, 0)
	c.Kubectl(t, "cordon", one).Want(t, 0)
	out := read[v1alpha1.RestoreReport](t, own(t, c, "abort", "--all", "--yes", "-o", "json").Want(t, 0))
	wantFinding(t, out.Findings, "VU-326", "node/"+one)
	wantUnschedulable(one, true)
	wantUnschedulable(two, false)
	wantClean(t, c)

	c.Kubectl(t, "uncordon", one).Want(t, 0)
	drain()
	for _, node := range []string{one, two} {
		c.Kubectl(t, "annotate", "--overwrite", "node", node, cordonMark+`={"by":`).Want(t, 0)
	}
	s = status(t, c, 0) // the journal's lines are open
	wantFinding(t, s.Findings, "VU-324", "node/"+one, "journal says")
	own(t, c, "uncordon-pool", "old").Want(t, 0)
	wantUnschedulable(one, false)
	wantClean(t, c)

	c.Kubectl(t, "cordon", one).Want(t, 0)
	c.Kubectl(t, "annotate", "--overwrite", "node", one, cordonMark+`={"by":`).Want(t, 0)
	wantFinding(t, status(t, c, 2).Findings, "VU-324", "node/"+one, "kubectl uncordon "+one)
	own(t, c, "uncordon-pool", "old").Want(t, 0)
	wantUnschedulable(one, true)
	own(t, c, "uncordon-pool", "old", "--all").Want(t, 0)
	wantUnschedulable(one, false)
	wantClean(t, c)
}

// TestAnnotationsNearlyFull: it is told before anything is changed. A Deployment whose
// annotations its ReplicaSet cannot take is never scaled by its controller, which would
// be waited for.
func TestAnnotationsNearlyFull(t *testing.T) {
	c := blocked(t, "full", "web", 1)
	fill := func(kind, name string, left int) {
		t.Helper()
		text := fmt.Sprintf(`{"metadata":{"annotations":{"big":"%s"}}}`, strings.Repeat("x", 262_144-left))
		if r := c.KubectlWith(t, text, "patch", kind, name, "-n", c.Name, "--type=merge", "--patch-file=/dev/stdin"); r.Code != 0 {
			t.Fatal(r.Stderr)
		}
	}
	fill("deployment", "web", 500)
	for _, dry := range []string{"--dry-run=client", "--dry-run=server", "--dry-run=none"} {
		out := pause(t, c, 2, "deployment/full/web", "--mode=scale-to-zero", dry)
		wantFinding(t, out.Findings, "VU-327", "deployment/full/web", "262144", "big")
	}
	wantReplicas(t, c, "web", 1)
	wantClean(t, c)
	c.Kubectl(t, "annotate", "deployment", "web", "-n", c.Name, "big-").Want(t, 0)
	c.Kubectl(t, "delete", "pdb", "web", "-n", c.Name).Want(t, 0)
	const node = "aks-full-12345678-vmss000001"
	fill("node", node, 1500)
	for _, dry := range []string{"--dry-run=client", "--dry-run=none"} {
		report := drainReport(t, own(t, c, "drain-pool", "full", "--yes", "-o", "json", dry).Want(t, 2))
		wantFinding(t, report.Findings, "VU-327", "node/"+node, "262144")
	}
	if cordoned, err := c.CordonedNodes(t.Context(), "full"); err != nil || cordoned != 0 {
		t.Errorf("%d nodes are cordoned, %v", cordoned, err)
	}
	wantClean(t, c)
}

// TestScaledOverAPause (promise 2: what somebody else has set is theirs): pausing again
// says who set it and the way out; the way out works, and so does keeping it.
func TestScaledOverAPause(t *testing.T) {
	c := blocked(t, "over", "web", 1)
	setBudget := func(maxUnavailable int) {
		t.Helper()
		b := budget(t, c, "web")
		b.Spec.MinAvailable, b.Spec.MaxUnavailable = nil, new(intstr.FromInt32(int32(maxUnavailable)))
		if _, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Update(t.Context(), b, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	setBudget(0)
	first := pause(t, c, 0, "deployment/over/web", "--mode=scale-to-zero").Paused[0].Run
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=2").Want(t, 0)
	c.Ready("web", 2)
	for _, dry := range []string{"--dry-run=client", "--dry-run=none", "--dry-run=none"} {
		out := pause(t, c, 2, "deployment/over/web", "--mode=scale-to-zero", "--ttl=3h", dry)
		wantFinding(t, out.Findings, "VU-314", "deployment/over/web", "somebody else (kubectl)", "after run "+first, "spec.replicas is 2 now", "--force")
		wantReplicas(t, c, "web", 2)
	}
	wantRestored(t, giveBack(t, c, 0, "deployment/over/web", "--force"), v1alpha1.PauseDone, v1alpha1.RestoreRestored)
	wantReplicas(t, c, "web", 1)
	pause(t, c, 0, "deployment/over/web", "--mode=scale-to-zero", "--ttl=3h")
	// To keep what somebody else has set, the mark is removed.
	c.Kubectl(t, "scale", "deployment", "web", "-n", c.Name, "--replicas=2").Want(t, 0)
	c.Kubectl(t, "annotate", "deployment", "-n", c.Name, "web", pausedMark+"-").Want(t, 0)
	out := giveBack(t, c, 0)
	wantRestored(t, out, v1alpha1.PauseDone, v1alpha1.RestoreTakenOver)
	wantFinding(t, out.Findings, "VU-326", "deployment/over/web", "spec.replicas to 2")
	wantReplicas(t, c, "web", 2)
	wantClean(t, c)
}

// wantNoFinding fails when a code was found.
func wantNoFinding(t *testing.T, findings []v1alpha1.Finding, code string) {
	t.Helper()
	if slices.ContainsFunc(findings, func(f v1alpha1.Finding) bool { return f.Code == code }) {
		t.Errorf("found %s: %+v", code, findings)
	}
}

// wantNotResumed fails unless resume finds nothing to go on with.
func wantNotResumed(t *testing.T, c *harness.Scope, code int) {
	t.Helper()
	if out := read[v1alpha1.ResumeReport](t, own(t, c, "resume", "--yes", "-o", "json").Want(t, code)); out.Run != nil {
		t.Errorf("resume: %+v", out)
	}
}

// withoutUID is a mark as older versions wrote it.
func withoutUID(t *testing.T, mark string) string {
	t.Helper()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(mark), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "uid")
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
