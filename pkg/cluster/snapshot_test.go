// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// names lists the names of objects, in order.
func names[T metav1.Object](objects []T) []string {
	var all []string
	for _, o := range objects {
		all = append(all, o.GetName())
	}
	return all
}

func TestSnapshotFindsTheOwner(t *testing.T) {
	set := fixture.StatefulSet("app/db", fixture.Replicas(3))
	deployment := fixture.Deployment("app/web", fixture.Replicas(2), fixture.MaxUnavailable("50%"))
	ofDeployment := fixture.ReplicaSetOf(deployment)
	bare := fixture.ReplicaSet("app/bare", fixture.Replicas(4))
	ofRollout := fixture.ReplicaSet("app/canary", fixture.Replicas(2), fixture.ControlledBy("Rollout", "canary", "rollout-uid"))
	daemons := fixture.DaemonSet("app/agent")
	lone := fixture.Pod("app/lone")
	ofDaemonSet := fixture.PodOf(daemons, "agent-x", "n1")
	s := fixture.Snapshot(set, deployment, ofDeployment, bare, ofRollout, daemons, lone, ofDaemonSet,
		fixture.PodsOf(set, "n1", "n2"), fixture.PodsOf(ofDeployment, "n1", "n2"), fixture.PodsOf(bare, "n1"),
		fixture.PodsOf(ofRollout, "n1", "n2"),
		fixture.Pod("app/job-x", fixture.ControlledBy("Job", "job", "job-uid")),
		fixture.Pod("app/job-y", fixture.ControlledBy("Job", "job", "job-uid"), fixture.Phase(corev1.PodSucceeded)),
		fixture.Pod("app/kafka-0", fixture.ControlledBy("Kafka", "kafka", "kafka-uid")),
	)

	type row struct {
		Name           string
		Replicas       int
		Scaled         bool
		MaxUnavailable string
		Pods           []string
	}
	want := []row{
		{"daemonset/app/agent", 1, false, "", []string{"agent-x"}},
		{"deployment/app/web", 2, true, "50%", []string{"web-rs-0", "web-rs-1"}},
		{"job/app/job", 1, false, "", []string{"job-x"}}, // a finished pod is no member
		{"kafka/app/kafka", 1, false, "", []string{"kafka-0"}},
		{"replicaset/app/bare", 4, true, "", []string{"bare-0"}},
		{"rollout/app/canary", 2, false, "", []string{"canary-0", "canary-1"}},
		{"statefulset/app/db", 3, true, "", []string{"db-0", "db-1"}},
	}
	var got []row
	for _, w := range s.Workloads() {
		r := row{Name: w.String(), Replicas: w.Replicas, Scaled: w.Scaled, Pods: names(w.Pods)}
		if w.MaxUnavailable != nil {
			r.MaxUnavailable = w.MaxUnavailable.String()
		}
		got = append(got, r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	if _, owned := s.Owner(lone); owned {
		t.Error("a pod without a controller has an owner")
	}
	if owner, _ := s.Owner(s.Pod("app", "job-y")); owner.Name != "job" {
		t.Errorf("the owner of a finished pod is %v", owner)
	}
	if !s.HasDaemonSet(daemons.UID) || s.HasDaemonSet("other") {
		t.Error("HasDaemonSet is wrong")
	}
	if owner, _ := s.Owner(s.Pod("app", "web-rs-0")); s.Workload(owner) != s.FindWorkload("Deployment", "app", "web") {
		t.Errorf("Workload and FindWorkload differ for %v", owner)
	}
	if w := s.FindWorkload("ReplicaSet", "app", "web-rs"); w != nil {
		t.Errorf("a Deployment's ReplicaSet is a workload: %v", w)
	}
}

// An owner without the field controller (a garbage collection reference only)
// creates no pod again.
func TestSnapshotWantsAController(t *testing.T) {
	pod := fixture.Pod("app/web")
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: "Backup", Name: "b", UID: "u"}}
	if owner, owned := fixture.Snapshot(pod).Owner(pod); owned {
		t.Errorf("got owner %v", owner)
	}
}

// A StatefulSet deleted with --cascade=orphan and made again leaves pods of the
// former one until it adopts them.
func TestFindWorkloadPrefersTheOneThatExists(t *testing.T) {
	set := fixture.StatefulSet("app/db", fixture.Replicas(3), fixture.UID("new"))
	orphan := fixture.Pod("app/db-0", fixture.ControlledBy("StatefulSet", "db", "former"))
	s := fixture.Snapshot(set, orphan)
	for range 20 { // maps have no order
		if w := s.FindWorkload("StatefulSet", "app", "db"); w.UID != "new" {
			t.Fatalf("got %v", w)
		}
		if all := s.Workloads(); all[0].UID != "former" || all[1].UID != "new" {
			t.Fatalf("got %v, %v", all[0].Ref, all[1].Ref)
		}
	}
}

func TestReplicasDefaultToOne(t *testing.T) {
	d := fixture.Deployment("app/web")
	d.Spec.Replicas = nil
	if w := fixture.Snapshot(d).FindWorkload("Deployment", "app", "web"); w.Replicas != 1 {
		t.Errorf("got %d", w.Replicas)
	}
}

