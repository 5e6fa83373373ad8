// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// live is a world that goes on by itself while an engine runs.
type live struct {
	mu sync.Mutex
	*world
	engine *Engine
	start  time.Time
	// frozen keeps it from going on: kubelets and controllers are dead.
	frozen bool
	// away is how long the API server is away from the start on; the engine is
	// told so as the lock's renewal does.
	away time.Duration
	// hangs makes the server take evictions without an answer until the end.
	hangs bool
}

func (l *live) Snapshot() *cluster.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.world.Snapshot()
}

func (l *live) Evict(ctx context.Context, pod *corev1.Pod, grace *int64, unchanged bool) error {
	if l.isAway() {
		return syscall.ECONNREFUSED
	}
	if l.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.world.Evict(ctx, pod, grace, unchanged)
}

func (l *live) isAway() bool { return time.Since(l.start) < l.away }

// turn lets the world take a step every 20 ms until ctx ends.
func (l *live) turn(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		if l.isAway() {
			l.engine.ServerAway()
			continue
		}
		l.mu.Lock()
		if !l.frozen {
			l.step()
		}
		l.show()
		l.mu.Unlock()
	}
}

// run drains a world of the sets mongodb (3) and web (2) in bubble time. change
// prepares the world and the context.
func run(t *testing.T, options Options, change func(*live, context.CancelFunc)) (*live, *Engine, []v1alpha1.Finding, error) {
	t.Helper()
	l := &live{world: newWorld(1), start: time.Now()}
	e := &Engine{Source: l, Evictor: l, Clock: clock.RealClock{}, Observer: func(Event) {}}
	l.engine = e
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
	ctx, cancel := context.WithCancel(t.Context())
	turning, stop := context.WithCancel(context.Background())
	if change != nil {
		change(l, cancel)
	}
	l.show()
	go l.turn(turning)
	findings, err := e.Run(ctx, NewPlan(l.Snapshot(), old, pools, prof, options))
	cancel()
	stop()
	time.Sleep(time.Second) // the world stands still
	return l, e, findings, err
}

func onlyCode(t *testing.T, findings []v1alpha1.Finding, codes ...string) {
	t.Helper()
	var got []string
	for _, f := range findings {
		got = append(got, f.Code)
	}
	slices.Sort(got)
	if !slices.Equal(got, codes) {
		t.Errorf("findings %+v, want %v", findings, codes)
	}
}

func TestRunToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e, findings, err := run(t, DefaultOptions(), nil)
		if err != nil || len(findings) > 0 {
			t.Fatalf("%v, %+v", err, findings)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		checkEnd(t, l.world, e)
	})
}

// TestRunInterrupted returns at once, though the server holds a request.
func TestRunInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at time.Time
		_, e, _, err := run(t, DefaultOptions(), func(l *live, cancel context.CancelFunc) {
			l.hangs = true
			time.AfterFunc(5*time.Second, func() { at = time.Now(); cancel() })
		})
		if !errors.Is(err, context.Canceled) || time.Since(at) > 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(at))
		}
		if moved := e.Moved(); len(moved) != 5 || moved[0].State == stateMoved {
			t.Errorf("%+v", moved)
		}
		time.Sleep(requestTimeout) // the held requests end
	})
}

// TestRunAgainstDeadKubelets gives each workload up after its pod time-out.
func TestRunAgainstDeadKubelets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := DefaultOptions()
		options.PodTimeout = time.Minute
		began := time.Now()
		l, _, findings, err := run(t, options, func(l *live, _ context.CancelFunc) { l.frozen = true })
		if err != nil {
			t.Fatal(err)
		}
		onlyCode(t, findings, "VU-232", "VU-232")
		if took := time.Since(began); took < time.Minute || took > 3*time.Minute {
			t.Errorf("gave up after %s", took)
		}
		if len(l.evictions) != 2 {
			t.Errorf("%d pods were evicted, one a workload may be", len(l.evictions))
		}
	})
}

// TestRunTimesOut stops at --timeout with everything as it is.
// TestRunWhileTheServerIsAway: for longer than any time-out but that of the whole
// drain nothing moves, because the API server is away; then all goes on.
func TestRunWhileTheServerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			l.away = 40 * time.Minute
		})
		if err != nil || len(findings) > 0 {
			t.Fatalf("%v, %+v", err, findings)
		}
		if moved := e.Moved(); len(moved) != 5 || l.serving(l.sets[0]) != 3 {
			t.Errorf("moved %d, %d serve", len(moved), l.serving(l.sets[0]))
		}
	})
}

func TestRunTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := DefaultOptions()
		options.Timeout = 30 * time.Second
		_, _, findings, err := run(t, options, func(l *live, _ context.CancelFunc) { l.frozen = true })
		if err != nil {
			t.Fatal(err)
		}
		onlyCode(t, findings, "VU-234")
	})
}

// TestRunWithoutRoom stops before the next member of each workload.
func TestRunWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) { l.full = true })
		if err != nil {
			t.Fatal(err)
		}
		onlyCode(t, findings, "VU-231", "VU-231")
		if len(l.evictions) != 2 {
			t.Errorf("%d pods were evicted", len(l.evictions))
		}
	})
}

// TestRunWorkloadDeleted expects nothing of a workload that is deleted in the
// middle.
func TestRunWorkloadDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			time.AfterFunc(50*time.Millisecond, func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.sets = l.sets[1:] // mongodb
				for key, pod := range l.pods {
					if pod.Labels["app"] == "mongodb" {
						delete(l.pods, key)
					}
				}
			})
		})
		if err != nil || len(findings) > 0 {
			t.Fatalf("%v, %+v", err, findings)
		}
		for _, p := range e.Moved() {
			if p.State != stateGone && p.State != stateMoved {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestRefusedNamesTheBudgets: the server's own sentence does not.
func TestRefusedNamesTheBudgets(t *testing.T) {
	pod := fixture.Pod("app/db-0")
	f := refused(pod, "more than one PodDisruptionBudget.", []*policyv1.PodDisruptionBudget{fixture.PDB("app/db"), fixture.PDB("app/all")})
	if !strings.Contains(f.Message, "db and all") || f.Remedy != "kubectl describe pdb -n app db all # and leave one of them" {
		t.Errorf("%+v", f)
	}
	if f := refused(pod, "no", nil); f.Message != "no" || !strings.Contains(f.Remedy, "kubectl describe pod -n app db-0") {
		t.Errorf("%+v", f)
	}
}

// TestRefusalOutlivesOtherCauses: what the server answered is told for as long as
// it holds the pod, also when the floor has held it in between.
func TestRefusalOutlivesOtherCauses(t *testing.T) {
	m, now := &member{backoff: patience.NewBackoff()}, time.Now()
	m.answered(verdict{reaction: awaitBudget, cause: "the budget is still being processed"}, nil, now)
	m.cause = "2 of 3 Ready, floor 2"
	if cause := retryPause(m, nil, now.Add(time.Second)); cause != "the budget is still being processed" {
		t.Errorf("it is held because %q", cause)
	}
	if cause := retryPause(m, nil, now.Add(budgetPatience)); cause != "" {
		t.Errorf("it is held still because %q", cause)
	}
}
