// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestAskedAfterScaling: how many of a set's pods, all of them Ready on the pool, are
// asked to go at once after somebody has scaled it. Its controller has not deleted a
// pod yet; it will those of the highest ordinals.
func TestAskedAfterScaling(t *testing.T) {
	for name, test := range map[string]struct {
		before, after int
		want          int
	}{
		"as it was":                  {4, 4, 1},
		"scaled up":                  {3, 6, 0}, // three are not there yet
		"scaled down":                {4, 2, 3}, // the two that the set takes away anyhow, and one
		"scaled to one":              {4, 1, 0},
		"one, as the plan announced": {1, 1, 1},
		"scaled to nothing":          {4, 0, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(1)
			w.addSet("web", test.before, w.pool(2))
			w.show()
			e, clock := simulate(t, w, w)
			w.sets[0] = w.sets[0].DeepCopy()
			w.sets[0].Spec.Replicas = new(int32(test.after))
			w.show()
			e.look(clock.Now())
			if got := len(e.next(e.snapshot, clock.Now())); got != test.want {
				t.Errorf("%d were asked for, want %d; floor %+v", got, test.want, e.groups[0].floor)
			}
		})
	}
}

// TestFloorFollows what somebody changes during the drain, and never down to a downtime
// that the plan did not announce.
func TestFloorFollows(t *testing.T) {
	of := func(replicas int, tolerates string) []any {
		d := fixture.Deployment("app/web", fixture.Replicas(replicas), fixture.MaxUnavailable(tolerates))
		rs := fixture.ReplicaSetOf(d)
		objects := []any{d, rs}
		for _, pod := range fixture.PodsOf(rs, "n1", "n2") {
			objects = append(objects, pod)
		}
		return objects
	}
	for name, test := range map[string]struct {
		before, after []any
		want          disruption.Floor
	}{
		"nothing":                     {of(6, "3"), of(6, "3"), disruption.Floor{Ready: 3, From: "update strategy"}},
		"it tolerates less":           {of(6, "3"), of(6, "1"), disruption.Floor{Ready: 5, From: "update strategy"}},
		"it tolerates more":           {of(6, "1"), of(6, "3"), disruption.Floor{Ready: 3, From: "update strategy"}},
		"it tolerates everything":     {of(6, "1"), of(6, "100%"), disruption.Floor{Ready: 1, From: unannounced}},
		"scaled to one":               {of(2, "1"), of(1, "1"), disruption.Floor{Ready: 1, From: unannounced}},
		"scaled to nothing":           {of(2, "1"), of(0, "1"), disruption.Floor{From: "no replicas"}},
		"one, as announced":           {of(1, "1"), of(1, "1"), disruption.Floor{From: "single replica"}},
		"all, as announced":           {of(2, "100%"), of(2, "100%"), disruption.Floor{From: "update strategy"}},
		"one after two, as announced": {of(2, "100%"), of(1, "100%"), disruption.Floor{From: "single replica"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan, s := planOf(t, DefaultOptions(), test.before...), fixture.Snapshot(test.after...)
			ref := plan.Members[0].Workload.Ref
			e, g, w := &Engine{plan: plan}, newGroup(ref, s, time.Now()), s.Workload(ref)
			if e.refreshFloor(g, w, s); g.floor != test.want {
				t.Errorf("%+v, want %+v", g.floor, test.want)
			}
		})
	}
}

// TestLastOneStays: a set that is scaled to one during the drain is not taken away; its
// drain ends soon and says what to do.
func TestLastOneStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			time.AfterFunc(10*time.Millisecond, func() { // one is on its way by then
				l.mu.Lock()
				defer l.mu.Unlock()
				l.sets[1] = l.sets[1].DeepCopy()
				l.sets[1].Spec.Replicas = new(int32(1))
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		onlyCode(t, findings, "VU-243")
		if f := findings[0]; f.Severity != v1alpha1.SeverityError || !strings.Contains(f.Message, "scaled 2 → 1 by somebody else") || !strings.Contains(f.Message, "pod/app/web-0") {
			t.Errorf("%+v", f)
		}
		if l.serving(l.sets[1]) != 1 || l.pods[types.NamespacedName{Namespace: "app", Name: "web-0"}] == nil || time.Since(l.start) > 5*time.Minute {
			t.Errorf("%d of web serve after %s", l.serving(l.sets[1]), time.Since(l.start))
		}
		told := 0
		for _, f := range append(findings, e.readBack(l.Snapshot(), &v1alpha1.DrainResult{})...) {
			if f.Object == (cluster.Ref{Kind: cluster.KindStatefulSet, Namespace: "app", Name: "web"}).String() {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}