func TestReadyDoesNotCountPodsOnTheirWayOut(t *testing.T) {
	set := fixture.StatefulSet("app/db", fixture.Replicas(5))
	s := fixture.Snapshot(set,
		fixture.PodOf(set, "db-0", "n1"),
		fixture.PodOf(set, "db-1", "n1", fixture.Terminating()), // still answers
		fixture.PodOf(set, "db-2", "n1", fixture.NotReady()),
		fixture.PodOf(set, "db-3", "n1", fixture.Phase(corev1.PodPending)),
		fixture.PodOf(set, "db-4", "n1", fixture.Phase(corev1.PodFailed)),
	)
	w := s.FindWorkload("StatefulSet", "app", "db")
	if got := w.Ready(); got != 1 {
		t.Errorf("got %d Ready, want 1", got)
	}
	if diff := cmp.Diff([]string{"db-0", "db-1", "db-2", "db-3"}, names(w.Pods)); diff != "" {
		t.Errorf("pods, -want +got:\n%s", diff)
	}
}

func TestPDBsOf(t *testing.T) {
	budgets := []*policyv1.PodDisruptionBudget{
		fixture.PDB("app/web"),
		fixture.PDB("app/all", fixture.Selector(&metav1.LabelSelector{})),
		fixture.PDB("app/none", fixture.Selector(nil)),
		fixture.PDB("app/expression", fixture.Selector(&metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpIn, Values: []string{"web", "api"}}},
		})),
		// No server accepts it; it selects nothing.
		fixture.PDB("app/broken", fixture.Selector(&metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like", Values: []string{"w*"}}},
		})),
		fixture.PDB("other/web"),
	}
	web, plain, finished := fixture.Pod("app/web-0", fixture.Label("app", "web")), fixture.Pod("app/plain"), fixture.Pod("app/done", fixture.Phase(corev1.PodSucceeded))
	objects := []any{web, plain, finished}
	for _, pdb := range budgets {
		objects = append(objects, pdb)
	}
	s := fixture.Snapshot(objects...)

	if diff := cmp.Diff([]string{"all", "expression", "web"}, names(s.PDBsOf(web))); diff != "" {
		t.Errorf("PDBsOf a labelled pod, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"all"}, names(s.PDBsOf(plain))); diff != "" {
		t.Errorf("PDBsOf a pod without labels, -want +got:\n%s", diff)
	}
	want := map[string][]string{
		"app/web": {"web-0"}, "app/all": {"plain", "web-0"}, "app/none": nil, "app/expression": {"web-0"}, "app/broken": nil, "other/web": nil,
	}
	for _, pdb := range budgets {
		if diff := cmp.Diff(want[pdb.Namespace+"/"+pdb.Name], names(s.PodsOf(pdb))); diff != "" {
			t.Errorf("PodsOf %s/%s, -want +got:\n%s", pdb.Namespace, pdb.Name, diff)
		}
	}
}

func TestWithPodsChangesThePodsOnly(t *testing.T) {
	set := fixture.StatefulSet("app/db", fixture.Replicas(2))
	before := fixture.Snapshot(set, fixture.Node("n1"), fixture.PDB("app/db"), fixture.PodsOf(set, "n1", "n1"))
	after := before.WithPods(fixture.PodsOf(set, "n2"))

	if diff := cmp.Diff([]string{"db-0", "db-1"}, names(before.PodsOn("n1"))); diff != "" {
		t.Errorf("the first Snapshot has changed, -want +got:\n%s", diff)
	}
	if got := after.PodsOn("n1"); got != nil {
		t.Errorf("the second has pods of the first: %v", names(got))
	}
	w := after.FindWorkload("StatefulSet", "app", "db")
	if w.Replicas != 2 || w.Ready() != 1 || after.Node("n1") == nil || len(after.PDBsOf(w.Pods[0])) != 1 {
		t.Errorf("got replicas %d, ready %d, node %v, PDBs %v", w.Replicas, w.Ready(), after.Node("n1"), after.PDBsOf(w.Pods[0]))
	}
}

func TestSnapshotLooksUp(t *testing.T) {
	s := fixture.Snapshot(
		fixture.Node("n3"), fixture.Node("n1"), fixture.Node("n2"),
		fixture.Pod("b/x", fixture.On("n1")), fixture.Pod("a/y", fixture.On("n1")), fixture.Pod("a/x", fixture.On("n1")), fixture.Pod("a/z"),
	)
	if diff := cmp.Diff([]string{"n1", "n2", "n3"}, names(s.Nodes)); diff != "" {
		t.Errorf("nodes, -want +got:\n%s", diff)
	}
	if s.Node("n2").Name != "n2" || s.Node("n4") != nil || s.Node("") != nil {
		t.Error("Node finds the wrong one")
	}
	if s.Pod("b", "x").Namespace != "b" || s.Pod("b", "y") != nil {
		t.Error("Pod finds the wrong one")
	}
	if diff := cmp.Diff([]string{"x", "y", "x"}, names(s.PodsOn("n1"))); diff != "" {
		t.Errorf("pods by namespace and name, -want +got:\n%s", diff)
	}
	if got := s.PodsOn(""); got != nil {
		t.Errorf("pods without a node are on one: %v", names(got))
	}
	if s.FindWorkload("Deployment", "a", "x") != nil || s.Workload(cluster.Ref{UID: "x"}) != nil {
		t.Error("there are no workloads")
	}
}

// A PDB's percentage must come through as it is; cmp would hide a rounding.
func TestMaxUnavailableIsKeptAsWritten(t *testing.T) {
	w := fixture.Snapshot(fixture.Deployment("app/web", fixture.MaxUnavailable("25%"))).FindWorkload("Deployment", "app", "web")
	if *w.MaxUnavailable != intstr.FromString("25%") {
		t.Errorf("got %v", w.MaxUnavailable)
	}
}
