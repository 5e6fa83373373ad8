// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// ownedButNotControlled gives a pod owners none of which is its controller.
func ownedButNotControlled(owners ...metav1.OwnerReference) fixture.Option {
	return func(o metav1.Object) { o.SetOwnerReferences(owners) }
}

// TestOwnersOfOtherGroups: a kind of another group is not the builtin one of the
// same name, in any part of a plan.
func TestOwnersOfOtherGroups(t *testing.T) {
	set := fixture.StatefulSet("app/queue", fixture.Replicas(2))
	kruise := func(kind, name string) fixture.Option {
		return fixture.ControlledBy(kind+".apps.kruise.io", name, "uid-of-kruise")
	}
	plan := planOf(t, DefaultOptions(), set, fixture.PodOf(set, "queue-0", "n1"), fixture.PodOf(set, "queue-1", "n2"),
		fixture.Pod("app/other-0", fixture.On("n1"), fixture.Label("app", "other"), kruise("StatefulSet", "queue")),
		fixture.PDB("app/other", fixture.MaxUnavailable("0"), fixture.Status(1, 1, 0)),
		fixture.Pod("app/agent-1", fixture.On("n1"), fixture.ControlledBy("DaemonSet.apps.kruise.io", "agent", "uid-of-agent")),
		fixture.Pod("app/agent-2", fixture.On("n2"), fixture.ControlledBy("DaemonSet.apps.kruise.io", "agent", "uid-of-agent")),
		fixture.Pod("app/agent-3", fixture.On("n2"), fixture.Phase(corev1.PodFailed), fixture.ControlledBy("DaemonSet.apps.kruise.io", "agent", "uid-of-agent")),
		fixture.Pod("app/work", fixture.On("n2"), fixture.ControlledBy("Job.batch.volcano.sh", "work", "uid-of-work")),
	)
	want := `Error VU-201 pdb/app/other
Warning VU-213 job.batch.volcano.sh/app/work
Warning VU-213 statefulset.apps.kruise.io/app/queue
Info VU-228 daemonset.apps.kruise.io/app/agent`
	if diff := cmp.Diff(want, codesOf(plan.Findings)); diff != "" {
		t.Error(diff)
	}
	if remedy := plan.Findings[0].Remedy; remedy != "kubectl vantiq-upgrade pause-pdb-blockers pdb/app/other --mode=relax" {
		t.Errorf("the budget is opened by %q", remedy)
	}
	if message := plan.Findings[3].Message; message != "its 2 pods stay with their nodes, as those of a DaemonSet do" {
		t.Error(message)
	}
	type line struct {
		Group, Kind, Name string
		Replicas, Floor   int
	}
	var lines []line
	for _, w := range plan.Report().Workloads {
		lines = append(lines, line{w.Group, w.Kind, w.Name, w.Replicas, w.Floor})
	}
	if diff := cmp.Diff([]line{
		{"batch.volcano.sh", "Job", "work", 1, 0},
		{"apps.kruise.io", "StatefulSet", "queue", 1, 0},
		{"", "StatefulSet", "queue", 2, 1},
	}, lines); diff != "" {
		t.Error(diff)
	}
	if plan.Stay != 2 {
		t.Errorf("%d stay", plan.Stay)
	}
	for _, target := range plan.Targets {
		if target.Pod.Name == "agent-3" && refOf(target).Kind != "Pod" {
			t.Error("a finished agent has its controller wait for it")
		}
	}
}

// TestMarksNameTheGroup: what a cordon's mark says is found again by the next run.
func TestMarksNameTheGroup(t *testing.T) {
	pod := fixture.Pod("app/queue-0", fixture.On("n1"), fixture.ControlledBy("StatefulSet.apps.kruise.io", "queue", "1"))
	plan := planOf(t, DefaultOptions(), pod)
	marked := plan.workloadsOn("n1")
	if diff := cmp.Diff([]string{"StatefulSet.apps.kruise.io/app/queue"}, marked); diff != "" {
		t.Fatal(diff)
	}
	if w := fixture.Snapshot(pod).FindWorkload("StatefulSet.apps.kruise.io", "app", "queue"); w == nil || w.Ref != plan.Members[0].Workload.Ref {
		t.Errorf("found %v", w)
	}
}

