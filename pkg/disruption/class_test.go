// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// web builds a StatefulSet app/web with so many replicas and pods.
func web(replicas, pods int) []any {
	set := fixture.StatefulSet("app/web", fixture.Replicas(replicas))
	objects := []any{set}
	for i := range pods {
		objects = append(objects, fixture.PodOf(set, fmt.Sprintf("web-%d", i), "n1"))
	}
	return objects
}

type options = []fixture.Option

func TestClassify(t *testing.T) {
	open := disruption.Verdict{Class: disruption.Open}
	verdict := func(class disruption.Class, cause string) disruption.Verdict {
		return disruption.Verdict{Class: class, Cause: cause}
	}
	allows := fixture.Status(3, 2, 1)
	full := fixture.Status(2, 2, 0)
	const unseen = "the disruption controller has not seen its latest change yet"
	sick := fixture.Waiting("CrashLoopBackOff", "back-off 5m0s", 7)

	tests := map[string]struct {
		objects []any
		pdb     options
		want    disruption.Verdict
	}{
		"open": {web(3, 3), options{fixture.MinAvailable("2"), allows}, open},

		"maxUnavailable 0": {
			web(3, 3),
			options{fixture.MaxUnavailable("0")},
			verdict(disruption.PermanentBySpec, "maxUnavailable 0 never allows an eviction"),
		},
		"maxUnavailable 0 %": {
			web(3, 3),
			options{fixture.MaxUnavailable("0%")},
			verdict(disruption.PermanentBySpec, "maxUnavailable 0% never allows an eviction"),
		},
		"maxUnavailable 1 %: rounded up to one": {web(3, 3), options{fixture.MaxUnavailable("1%"), allows}, open},
		"maxUnavailable 1 of 1":                 {web(1, 1), options{fixture.MaxUnavailable("1"), fixture.Status(1, 0, 1)}, open},
		"minAvailable 100 %": {
			web(3, 3),
			options{fixture.MinAvailable("100%")},
			verdict(disruption.PermanentBySpec, "minAvailable 100% never allows an eviction"),
		},
		"minAvailable that cannot be read": {
			web(3, 3),
			options{fixture.MinAvailable("many")},
			verdict(disruption.PermanentBySpec, "minAvailable many never allows an eviction"),
		},
		"minAvailable 0": {web(3, 3), options{fixture.MinAvailable("0"), fixture.Status(3, 0, 3)}, open},
		"telegraf-prom: minAvailable 1 of 1": {
			web(1, 1),
			options{fixture.MinAvailable("1"), fixture.Status(1, 1, 0)},
			verdict(disruption.PermanentBySize, "minAvailable 1 of 1 replica(s) never allows an eviction"),
		},
		"minAvailable over the replicas": {
			web(3, 3),
			options{fixture.MinAvailable("5"), fixture.Status(3, 5, 0)},
			verdict(disruption.PermanentBySize, "minAvailable 5 of 3 replica(s) never allows an eviction"),
		},
		"minAvailable 50 % of 1: rounded up to 1": {
			web(1, 1),
			options{fixture.MinAvailable("50%"), fixture.Status(1, 1, 0)},
			verdict(disruption.PermanentBySize, "minAvailable 50% (rounded up to 1) of 1 replica(s) never allows an eviction"),
		},
		"minAvailable 34 % of 3: rounded up to 2": {web(3, 3), options{fixture.MinAvailable("34%"), allows}, open},
		"minAvailable 67 % of 3: rounded up to 3": {
			web(3, 3),
			options{fixture.MinAvailable("67%"), fixture.Status(3, 3, 0)},
			verdict(disruption.PermanentBySize, "minAvailable 67% (rounded up to 3) of 3 replica(s) never allows an eviction"),
		},
		// The size is that of the spec, not that of this moment: the third pod is
		// on its way.
		"minAvailable as many as there are pods now": {
			web(3, 2),
			options{fixture.MinAvailable("2"), full},
			verdict(disruption.Transient, "needs 2 healthy pods, has 2"),
		},
		"a permanent budget is so whatever its status says": {
			web(3, 3),
			options{fixture.MaxUnavailable("0"), allows},
			verdict(disruption.PermanentBySpec, "maxUnavailable 0 never allows an eviction"),
		},

		"no pods: nothing to block": {web(3, 0), options{fixture.MaxUnavailable("0")}, open},
		"replicas 0, the last pod on its way out": {
			[]any{
				fixture.StatefulSet("app/web", fixture.Replicas(0)),
				fixture.Pod("app/web-0", fixture.Label("app", "web"), fixture.Terminating(), fixture.ControlledBy("StatefulSet", "web", "statefulset/app/web")),
			}, options{fixture.MinAvailable("1")}, open,
		},
		"finished pods do not count": {
			[]any{fixture.Pod("app/web-0", fixture.Label("app", "web"), fixture.Phase(corev1.PodSucceeded))},
			options{fixture.MinAvailable("1")},
			open,
		},
		"an absent selector matches nothing": {
			web(3, 3), options{fixture.MaxUnavailable("0"), fixture.Selector(nil)}, open,
		},
		"an empty selector matches the whole namespace": {
			web(3, 3),
			options{fixture.MaxUnavailable("0"), fixture.Selector(&metav1.LabelSelector{})},
			verdict(disruption.PermanentBySpec, "maxUnavailable 0 never allows an eviction"),
		},
		"pods of another namespace": {
			[]any{fixture.Pod("other/web-0", fixture.Label("app", "web"))}, options{fixture.MinAvailable("1")}, open,
		},
		"pods without a controller count one by one": {
			[]any{fixture.Pod("app/a", fixture.Label("app", "web")), fixture.Pod("app/b", fixture.Label("app", "web"))},
			options{fixture.MinAvailable("2")},
			verdict(disruption.PermanentBySize, "minAvailable 2 of 2 replica(s) never allows an eviction"),
		},

		"the controller cannot compute it": {
			web(3, 3),
			options{fixture.MinAvailable("50%"), fixture.SyncFailed(`found no controllers for pod "web-0"`)},
			verdict(disruption.Failed, `the disruption controller cannot compute it: found no controllers for pod "web-0"`),
		},
		// A failure leaves observedGeneration as it was.
		"a failure counts before a change not seen": {
			web(3, 3),
			options{fixture.MinAvailable("50%"), fixture.Generation(2), fixture.SyncFailed("x")},
			verdict(disruption.Failed, "the disruption controller cannot compute it: x"),
		},
		"a change not seen: the status is of the spec before": {
			web(3, 3), options{fixture.MinAvailable("2"), allows, fixture.Generation(2)}, verdict(disruption.Stale, unseen),
		},
		"a pod is away": {
			web(3, 3), options{fixture.MinAvailable("2"), full}, verdict(disruption.Transient, "needs 2 healthy pods, has 2"),
		},
		"a pod is sick": {
			append(web(3, 2), fixture.Pod("app/web-2", fixture.On("n1"), fixture.Label("app", "web"), sick)),
			options{fixture.MinAvailable("2"), full},
			verdict(disruption.Unhealthy, "needs 2 healthy pods, has 2; pod/app/web-2: CrashLoopBackOff (container main): back-off 5m0s"),
		},
		"a pod has no node": {
			append(web(3, 2), fixture.Pod("app/web-2", fixture.Label("app", "web"), fixture.Unschedulable("0/3 nodes are available"))),
			options{fixture.MinAvailable("2"), full},
			verdict(disruption.Unhealthy, "needs 2 healthy pods, has 2; pod/app/web-2: Pending: 0/3 nodes are available"),
		},
		"a sick pod on its way out": {
			append(web(3, 2), fixture.Pod("app/web-2", fixture.Label("app", "web"), sick, fixture.Terminating())),
			options{fixture.MinAvailable("2"), full},
			verdict(disruption.Transient, "needs 2 healthy pods, has 2"),
		},
		"a sick pod does not matter while it is open": {
			append(web(3, 2), fixture.Pod("app/web-2", fixture.Label("app", "web"), sick)),
			options{fixture.MinAvailable("1"), fixture.Status(2, 1, 1)},
			open,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pdb := fixture.PDB("app/web", test.pdb...)
			got := disruption.Classify(fixture.Snapshot(append(test.objects, pdb)...), pdb)
			if got != test.want {
				t.Errorf("got  %v\nwant %v", got, test.want)
			}
		})
	}
}

