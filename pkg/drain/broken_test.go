// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

func crashing(o metav1.Object) { fixture.Waiting("CrashLoopBackOff", "back-off 5m0s", 7)(o) }

// vantiqOn makes a Vantiq beside which the profile knows a StatefulSet mongodb.
func vantiqOn(nodes ...string) (*appsv1.StatefulSet, []*corev1.Pod) {
	return set("app/vantiq", nodes...)
}

// TestFloorGuardsReadyPods: what holds one of three pods, with so many Ready.
func TestFloorGuardsReadyPods(t *testing.T) {
	starting, ready := fixture.NotReady(), fixture.Option(func(metav1.Object) {})
	always := fixture.PDB("web/app", fixture.MinAvailable("2"), fixture.UnhealthyPolicy(policyv1.AlwaysAllow))
	for name, test := range map[string]struct {
		pod    fixture.Option
		others []fixture.Option
		quorum int
		force  bool
		pdb    *policyv1.PodDisruptionBudget
		age    time.Duration // since the drain saw it first
		want   string        // part of what holds it; empty: it may go
	}{
		"Ready, all are":                               {pod: ready, others: []fixture.Option{ready, ready}},
		"Ready, one is broken":                         {pod: ready, others: []fixture.Option{ready, crashing}, want: "2 of 3 Ready, floor 2"},
		"Ready, at a floor of its own":                 {pod: ready, others: []fixture.Option{crashing, crashing}, want: "1 of 3 Ready, floor 2"},
		"broken, as all are":                           {pod: crashing, others: []fixture.Option{crashing, crashing}},
		"broken, one is Ready":                         {pod: crashing, others: []fixture.Option{ready, crashing}},
		"starting, enough are Ready":                   {pod: starting, others: []fixture.Option{ready, ready}},
		"starting, too few are Ready":                  {pod: starting, others: []fixture.Option{ready, starting}, want: "may still become Ready"},
		"starting for longer than a start":             {pod: starting, others: []fixture.Option{ready, starting}, age: 3 * time.Minute},
		"not Ready under AlwaysAllow":                  {pod: starting, others: []fixture.Option{starting, starting}, pdb: always},
		"not started":                                  {pod: fixture.Phase(corev1.PodPending), others: []fixture.Option{ready, crashing}},
		"broken, of a majority that is not there":      {pod: crashing, others: []fixture.Option{ready, crashing}, quorum: 2, want: "--force lets it go"},
		"the same by force":                            {pod: crashing, others: []fixture.Option{ready, crashing}, quorum: 2, force: true},
		"broken, of a majority that is there":          {pod: crashing, others: []fixture.Option{ready, ready}, quorum: 2},
		"Ready, of a majority that is there, by force": {pod: ready, others: []fixture.Option{ready, crashing}, quorum: 2, force: true, want: "2 of 3 Ready"},
		"broken, while a replacement has no node":      {pod: crashing, others: []fixture.Option{ready, fixture.Unschedulable("0/4 nodes")}, want: "has no node"},
	} {
		t.Run(name, func(t *testing.T) {
			set := fixture.StatefulSet("web/app", fixture.Replicas(3))
			objects := []any{set, fixture.PodOf(set, "app-0", "n1", test.pod)}
			for i, o := range test.others {
				objects = append(objects, fixture.PodOf(set, []string{"app-1", "app-2"}[i], "n2", func(m metav1.Object) { m.(*corev1.Pod).Spec.NodeName = "n2"; o(m) }))
			}
			if test.pdb != nil {
				objects = append(objects, test.pdb)
			}
			s := fixture.Snapshot(objects...)
			pod := s.Pod("web", "app-0")
			owner, _ := s.Owner(pod)
			w, now := s.Workload(owner), time.Now()
			g := newGroup(owner, s, now)
			g.floor = disruption.Floor{Ready: 2, From: "update strategy", Quorum: test.quorum}
			m := newMember(Target{Pod: pod, Owner: owner}, now.Add(-test.age))
			options := DefaultOptions()
			options.Force = test.force
			e := &Engine{plan: &Plan{options: options}}
			got := e.floorHolds(g, m, w, w.Ready(), s, now)
			if (got.why == "") != (test.want == "") || !strings.Contains(got.why, test.want) || (got.why == "") != (got.show == "") {
				t.Errorf("held by %q, want %q", got, test.want)
			}
		})
	}
}

