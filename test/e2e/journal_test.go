// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// shards are the ConfigMaps of the journal of a scope.
func shards(t *testing.T, c *harness.Scope) []corev1.ConfigMap {
	t.Helper()
	list, err := c.Client.CoreV1().ConfigMaps(c.Name).List(t.Context(), metav1.ListOptions{LabelSelector: journal.JournalLabel})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// TestJournalLost: the marks on the objects hold all that is needed.
func TestJournalLost(t *testing.T) {
	c := blocked(t, "lost-journal", "web", 2)
	c.Deployment("other", 2, quick)
	c.PDB("other", "100%", "", nil)
	c.Ready("other", 2)
	before, other := shapeOfDeployment(t, c, "web"), shapeOfBudget(t, c, "other")
	pause(t, c, 0, "deployment/lost-journal/web", "--mode=scale-to-zero")
	pause(t, c, 0, "pdb/lost-journal/other", "--mode=relax")
	c.Kubectl(t, "delete", "configmap", "-n", c.Name, "-l", journal.JournalLabel).Want(t, 0)
	s := status(t, c, 0)
	if len(s.Runs) != 0 || len(s.Changes) != 2 || s.Changes[0].State != "Ours" || s.Changes[1].State != "Ours" {
		t.Errorf("status: %+v", s)
	}
	if out := giveBack(t, c, 0); out.Outcome != "Done" || len(out.Restored) != 2 {
		t.Errorf("%s: %+v", out.Outcome, out.Restored)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	same(t, "the budget", other, shapeOfBudget(t, c, "other"))
	wantClean(t, c)
}

// TestJournalDamaged: whatever has happened to the ConfigMap, it is told, the
// pause is given back, and what cannot be read is kept.
func TestJournalDamaged(t *testing.T) {
	c := blocked(t, "damaged", "web", 2)
	before := shapeOfDeployment(t, c, "web")
	tests := []struct {
		name   string
		damage func(map[string]string)
		code   string
	}{
		{"garbage", func(data map[string]string) { data["run"], data["changes"] = "\x00{{{", "not json\n" }, "VU-301"},
		{"no header", func(data map[string]string) { delete(data, "run") }, "VU-301"},
		{"header of nothing", func(data map[string]string) { data["run"] = "null" }, "VU-301"},
		{"half a line", func(data map[string]string) { data["changes"] = data["changes"][:len(data["changes"])/2] }, "VU-301"},
		{"no lines", func(data map[string]string) { delete(data, "changes") }, ""},
		{"lines of nothing", func(data map[string]string) { data["changes"] = "{}\nnull\n[]\n7\n" }, "VU-301"},
		{"newer", func(data map[string]string) {
			data["run"] = strings.Replace(data["run"], `"version":1`, `"version":99`, 1)
		}, "VU-302"},
		{"newer lines", func(data map[string]string) {
			data["run"] = strings.Replace(data["run"], `"version":1`, `"version":"2.0-beta"`, 1)
			data["changes"] = "binary \xff\n"
		}, "VU-302"},
		{"unknown state", func(data map[string]string) {
			data["changes"] = strings.Replace(data["changes"], `"state":"Applied"`, `"state":"Adopted"`, 1)
		}, "VU-301"},
		{"no data", func(data map[string]string) { clear(data) }, "VU-301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pause(t, c, 0, "deployment/damaged/web", "--mode=scale-to-zero")
			part := shards(t, c)[0]
			tt.damage(part.Data)
			damaged, err := c.Client.CoreV1().ConfigMaps(c.Name).Update(t.Context(), &part, metav1.UpdateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r := own(t, c, "status", "-o", "json")
			s := read[v1alpha1.StatusReport](t, r)
			if tt.code != "" {
				wantFinding(t, s.Findings, tt.code, "configmap/damaged/"+part.Name)
				r.Want(t, 2)
			}
			wantChange(t, s, v1alpha1.ChangeOurs)
			plain := own(t, c, "status")
			if plain.Code != r.Code || strings.Contains(plain.Stdout+plain.Stderr, "panic") || strings.Contains(plain.Stdout, "\x00") || !utf8.ValidString(plain.Stdout) {
				t.Errorf("status: %d\n%q\n%s", plain.Code, plain.Stdout, plain.Stderr)
			}
			back := own(t, c, "resume-pdb-blockers", "--yes", "-o", "json")
			code := 0
			if tt.code != "" {
				code = 2 // there may be more than what could be read
			}
			if out := read[v1alpha1.RestoreReport](t, back); back.Code != code || len(out.Restored) != 1 || out.Restored[0].State != "Restored" {
				t.Errorf("exit code %d, %s\n%+v\n%s", back.Code, out.Outcome, out.Restored, back.Stderr)
			}
			same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
			after := shards(t, c)
			if len(after) != 1 {
				t.Fatalf("%d ConfigMaps are left", len(after))
			}
			if tt.code != "" {
				wantKept(t, damaged.Data, after[0].Data)
			}
			if s := read[v1alpha1.StatusReport](t, own(t, c, "status", "-o", "json")); len(s.Changes) != 0 {
				t.Errorf("still ours: %+v", s.Changes)
			}
			// Once the remedy is done the history is clean again.
			c.Kubectl(t, "delete", "configmap", "-n", c.Name, "-l", journal.JournalLabel).Want(t, 0)
		})
	}
}

// wantKept fails unless every line that cannot be read is there as it was.
func wantKept(t *testing.T, before, after map[string]string) {
	t.Helper()
	for key, text := range before {
		for line := range strings.SplitSeq(text, "\n") {
			if !json.Valid([]byte(line)) && !strings.Contains(after[key], line) {
				t.Errorf("%s: the line %q is lost; it is now:\n%s", key, line, after[key])
			}
		}
	}
}

// TestHalfWrittenPause: a change that was written down and never made.
func TestHalfWrittenPause(t *testing.T) {
	c := blocked(t, "half", "web", 2)
	before := shapeOfDeployment(t, c, "web")
	run := halfWritten(t, c, c.Name, "web", 2).ID
	wantChange(t, status(t, c, 0), v1alpha1.ChangeNotApplied)
	// Somebody else goes on with it, from another machine.
	r := own(t, c, "resume", "--yes").Want(t, 0)
	if !containsAll(r.Stderr, []string{run, "hanako@bastion-2", "pause-pdb-blockers deployment/half/web"}) {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
	wantReplicas(t, c, "web", 0)
	if s := status(t, c, 0); len(s.Runs) != 1 || len(s.Changes) != 1 || s.Changes[0].State != "Ours" {
		t.Errorf("it went on in another run: %+v", s)
	}
	own(t, c, "abort", run, "--yes").Want(t, 0)
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
	if s := status(t, c, 0); s.Runs[0].Outcome != "Aborted" || s.Runs[0].Open != 0 {
		t.Errorf("the run: %+v", s.Runs[0])
	}
	own(t, c, "abort", run, "--yes").Want(t, 0)
	wantOneLine(t, own(t, c, "resume", run, "--yes").Want(t, 1), "came to its end")
}

// TestAbort gives back a drain that has stopped: paused workloads, then cordons;
// what belongs to others, another run of ours included, stays.
func TestAbort(t *testing.T) {
	c := drained(t, "abort")
	c.Deployment("web", 1, quick)
	c.PDB("web", "1", "", nil)
	c.Ready("web", 1)
	before, web := shapeOfDeployment(t, c, "blocker"), shapeOfDeployment(t, c, "web")
	pause(t, c, 0, "deployment/abort/web", "--mode=scale-to-zero")
	c.Kubectl(t, "cordon", node0).Want(t, 0)
	c.Kubectl(t, "cordon", "-l", harness.PoolLabel+"=spare").Want(t, 0)
	own(t, c, "drain-pool", "old", "--pause-pdb-blockers=scale-to-zero", "--keep-paused", "--yes", "--unschedulable-timeout=3s", "--pod-timeout=10s").Want(t, 3)
	c.Kubectl(t, "uncordon", "-l", harness.PoolLabel+"=spare").Want(t, 0)
	wantReplicas(t, c, "blocker", 0)
	s := status(t, c, 0)
	at := slices.IndexFunc(s.Runs, func(r v1alpha1.RunStatus) bool { return strings.HasPrefix(r.Command, "drain-pool") })
	if len(s.Changes) != 4 || len(s.Runs) != 2 || s.Runs[at].Outcome != "Stopped" || s.Runs[at].Open != 3 {
		t.Fatalf("status: %+v %+v", s.Runs, s.Changes)
	}
	run := s.Runs[at].ID
	wantOneLine(t, own(t, c, "abort", "--yes").Want(t, 1), "which run?", s.Runs[0].ID, s.Runs[1].ID)
	dry := read[v1alpha1.RestoreReport](t, own(t, c, "abort", run, "--dry-run", "-o", "json").Want(t, 0))
	if len(dry.Restored) != 3 || dry.Restored[0].Object.Kind != "Deployment" {
		t.Errorf("the order: %+v", dry.Restored)
	}
	wantReplicas(t, c, "blocker", 0)
	out := read[v1alpha1.RestoreReport](t, own(t, c, "abort", run, "--yes", "-o", "json").Want(t, 0))
	if out.Outcome != "Done" || len(out.Restored) != 3 || out.Restored[0].Object.Name != "blocker" || out.Restored[1].Mode != "cordon" {
		t.Errorf("%s: %+v", out.Outcome, out.Restored)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "blocker"))
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 1 || !c.Node(node0).Spec.Unschedulable {
		t.Errorf("%d nodes are cordoned, want the one of somebody else (%v)", n, err)
	}
	wantReplicas(t, c, "web", 0) // the pause of another run
	giveBack(t, c, 0)
	same(t, "the other Deployment", web, shapeOfDeployment(t, c, "web"))
	wantClean(t, c)
}

// TestUncordonClosesTheRun: what uncordon-pool gives back is written down.
func TestUncordonClosesTheRun(t *testing.T) {
	c := twoPools(t, "closes", quick)
	own(t, c, "drain-pool", "old", "--yes").Want(t, 0)
	s := status(t, c, 0)
	if len(s.Runs) != 1 || s.Runs[0].Open != 3 || s.Runs[0].Outcome != "Done" || len(s.Changes) != 3 {
		t.Fatalf("status: %+v", s)
	}
	if label := shards(t, c)[0].Labels[journal.JournalLabel]; label != "open" {
		t.Errorf("label %s", label)
	}
	own(t, c, "uncordon-pool", "old").Want(t, 0)
	if s := status(t, c, 0); s.Runs[0].Open != 0 || s.Runs[0].Total != 3 {
		t.Errorf("status: %+v", s.Runs[0])
	}
	if label := shards(t, c)[0].Labels[journal.JournalLabel]; label != "closed" {
		t.Errorf("label %s", label)
	}
	wantClean(t, c)
}

// TestHistoryIsBounded: finished runs stay, but not all for ever; what is open
// stays.
func TestHistoryIsBounded(t *testing.T) {
	c := blocked(t, "history", "web", 2)
	now := time.Now().Add(-time.Hour)
	store := &journal.Store{ConfigMaps: c.Client.CoreV1().ConfigMaps(c.Name), Now: func() time.Time { return now }}
	var oldest string
	for i := range 30 {
		now = now.Add(time.Second)
		recorder, err := store.Begin(t.Context(), journal.Run{Command: []string{"drain-pool", strconv.Itoa(i)}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 { // never finished
			oldest = recorder.Run().ID
			continue
		}
		if err := recorder.Finish(t.Context(), journal.OutcomeDone); err != nil {
			t.Fatal(err)
		}
	}
	pause(t, c, 0, "pdb/history/web", "--mode=relax")
	giveBack(t, c, 0)
	runs := status(t, c, 0).Runs
	if len(runs) < 10 || len(runs) > 22 {
		t.Errorf("%d runs are kept", len(runs))
	}
	if last := runs[len(runs)-1]; last.ID != oldest {
		t.Errorf("the oldest run that is kept is %s, not the unfinished %s", last.ID, oldest)
	}
}

// TestLongJournal: ten thousand lines.
func TestLongJournal(t *testing.T) {
	c := shared.Get(t).NewScope(t, "long")
	store := &journal.Store{ConfigMaps: c.Client.CoreV1().ConfigMaps(c.Name), Now: time.Now}
	recorder, err := store.Begin(t.Context(), journal.Run{Command: []string{"drain-pool", "old"}, Operator: "hanako", Host: "hanako@bastion-2"})
	if err != nil {
		t.Fatal(err)
	}
	const lines = 10_000
	changes := make([]journal.Change, lines)
	numbers := make([]int, lines)
	for i := range changes {
		numbers[i] = i + 1
		changes[i] = journal.Change{
			Object: journal.Object{APIVersion: "v1", Kind: "Node", Name: fmt.Sprintf("aks-long-12345678-vmss%06d", i)}, UID: types.UID(fmt.Sprintf("00000000-0000-0000-0000-%012d", i)),
			Field: "spec.unschedulable", Before: json.RawMessage("null"), After: json.RawMessage("true"), Mode: "cordon",
		}
	}
	if _, err := recorder.Plan(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
	for _, state := range []journal.State{journal.Applied, journal.Restored} {
		if err := recorder.Mark(t.Context(), state, "", numbers...); err != nil {
			t.Fatal(err)
		}
		if n := len(shards(t, c)); n != 10 {
			t.Errorf("%d ConfigMaps", n)
		}
		r := own(t, c, "status", "-o", "json").Want(t, 0)
		s := read[v1alpha1.StatusReport](t, r)
		open := map[journal.State]int{journal.Applied: lines}[state]
		if len(s.Runs) != 1 || s.Runs[0].Total != lines || s.Runs[0].Open != open || len(s.Changes) != open {
			t.Errorf("%s: %+v, %d changes", state, s.Runs, len(s.Changes))
		}
		plain := own(t, c, "status").Want(t, 0)
		t.Logf("%d lines %s: status -o json took %s, status %s (%d lines of text)", lines, state, r.Took, plain.Took, strings.Count(plain.Stdout, "\n"))
	}
}

// races is how often two operators begin in the same instant.
const races = 50

// TestSameInstant: two operators have seen the same report, and say yes in the
// same instant. One works and the other is told who does: the workload ends only
// when that has been seen.
func TestSameInstant(t *testing.T) {
	c := blocked(t, "race", "web", 1, harness.Annotate("sandbox.upgrade.vantiq.com/stop-fast", "never"))
	before := shapeOfDeployment(t, c, "web")
	for i := range races {
		ended := make(chan harness.Result, 2)
		operators := []*harness.Terminal{askPause(t, c), askPause(t, c)}
		for _, operator := range operators {
			c.Eventually("it asks", func(context.Context) (bool, error) { return strings.Contains(operator.Written(), "[y/N]"), nil })
		}
		for _, operator := range operators {
			go func() {
				operator.Type("y\n")
				ended <- operator.Wait()
			}()
		}
		loser := <-ended
		if loser.Code != 4 || !containsAll(loser.Stdout, []string{"VU-532: another run holds the lock", "@", "pause-pdb-blockers deployment/race/web --mode=scale-to-zero", "since"}) {
			t.Fatalf("race %d: the first to end: exit code %d\n%s", i, loser.Code, loser.Stdout)
		}
		c.Eventually("the pod is on its way out", func(context.Context) (bool, error) {
			pods := c.Pods("web")
			return len(pods) == 1 && pods[0].DeletionTimestamp != nil, nil
		})
		now := metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}
		if err := c.Client.CoreV1().Pods(c.Name).Delete(t.Context(), c.Pods("web")[0].Name, now); err != nil {
			t.Fatal(err)
		}
		if winner := <-ended; winner.Code != 0 || !strings.Contains(winner.Stdout, "Applied") {
			t.Fatalf("race %d: exit code %d\n%s", i, winner.Code, winner.Stdout)
		}
		c.StartPlugin(t, "resume-pdb-blockers", "--yes", "--quiet", "--journal-namespace=race").Wait().Want(t, 0)
		same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	}
	wantClean(t, c)
}

// askPause starts a pause of web on a terminal, where it asks.
func askPause(t *testing.T, c *harness.Scope) *harness.Terminal {
	t.Helper()
	return c.StartPluginTerminal(t, "dumb", "pause-pdb-blockers", "deployment/race/web", "--mode=scale-to-zero", "--journal-namespace=race")
}
