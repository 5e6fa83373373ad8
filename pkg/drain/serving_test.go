// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestServing: pods that the workload's own controller is about to take, as somebody
// has scaled it down, are nothing that a floor can count on.
func TestServing(t *testing.T) {
	from := func(ordinal int32) fixture.Option {
		return func(o metav1.Object) {
			o.(*appsv1.StatefulSet).Spec.Ordinals = &appsv1.StatefulSetOrdinals{Start: ordinal}
		}
	}
	unready := fixture.NotReady()
	for name, test := range map[string]struct {
		set      bool
		replicas int
		change   fixture.Option
		pods     map[int]fixture.Option // by ordinal; nil is Ready
		away     []int
		want     int
	}{
		"all are wanted":                           {replicas: 3, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil}, want: 3},
		"one is asked to go":                       {replicas: 3, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil}, away: []int{2}, want: 2},
		"a Deployment scaled down":                 {replicas: 2, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil}, want: 2},
		"of which one is asked to go":              {replicas: 2, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil}, away: []int{0}, want: 1},
		"it takes those first that are not Ready":  {replicas: 2, pods: map[int]fixture.Option{0: nil, 1: nil, 2: unready}, want: 2},
		"a StatefulSet scaled down":                {set: true, replicas: 2, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil, 3: nil}, want: 2},
		"it takes the highest ordinals, Ready too": {set: true, replicas: 2, pods: map[int]fixture.Option{0: unready, 1: nil, 2: nil}, want: 1},
		"one of those is asked to go":              {set: true, replicas: 2, pods: map[int]fixture.Option{0: nil, 1: nil, 2: nil}, away: []int{2}, want: 2},
		"its ordinals begin elsewhere":             {set: true, replicas: 2, change: from(5), pods: map[int]fixture.Option{5: nil, 6: nil, 7: nil}, want: 2},
		"scaled to zero":                           {set: true, replicas: 0, pods: map[int]fixture.Option{0: nil}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			var owner metav1.Object
			var objects []any
			if test.set {
				set := fixture.StatefulSet("app/x", fixture.Replicas(test.replicas))
				if test.change != nil {
					test.change(set)
				}
				owner, objects = set, append(objects, set)
			} else {
				d := fixture.Deployment("app/x", fixture.Replicas(test.replicas))
				rs := fixture.ReplicaSetOf(d)
				owner, objects = rs, append(objects, d, rs)
			}
			for i, state := range test.pods {
				pod := fixture.PodOf(owner, fmt.Sprintf("x-%d", i), "n1")
				if state != nil {
					state(pod)
				}
				objects = append(objects, pod)
			}
			s := fixture.Snapshot(objects...)
			w := s.FindWorkload(map[bool]string{true: "StatefulSet", false: "Deployment"}[test.set], "app", "x")
			g := newGroup(w.Ref, s, fixture.Epoch())
			for _, i := range test.away {
				g.members = append(g.members, &member{Target: Target{Pod: s.Pod("app", fmt.Sprintf("x-%d", i)), Owner: w.Ref}, phase: asking})
			}
			if got := g.serving(w); got != test.want {
				t.Errorf("%d are counted on, want %d", got, test.want)
			}
		})
	}
}