// TestWavesOfBrokenPods: they go first; what no wave may take comes last, and the
// plan says why.
func TestWavesOfBrokenPods(t *testing.T) {
	always := fixture.PDB("web/app", fixture.MinAvailable("2"), fixture.Status(0, 2, 0), fixture.UnhealthyPolicy(policyv1.AlwaysAllow))
	for name, test := range map[string]struct {
		set    string
		states []fixture.Option // by ordinal; nil is Ready
		nodes  []string
		pdb    *policyv1.PodDisruptionBudget
		force  bool
		waves  [][]string
		held   string // part of VU-214; empty: none
	}{
		"all broken": {states: []fixture.Option{crashing, crashing, crashing}, waves: [][]string{{"app-2", "app-1", "app-0"}}},
		"one Ready": {
			states: []fixture.Option{nil, crashing, crashing}, waves: [][]string{{"app-2", "app-1"}, {"app-0"}},
			held: "1 of 3 Ready, floor 2 (update strategy): its broken pods go first",
		},
		"one broken": {
			states: []fixture.Option{nil, nil, crashing}, waves: [][]string{{"app-2"}, {"app-1"}, {"app-0"}},
			held: "2 of 3 Ready, floor 2",
		},
		"the broken ones are elsewhere": {
			states: []fixture.Option{nil, crashing, crashing}, nodes: []string{"n1", "s1", "s1"}, waves: [][]string{{"app-0"}},
			held: "unless its broken ones on other nodes become Ready",
		},
		"one is starting elsewhere": {
			states: []fixture.Option{nil, nil, fixture.NotReady()}, nodes: []string{"n1", "n2", "s1"}, waves: [][]string{{"app-1"}, {"app-0"}},
		},
		"not Ready under AlwaysAllow": {states: []fixture.Option{fixture.NotReady(), fixture.NotReady(), fixture.NotReady()}, pdb: always, waves: [][]string{{"app-2", "app-1", "app-0"}}},
		"a majority that is not there": {
			set: "app/mongodb", states: []fixture.Option{nil, crashing, crashing}, waves: [][]string{{"mongodb-2", "mongodb-1", "mongodb-0"}},
			held: "--force lets it go",
		},
		"the same by force": {
			set: "app/mongodb", states: []fixture.Option{nil, crashing, crashing}, force: true, waves: [][]string{{"mongodb-2", "mongodb-1"}, {"mongodb-0"}},
			held: "its broken pods go first",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.set == "" {
				test.set = "web/app"
			}
			if test.nodes == nil {
				test.nodes = []string{"n1", "n2", "n1"}
			}
			set, pods := set(test.set, test.nodes...)
			for i, state := range test.states {
				if state != nil {
					state(pods[i])
				}
			}
			vantiq, servers := vantiqOn("s1", "m1") // makes MongoDB known to the profile
			objects := []any{set, pods, vantiq, servers}
			if test.pdb != nil {
				objects = append(objects, test.pdb)
			}
			options := DefaultOptions()
			options.Force = test.force
			plan := planOf(t, options, objects...)
			if diff := cmp.Diff(test.waves, wavesOf(plan)); diff != "" {
				t.Error(diff)
			}
			held := ""
			for _, f := range plan.Findings {
				if f.Code == "VU-214" {
					held = f.Message
				}
			}
			if (held == "") != (test.held == "") || !strings.Contains(held, test.held) {
				t.Errorf("held: %q, want %q", held, test.held)
			}
		})
	}
}

// TestRunWithBrokenPods: one that ends with all pods moved and as broken as before,
// one that stops long before --pod-timeout as only Ready pods are left that may not
// go, and one whose pods were merely not Ready.
func TestRunWithBrokenPods(t *testing.T) {
	spoil := func(l *live, app string, ordinals string, state fixture.Option) {
		l.addSet("vantiq", 1, []string{"spare"}) // makes MongoDB known to the profile
		l.sick = map[string]bool{app: true}
		for _, pod := range l.pods {
			if pod.Labels["app"] == app && strings.Contains(ordinals, pod.Name[len(pod.Name)-1:]) {
				state(pod)
			}
		}
		l.show()
	}
	for name, test := range map[string]struct {
		app, ordinals string
		state         fixture.Option
		evicted       int
		codes         []string
		within        time.Duration
	}{
		"all broken":         {"web", "01", crashing, 2, nil, time.Minute},
		"one Ready":          {"web", "1", crashing, 1, []string{"VU-214"}, 4 * time.Minute},
		"none Ready":         {"web", "01", fixture.NotReady(), 2, nil, 9 * time.Minute},
		"MongoDB, one Ready": {"mongodb", "12", crashing, 0, []string{"VU-238"}, 11 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) { spoil(l, test.app, test.ordinals, test.state) })
				if err != nil {
					t.Fatal(err)
				}
				onlyCode(t, findings, test.codes...)
				if n := l.evicted(e, test.app); n != test.evicted || time.Since(began) > test.within {
					t.Errorf("%d were evicted, want %d; after %s", n, test.evicted, time.Since(began))
				}
			})
		})
	}
}