// The eviction API and the controller add up the replicas of all workloads that
// a budget selects.
func TestBudgetOverTwoWorkloads(t *testing.T) {
	tier := fixture.Label("tier", "back")
	a := fixture.StatefulSet("app/a", fixture.Replicas(1))
	d := fixture.Deployment("app/b", fixture.Replicas(2))
	rs := fixture.ReplicaSetOf(d)
	objects := []any{
		a, d, rs,
		fixture.PodOf(a, "a-0", "n1", tier), fixture.PodOf(rs, "b-x", "n1", tier), fixture.PodOf(rs, "b-y", "n2", tier),
	}
	tests := []struct {
		option fixture.Option
		room   int
		class  disruption.Class
	}{
		{fixture.MinAvailable("1"), 2, disruption.Transient},
		{fixture.MinAvailable("3"), 0, disruption.PermanentBySize},
		{fixture.MinAvailable("50%"), 1, disruption.Transient},
		{fixture.MinAvailable("70%"), 0, disruption.PermanentBySize},
		{fixture.MaxUnavailable("34%"), 2, disruption.Transient},
		{fixture.MaxUnavailable("9"), 3, disruption.Transient},
	}
	for _, test := range tests {
		pdb := fixture.PDB("app/tier", fixture.Selecting("tier", "back"), test.option)
		s := fixture.Snapshot(append(objects, pdb)...)
		if room, class := disruption.Room(s, pdb), disruption.Classify(s, pdb).Class; room != test.room || class != test.class {
			t.Errorf("%v %v: got room %d, %s, want %d, %s", pdb.Spec.MinAvailable, pdb.Spec.MaxUnavailable, room, class, test.room, test.class)
		}
	}
}

// An object of an earlier reading is the same budget still: it must not be taken
// for one without pods, which blocks nothing.
func TestClassifyTakesABudgetOfAnOlderSnapshot(t *testing.T) {
	older := fixture.PDB("app/web", fixture.MaxUnavailable("0"))
	newer := fixture.PDB("app/web", fixture.MaxUnavailable("0"))
	if got := disruption.Classify(fixture.Snapshot(append(web(3, 3), newer)...), older).Class; got != disruption.PermanentBySpec {
		t.Errorf("got %s, want %s", got, disruption.PermanentBySpec)
	}
}
