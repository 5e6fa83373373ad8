// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// looks are how long programs took to look at a cluster, and their peaks of
// resident memory in bytes.
type looks struct {
	took   []time.Duration
	memory []int64
}

// add waits for the end of a look; its findings are none of our business here.
func (l *looks) add(tb testing.TB, p *harness.Process) {
	tb.Helper()
	ctx, ended := context.WithCancel(context.Background())
	peak := watchPeak(ctx, p.Process.Pid)
	r := p.Wait()
	ended()
	if r.Code == 1 {
		tb.Fatalf("it failed: %s", r.Stderr)
	}
	l.took, l.memory = append(l.took, r.Took), append(l.memory, <-peak)
}

// places compares, in turns, what looks at all of the big cluster with reading
// nodes and pods by kubectl.
func (t *table) places(b *testing.B, s *harness.Sandbox) {
	b.Helper()
	s = s.From(b.TempDir())
	// The API server's first answers to anybody cost it more.
	s.StartPlugin(b, "placement-check", "-o", "json").Wait()
	s.StartPlugin(b, "snapshot", "first.yaml.gz").Wait().Want(b, 0)
	s.StartKubectl(b, "get", "nodes,pods", "-A", "-o", "json").Wait().Want(b, 0)
	for i := range max(t.Runs, 3) {
		t.Places.add(b, s.StartPlugin(b, "placement-check", "-o", "json"))
		t.Snapshots.add(b, s.StartPlugin(b, "snapshot", fmt.Sprintf("%d.yaml.gz", i)))
		t.Verified.add(b, s.StartPlugin(b, "verify", "--baseline", "first.yaml.gz", "-o", "json"))
		t.KubectlGet.add(b, s.StartKubectl(b, "get", "nodes,pods", "-A", "-o", "json"))
	}
}

// BenchmarkPlacement measures placement-check in the big cluster by itself.
func BenchmarkPlacement(b *testing.B) {
	for range b.N {
		s := harness.Start(b, "none", "fast")
		t := &table{Runs: 5}
		f := newFleet(b, s, "fleet", fleetNodes, fleetSets, fleetReplicas)
		f.fill(bigNodes-2*fleetNodes, bigPods-f.pods())
		t.places(b, s)
		b.ReportMetric(float64(median(t.Places.took))/float64(median(t.KubectlGet.took)), "wall/kubectl")
		b.ReportMetric(float64(slices.Max(t.Places.memory))/float64(slices.Max(t.KubectlGet.memory)), "memory/kubectl")
		for _, row := range t.placeRows() {
			b.Logf("%+v", row)
		}
	}
}

// BenchmarkJudgeAfterDrain judges them when many are where they do not belong: each
// is given a room.
func BenchmarkJudgeAfterDrain(b *testing.B) {
	const misplaced = 1000
	s := cluster.NewSnapshot(withMisplaced(bigCluster(), misplaced))
	prof, err := profile.Vantiq()
	if err != nil {
		b.Fatal(err)
	}
	in := placement.Input{Snapshot: s, Pools: pool.List(s.Nodes, prof), Profile: disruption.ViewOf(s, prof), Time: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if r := placement.Judge(in); r.Summary.Wrong != misplaced {
			b.Fatal(r.Summary)
		}
	}
}

// withMisplaced makes a pool of vantiq of the first nodes of a cluster, and a StatefulSet
// of which all pods are on the others.
func withMisplaced(o cluster.Objects, pods int) cluster.Objects {
	n, controller := int32(pods), true
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "vantiq", UID: "vantiq"}, Spec: appsv1.StatefulSetSpec{Replicas: &n}}
	o.StatefulSets = append(o.StatefulSets, set)
	home := len(o.Nodes) / 10
	for _, node := range o.Nodes {
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	}
	for _, node := range o.Nodes[:home] {
		node.Labels["kubernetes.azure.com/agentpool"] = "vantiqnp"
	}
	for i := range pods {
		o.Pods = append(o.Pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "app", Name: fmt.Sprintf("vantiq-%d", i), UID: types.UID(fmt.Sprintf("v-%d", i)), Labels: map[string]string{"app": "vantiq"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "StatefulSet", Name: set.Name, UID: set.UID, Controller: &controller}},
			},
			Spec: corev1.PodSpec{NodeName: o.Nodes[home+i%(len(o.Nodes)-home)].Name},
			Status: corev1.PodStatus{
				Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
			},
		})
	}
	return o
}

// BenchmarkJudge judges the places of the pods of a big cluster.
func BenchmarkJudge(b *testing.B) {
	s := cluster.NewSnapshot(bigCluster())
	prof, err := profile.Vantiq()
	if err != nil {
		b.Fatal(err)
	}
	in := placement.Input{Snapshot: s, Pools: pool.List(s.Nodes, prof), Profile: disruption.ViewOf(s, prof), Time: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if r := placement.Judge(in); r.Summary.Pods != bigPods {
			b.Fatal(r.Summary)
		}
	}
}
