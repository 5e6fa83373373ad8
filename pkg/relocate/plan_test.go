// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relocate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// world is a cluster in which each node takes so many pods.
type world struct {
	room map[string]int
	pods []*corev1.Pod
}

// pod puts a pod on a node; replicas are those of its workload.
func (w *world) pod(name, node string, replicas int, allowed ...string) Candidate {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: name, UID: types.UID(name)}, Spec: corev1.PodSpec{NodeName: node}}
	w.pods = append(w.pods, p)
	return Candidate{Pod: p, Workload: &cluster.Workload{Replicas: replicas}, Allowed: allowed}
}

func (w *world) fit(s *cluster.Snapshot, _ *corev1.Pod, node string) string {
	if len(s.PodsOn(node)) >= w.room[node] {
		return "full"
	}
	return ""
}

// plan shows groups as "a>n1", several moves of one joined by +, and refusals as
// "a: why".
func (w *world) plan(candidates ...Candidate) []string {
	groups, refused := Plan(cluster.NewSnapshot(cluster.Objects{Pods: w.pods}), candidates, w.fit)
	shown := []string{}
	for _, g := range groups {
		var steps []string
		for _, s := range g {
			steps = append(steps, s.Pod.Name+">"+s.To)
		}
		shown = append(shown, strings.Join(steps, "+"))
	}
	for _, r := range refused {
		shown = append(shown, r.Pod.Name+": "+r.Why)
	}
	return shown
}

func TestPlan(t *testing.T) {
	tests := map[string]struct {
		room map[string]int
		plan func(*world) []string
		want []string
	}{
		"each finds room": {
			map[string]int{"n1": 1, "n2": 1},
			func(w *world) []string { return w.plan(w.pod("a", "x", 1, "n1"), w.pod("b", "x", 3, "n2")) },
			[]string{"a>n1", "b>n2"},
		},
		"two for one place": {
			map[string]int{"n1": 1},
			func(w *world) []string { return w.plan(w.pod("a", "x", 1, "n1"), w.pod("b", "x", 1, "n1")) },
			[]string{"a>n1", "b: no room on the nodes where it belongs: 1 full"},
		},
		"one makes room for the other": {
			map[string]int{"n1": 1, "n2": 1},
			func(w *world) []string { return w.plan(w.pod("a", "n2", 1, "n1"), w.pod("b", "x", 1, "n2")) },
			[]string{"a>n1", "b>n2"},
		},
		"the other way round, too": {
			map[string]int{"n1": 1, "n2": 1},
			func(w *world) []string { return w.plan(w.pod("b", "x", 1, "n2"), w.pod("a", "n2", 1, "n1")) },
			[]string{"a>n1", "b>n2"},
		},
		"a swap: the single replica goes first": {
			map[string]int{"vantiqnp": 1, "metricsnp": 1},
			func(w *world) []string {
				return w.plan(w.pod("vantiq-0", "metricsnp", 3, "vantiqnp"), w.pod("metrics-collector-0", "vantiqnp", 1, "metricsnp"))
			},
			[]string{"metrics-collector-0>metricsnp+vantiq-0>vantiqnp"},
		},
		"a ring of three": {
			map[string]int{"n1": 1, "n2": 1, "n3": 1},
			func(w *world) []string {
				return w.plan(w.pod("a", "n1", 3, "n2"), w.pod("b", "n2", 3, "n3"), w.pod("c", "n3", 1, "n1"))
			},
			[]string{"c>n1+b>n3+a>n2"},
		},
		"a swap that somebody else is in the way of": {
			map[string]int{"n1": 1, "n2": 1, "n3": 0},
			func(w *world) []string {
				return w.plan(w.pod("a", "n1", 1, "n3"), w.pod("b", "n2", 1, "n3"))
			},
			[]string{"a: no room on the nodes where it belongs: 1 full", "b: no room on the nodes where it belongs: 1 full"},
		},
		"it is the only node": {
			map[string]int{"n1": 5},
			func(w *world) []string { return w.plan(w.pod("a", "n1", 2, "n1")) },
			[]string{"a: there is no other node where it belongs"},
		},
		"the best node first": {
			map[string]int{"n1": 0, "n2": 1, "n3": 1},
			func(w *world) []string { return w.plan(w.pod("a", "x", 1, "n1", "n2", "n3")) },
			[]string{"a>n2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.plan(&world{room: test.room})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
