// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// watched drains two sets and keeps every status and event.
func watched(t *testing.T, change func(*live)) (statuses []Status, events []Event) {
	t.Helper()
	l := &live{world: newWorld(1)}
	nodes := l.pool(3)
	l.addSet("mongodb", 3, nodes)
	l.addSet("web", 2, nodes)
	l.show()
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	pools := pool.List(l.nodes, prof)
	old, err := pool.Resolve(pools, "old")
	if err != nil {
		t.Fatal(err)
	}
	change(l)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	go l.turn(ctx)
	e := &Engine{
		Source: l, Evictor: l, Clock: clock.RealClock{},
		Observer: func(e Event) { events = append(events, e) },
		Progress: func(s Status) { statuses = append(statuses, s) },
	}
	_, _ = e.Run(ctx, NewPlan(l.Snapshot(), old, pools, prof, DefaultOptions()))
	stop()
	time.Sleep(time.Second)
	return statuses, events
}

// TestStatus adds up in every status, comes no more often than somebody can
// read, and gives an estimate when something was measured and no earlier.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		statuses, events := watched(t, func(*live) {})
		if len(statuses) < 2 {
			t.Fatalf("%d statuses", len(statuses))
		}
		for i, s := range statuses {
			if s.Total != 5 || s.Gone+s.Leaving+s.ToGo != s.Total || len(s.Workloads) != 2 {
				t.Errorf("%+v", s)
			}
			if i > 0 && (s.Time.Sub(statuses[i-1].Time) < statusEvery || s.Gone < statuses[i-1].Gone) {
				t.Errorf("%+v follows %+v", s, statuses[i-1])
			}
		}
		if statuses[0].Left != 0 {
			t.Errorf("%s left, told from nothing", statuses[0].Left)
		}
		gone, ready := 0, 0
		for _, e := range events {
			switch e.Type {
			case Gone:
				gone++
			case Replaced:
				ready++
				if e.ToPod == "" || e.ToNode != "spare" || e.Took <= 0 || !e.Floored || e.Replicas == 0 {
					t.Errorf("%+v", e)
				}
			default:
			}
			if e.Gone != gone || e.Total != 5 {
				t.Errorf("%d gone: %+v", gone, e)
			}
		}
		if gone != 5 || ready != 5 {
			t.Errorf("%d gone, %d ready", gone, ready)
		}
	})
}

// TestStatusOfAWait says what is waited for and since when, and estimates
// nothing; the reminder says for how long.
func TestStatusOfAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		statuses, events := watched(t, func(l *live) { l.full = true })
		last := statuses[len(statuses)-1]
		for _, w := range last.Workloads {
			if w.Waits == "" || w.Whole || w.Since.Before(began) || w.Since.After(began.Add(10*time.Second)) {
				t.Errorf("%+v", w)
			}
		}
		if last.Left != 0 {
			t.Errorf("%s left while nothing can go on", last.Left)
		}
		again := 0
		for _, e := range events {
			if e.Type == Waiting && e.Again {
				again++
				if e.Took < 30*time.Second {
					t.Errorf("again after %s", e.Took)
				}
			}
		}
		if again != 2 {
			t.Errorf("told again %d times, want once a workload", again)
		}
	})
}

// TestChains puts together the workloads that wait for each other.
func TestChains(t *testing.T) {
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(1)
	nodes := w.pool(2)
	for _, name := range []string{"vantiq", "mongodb", "web"} {
		w.addSet(name, 2, nodes)
	}
	w.show()
	e := &Engine{Source: w, Clock: clock.RealClock{}, Observer: func(Event) {}}
	pools := pool.List(w.nodes, prof)
	e.begin(NewPlan(w.Snapshot(), pools[0], pools, prof, DefaultOptions()))
	byName := map[string]int{}
	for ref, chain := range e.chainsOf() {
		byName[ref.Name] = chain
	}
	if byName["vantiq"] != byName["mongodb"] || byName["vantiq"] == byName["web"] {
		t.Errorf("%v", byName)
	}
}
