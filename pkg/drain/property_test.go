// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"fmt"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// steps bounds one simulated drain; far more than any needs.
const steps = 20_000

// TestNoFloorIsEverBroken drains random clusters in which controllers, kubelets,
// watches and answers come in any order, and looks after every single step.
func TestNoFloorIsEverBroken(t *testing.T) {
	for seed := range int64(80) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			w := randomWorld(seed)
			e, clock := simulate(t, w, flaky{w})
			for n := 0; ; n++ {
				if n == steps {
					t.Fatalf("not finished; waits for:%s", waits(e))
				}
				if w.random.Intn(2) == 0 {
					w.step()
				}
				w.checkFloors(t)
				// Each watch has a pace of its own.
				if w.random.Intn(4) == 0 {
					w.showPods()
				}
				if w.random.Intn(4) == 0 {
					w.showBudgets()
				}
				clock.Step(100 * time.Millisecond)
				w.now = clock.Now()
				e.look(clock.Now())
				if e.finished() {
					break
				}
				for _, m := range e.next(e.snapshot, clock.Now()) {
					e.inFlight++
					e.take(answer{m, e.Evictor.Evict(context.Background(), m.Pod, nil, m.doubtful)})
					w.checkFloors(t)
				}
			}
			checkEnd(t, w, e)
		})
	}
}

// TestEvictionsAreBounded drains random clusters whose pods come back to the pool
// again and again, for reasons that are not to be seen: the drain ends, and no more
// of a workload are evicted than it has and a few.
func TestEvictionsAreBounded(t *testing.T) {
	for seed := range int64(20) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			w := randomWorld(seed)
			w.home = map[string]string{}
			for _, set := range w.sets {
				if w.random.Intn(2) == 0 {
					w.home[set.Name] = w.nodes[0].Name
				}
			}
			e, clock := simulate(t, w, flaky{w})
			for n := 0; ; n++ {
				if n == steps {
					t.Fatalf("not finished; waits for:%s", waits(e))
				}
				w.step()
				w.checkFloors(t)
				w.show()
				clock.Step(100 * time.Millisecond)
				w.now = clock.Now()
				e.look(clock.Now())
				if e.finished() {
					break
				}
				e.giveUpOnStalled(clock.Now())
				for _, m := range e.next(e.snapshot, clock.Now()) {
					e.inFlight++
					e.take(answer{m, e.Evictor.Evict(context.Background(), m.Pod, nil, m.doubtful)})
				}
			}
			for _, set := range w.sets {
				if n := w.evicted(e, set.Name); n > int(*set.Spec.Replicas)+spareEvictions {
					t.Errorf("%d of %s were evicted, it has %d", n, set.Name, *set.Spec.Replicas)
				}
			}
		})
	}
}

func randomWorld(seed int64) *world {
	w := newWorld(seed)
	nodes := w.pool(1 + w.random.Intn(4))
	for i := range 1 + w.random.Intn(4) {
		name := fmt.Sprint("set", i)
		replicas := 1 + w.random.Intn(6)
		w.addSet(name, replicas, nodes)
		if w.random.Intn(2) == 0 && replicas > 1 {
			w.budget(name, 1+w.random.Intn(2))
		}
	}
	if w.random.Intn(2) == 0 {
		// The never-together pair of the profile.
		w.addSet("vantiq", 1+w.random.Intn(3), nodes)
		w.addSet("mongodb", 3, nodes)
	}
	w.show()
	return w
}

// simulate prepares an engine whose loop the test turns by hand.
func simulate(t *testing.T, w *world, evictor Evictor, change ...func(*Options)) (*Engine, *clocktesting.FakeClock) {
	t.Helper()
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	pools := pool.List(w.nodes, prof)
	old, err := pool.Resolve(pools, "old")
	if err != nil {
		t.Fatal(err)
	}
	options := DefaultOptions()
	for _, f := range change {
		f(&options)
	}
	plan := NewPlan(w.Snapshot(), old, pools, prof, options)
	if plan.Blocked() {
		t.Fatalf("blocked: %+v", plan.Findings)
	}
	clock := clocktesting.NewFakeClock(fixture.Epoch())
	e := &Engine{Source: w, Evictor: evictor, Clock: clock, Observer: func(Event) {}}
	e.begin(plan)
	return e, clock
}

// checkFloors holds what is against the floors (StatefulSets tolerate one) and
// against the pairs that must never be disrupted together.
func (w *world) checkFloors(t *testing.T) {
	t.Helper()
	short := map[string]bool{}
	for _, set := range w.sets {
		replicas := int(*set.Spec.Replicas)
		short[set.Name] = w.serving(set) < replicas
		if serving := w.serving(set); replicas > 1 && serving < replicas-1 {
			t.Fatalf("%s has %d of %d serving", set.Name, serving, replicas)
		}
	}
	if short["vantiq"] && short["mongodb"] {
		t.Fatal("vantiq and mongodb are short of members at the same time")
	}
}

func checkEnd(t *testing.T, w *world, e *Engine) {
	t.Helper()
	if len(e.findings) > 0 {
		t.Errorf("findings: %+v", e.findings)
	}
	for _, pod := range w.pods {
		if pod.Spec.NodeName != "spare" {
			t.Errorf("%s is on %q", pod.Name, pod.Spec.NodeName)
		}
	}
	initial := 0
	for _, set := range w.sets {
		initial += int(*set.Spec.Replicas)
	}
	if len(w.evictions) != initial {
		t.Errorf("%d pods were evicted, %d were there", len(w.evictions), initial)
	}
	for uid, times := range w.evictions {
		if times != 1 {
			t.Errorf("%s was evicted %d times", uid, times)
		}
	}
	for _, r := range e.Workloads() {
		if r.ReadyAfter != r.Replicas || r.LowestReady < r.Floor {
			t.Errorf("%+v", r)
		}
	}
	for _, p := range e.Moved() {
		if p.State != stateMoved || p.ToPod != p.Name {
			t.Errorf("%+v", p)
		}
	}
}

func waits(e *Engine) string {
	text := ""
	for _, g := range e.groups {
		text += fmt.Sprintf(" %s (%s): %s;", g.ref, g.readiness(), e.waitsFor(g))
	}
	return text
}