// late lets the first pod that is asked for as not Ready become so just before the
// request arrives; the watches have not shown it.
type late struct {
	*live
	changed, refused atomic.Int32
}

func (l *late) Evict(ctx context.Context, pod *corev1.Pod, grace *int64, unchanged bool) error {
	if !cluster.IsServing(pod) && l.changed.CompareAndSwap(0, 1) {
		l.mu.Lock()
		live := l.pods[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}]
		live.Status = corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
		l.touch(live)
		l.mu.Unlock()
	}
	err := l.live.Evict(ctx, pod, grace, unchanged)
	if apierrors.IsConflict(err) {
		l.refused.Add(1)
	}
	return err
}

// TestReadyMeanwhile: a pod goes whatever the floor because it was not Ready; when it
// has become Ready since, the server is to refuse, and the floor holds it.
func TestReadyMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var server *late
		l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			for _, pod := range l.pods {
				if pod.Name == "web-1" {
					crashing(pod)
				}
			}
			server = &late{live: l}
			l.engine.Evictor = server
		})
		if err != nil || len(findings) > 0 {
			t.Fatalf("%+v (%v)", findings, err)
		}
		changed, refused, evicted := server.changed.Load(), server.refused.Load(), l.evicted(e, "web")
		if changed != 1 || refused != 1 || evicted != 2 {
			t.Errorf("changed %d times, refused %d times, %d evicted", changed, refused, evicted)
		}
	})
}

// TestMissingForBrokenPods: a rollout that is stuck has broken pods beside all of its
// Ready ones. They lower nothing, and what the drain waits for in the end is the number
// that was Ready before.
func TestMissingForBrokenPods(t *testing.T) {
	for name, test := range map[string]struct {
		replicas int
		states   []fixture.Option // nil is Ready
		missing  int
		expected int
		held     bool
	}{
		"all are Ready":                      {3, []fixture.Option{nil, nil, nil}, 0, 3, false},
		"one is broken":                      {3, []fixture.Option{nil, nil, crashing}, 1, 2, true},
		"one is broken, one is not made":     {3, []fixture.Option{nil, crashing}, 1, 2, true},
		"one more is broken":                 {3, []fixture.Option{nil, nil, nil, crashing}, 0, 3, false},
		"one more, and one in its place":     {4, []fixture.Option{nil, nil, nil, crashing, crashing}, 1, 3, true},
		"one more is broken, one is ending":  {3, []fixture.Option{nil, nil, fixture.Terminating(), nil, crashing}, 0, 3, false},
		"one more is broken, one is not yet": {3, []fixture.Option{nil, nil, fixture.NotReady(), crashing}, 0, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			set, pods := set("web/app", "n1", "n2", "n1", "n2", "n1")
			*set.Spec.Replicas = int32(test.replicas)
			objects := []any{set}
			for i, state := range test.states {
				if state != nil {
					state(pods[i])
				}
				objects = append(objects, pods[i])
			}
			plan, s := planOf(t, DefaultOptions(), objects...), fixture.Snapshot(objects...)
			m := plan.Members[0]
			if m.Missing != test.missing {
				t.Errorf("%d are missing, want %d", m.Missing, test.missing)
			}
			if got := newGroup(m.Workload.Ref, s, time.Now()).expected(); got != test.expected {
				t.Errorf("%d are expected, want %d", got, test.expected)
			}
			if held := strings.Contains(codesOf(plan.Findings), "VU-214"); held != test.held {
				t.Errorf("VU-214 %t: %s", held, codesOf(plan.Findings))
			}
		})
	}
}