// TestOwnersWithoutControl: an owner that is not the controller is named, and
// creates nothing again.
func TestOwnersWithoutControl(t *testing.T) {
	flow := metav1.OwnerReference{APIVersion: "argoproj.io/v1alpha1", Kind: "Workflow", Name: "nightly", UID: "1"}
	lock := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "lock", UID: "2", Controller: new(false)}
	for _, tt := range []struct {
		options []fixture.Option
		want    string
	}{
		{nil, "no controller creates it again: it would be lost"},
		{[]fixture.Option{ownedButNotControlled(flow)}, "owned by workflow.argoproj.io/nightly, which is not its controller; nobody is known to create it again: it would be lost"},
		{[]fixture.Option{ownedButNotControlled(flow, lock)}, "owned by workflow.argoproj.io/nightly and configmap/lock, none of which is its controller; nobody is known to create it again: it would be lost"},
	} {
		plan := planOf(t, DefaultOptions(), fixture.Pod("app/x", append(tt.options, fixture.On("n1"))...))
		if len(plan.Findings) != 1 || plan.Findings[0].Code != "VU-211" || plan.Findings[0].Message != tt.want {
			t.Errorf("got %+v, want %s", plan.Findings, tt.want)
		}
	}
}

// TestPairingByName: a kind that is not read may give the name to the successor, or a new
// one; the name of another that went is not taken for it.
func TestPairingByName(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  string
		fresh []string
		want  map[string]string
	}{
		"names are given":              {"StatefulSet.apps.kruise.io", []string{"queue-0", "queue-1"}, map[string]string{"queue-0": "queue-0", "queue-1": "queue-1"}},
		"the other came first":         {"StatefulSet.apps.kruise.io", []string{"queue-1"}, map[string]string{"queue-0": "", "queue-1": "queue-1"}},
		"names are new":                {"CloneSet.apps.kruise.io", []string{"queue-a", "queue-b"}, map[string]string{"queue-0": "queue-a", "queue-1": "queue-b"}},
		"a Deployment":                 {"ReplicaSet", []string{"queue-a"}, map[string]string{"queue-0": "queue-a", "queue-1": ""}},
		"a StatefulSet that has grown": {"StatefulSet", []string{"queue-1", "queue-7"}, map[string]string{"queue-0": "", "queue-1": "queue-1"}},
	} {
		owner := fixture.ControlledBy(tt.kind, "queue", "1")
		before := fixture.Snapshot(fixture.Pod("app/queue-0", owner), fixture.Pod("app/queue-1", owner))
		ref, _ := before.Owner(before.Pod("app", "queue-0"))
		g := newGroup(ref, before, fixture.Epoch())
		for i, pod := range before.Pods() {
			g.members = append(g.members, &member{Target: Target{Pod: pod, Owner: ref}, phase: gone, took: evicted, leftAt: fixture.Epoch().Add(time.Duration(i) * time.Second)})
		}
		var fresh []any
		for _, name := range tt.fresh {
			pod := fixture.Pod("app/"+name, owner)
			pod.UID = "new-" + pod.UID
			fresh = append(fresh, pod)
		}
		after := fixture.Snapshot(fresh...)
		g.observe(after.Workload(cluster.Ref{UID: "1"}), nil, fixture.Epoch())
		got := map[string]string{}
		for _, m := range g.members {
			if got[m.Pod.Name] = ""; m.successor != nil {
				got[m.Pod.Name] = m.successor.Name
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestOwnersThatMakeNothing: a kind that is not read is known by its pods only, and
// is missed when the last one is gone; nothing comes back of what was deleted, nor
// of what ends by itself.
func TestOwnersThatMakeNothing(t *testing.T) {
	never := func(o metav1.Object) { o.(*corev1.Pod).Spec.RestartPolicy = corev1.RestartPolicyNever }
	for name, tt := range map[string]struct {
		options []fixture.Option
		whole   bool
	}{
		"a kind that is not read":           {[]fixture.Option{fixture.ControlledBy("StatefulSet.apps.kruise.io", "queue", "1")}, false},
		"one whose pods end by themselves":  {[]fixture.Option{fixture.ControlledBy("Workflow.argoproj.io", "flow", "1"), never}, true},
		"a StatefulSet that was deleted":    {[]fixture.Option{fixture.ControlledBy("StatefulSet", "db", "1")}, true},
		"a Job":                             {[]fixture.Option{fixture.ControlledBy("Job", "backup", "1"), never}, true},
		"what another group calls a Job":    {[]fixture.Option{fixture.ControlledBy("Job.batch.volcano.sh", "work", "1"), never}, true},
		"one of them that is made to serve": {[]fixture.Option{fixture.ControlledBy("Job.batch.volcano.sh", "work", "1")}, false},
	} {
		before := fixture.Snapshot(fixture.Pod("app/x-0", tt.options...))
		ref, _ := before.Owner(before.Pod("app", "x-0"))
		g := newGroup(ref, before, fixture.Epoch())
		g.members = []*member{{Target: Target{Pod: before.Pod("app", "x-0"), Owner: ref}, phase: gone, took: evicted, leftAt: fixture.Epoch()}}
		g.observe(fixture.Snapshot().Workload(ref), nil, fixture.Epoch())
		if g.isWhole() != tt.whole {
			t.Errorf("%s: whole is %v, %s", name, g.isWhole(), g.readiness())
		}
	}
}
