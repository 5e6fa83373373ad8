// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

func TestMain(m *testing.M) {
	// Messages show local time beside UTC; here they must differ everywhere.
	time.Local = time.FixedZone("JST", 9*60*60)
	m.Run()
}

// The tests of this package run in bubbles (testing/synctest). A bubble ends only
// when every goroutine in it has, so that each of them also proves that no
// renewal goes on after the end.

func TestAcquireWhenNobodyHasIt(t *testing.T) {
	tests := map[string]func(*server){
		"no lease yet": func(*server) {},
		"given back": func(s *server) {
			s.lease = &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: new("")}}
		},
		"made by hand, empty": func(s *server) { s.lease = &coordinationv1.Lease{} },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				prepare(s)
				ctx, lock := acquire(t, s.locker("ops@bastion", 42, 42))
				if lock.TakenOver != "" || ctx.Err() != nil {
					t.Errorf("taken over from %q, context %v", lock.TakenOver, ctx.Err())
				}
				lease := s.seen()
				if got := ptr.Deref(lease.Spec.HolderIdentity, ""); got != "ops@bastion/42" {
					t.Errorf("holder %q", got)
				}
				if got := lease.Annotations["upgrade.vantiq.com/command"]; got != "drain-pool mongodbnp" {
					t.Errorf("command %q", got)
				}
				if got := ptr.Deref(lease.Spec.LeaseDurationSeconds, 0); got != 30 {
					t.Errorf("lease of %d s", got)
				}
				if !lease.Spec.AcquireTime.Time.Equal(s.clock.Now()) || !lease.Spec.RenewTime.Time.Equal(s.clock.Now()) {
					t.Errorf("acquired %v, renewed %v", lease.Spec.AcquireTime, lease.Spec.RenewTime)
				}
			})
		})
	}
}

func TestAcquireWhenSomebodyElseHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		acquire(t, s.locker("ops@bastion", 42, 42))
		s.pass(3 * time.Minute)
		_, lock, err := s.locker("other@laptop", 7).Acquire(t.Context())
		held := new(journal.HeldError)
		if lock != nil || !errors.As(err, &held) {
			t.Fatalf("got %v, %v", lock, err)
		}
		want := `another run holds the lock: ops@bastion/42 runs "drain-pool mongodbnp" since 2026-03-02 02:00:00 (2026-03-01T17:00:00Z); ` +
			`it lapses 30s after that run has ended without giving it back`
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
		if got := ptr.Deref(s.seen().Spec.HolderIdentity, ""); got != "ops@bastion/42" {
			t.Errorf("the lock has gone to %s", got)
		}
	})
}

func TestAcquireTakesOverFromTheDead(t *testing.T) {
	const former = "ops@bastion/42"
	tests := map[string]struct {
		holder string
		age    time.Duration // of the last renewal
		locker func(*server) journal.Locker
		dead   bool
	}{
		"another machine, renewed just now":    {former, 0, func(s *server) journal.Locker { return s.locker("other@laptop", 7) }, false},
		"another machine, about to lapse":      {former, 30 * time.Second, func(s *server) journal.Locker { return s.locker("other@laptop", 7) }, false},
		"another machine, lapsed":              {former, 31 * time.Second, func(s *server) journal.Locker { return s.locker("other@laptop", 7) }, true},
		"same machine, process gone":           {former, 0, func(s *server) journal.Locker { return s.locker("ops@bastion", 43, 43) }, true},
		"same machine, process runs":           {former, 0, func(s *server) journal.Locker { return s.locker("ops@bastion", 43, 43, 42) }, false},
		"same machine, process hangs":          {former, 31 * time.Second, func(s *server) journal.Locker { return s.locker("ops@bastion", 43, 43, 42) }, true},
		"a machine whose name begins the same": {"ops@bastion-2/42", 0, func(s *server) journal.Locker { return s.locker("ops@bastion", 43) }, false},
		"another user of the machine":          {former, 0, func(s *server) journal.Locker { return s.locker("root@bastion", 43) }, false},
		"another machine of the same name":     {former, 0, func(s *server) journal.Locker { return s.on("m2", s.locker("ops@bastion", 43, 43)) }, false},
		"a machine that does not know itself":  {former, 0, func(s *server) journal.Locker { return s.on("", s.locker("ops@bastion", 43, 43)) }, false},
		"such a machine, lapsed":               {former, 31 * time.Second, func(s *server) journal.Locker { return s.on("", s.locker("ops@bastion", 43, 43)) }, true},
		"a holder of another form":             {"ops@bastion/42a", 0, func(s *server) journal.Locker { return s.locker("ops@bastion", 43) }, false},
		"a holder without a process":           {"ops@bastion", 0, func(s *server) journal.Locker { return s.locker("ops@bastion", 43) }, false},
		"a name with a per cent sign":          {"50%d@bastion/42", 0, func(s *server) journal.Locker { return s.locker("50%d@bastion", 43) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				acquire(t, s.locker("x", 1)) // a lease as we write it
				s.edit(func(l *coordinationv1.Lease) {
					l.Spec.HolderIdentity = &test.holder
					l.Spec.RenewTime.Time = s.clock.Now().Add(-test.age)
				})
				ctx, lock, err := test.locker(s).Acquire(t.Context())
				if (err == nil) != test.dead {
					t.Fatalf("got %v, want taken over %v", err, test.dead)
				}
				if !test.dead {
					return
				}
				if lock.TakenOver != test.holder || ctx.Err() != nil {
					t.Errorf("taken over from %q, context %v", lock.TakenOver, ctx.Err())
				}
				if err := lock.Release(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAcquireRaces(t *testing.T) {
	taken := func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("other@laptop/7") }
	t.Run("somebody creates the lease first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.hook("create", func() error {
				now := s.clock.Now()
				lease := &coordinationv1.Lease{}
				taken(lease)
				lease.Spec.RenewTime = new(microTime(now))
				lease.Spec.AcquireTime = new(microTime(now))
				s.store(lease)
				return nil
			})
			wantHeldBy(t, s, "other@laptop/7")
		})
	})
	t.Run("somebody takes a lapsed one first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.lease = &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: new("dead@bastion/1"), RenewTime: new(microTime(s.clock.Now().Add(-time.Hour)))}}
			s.hook("update", func() error {
				s.change(func(l *coordinationv1.Lease) {
					taken(l)
					l.Spec.RenewTime = new(microTime(s.clock.Now()))
				})
				return nil
			})
			wantHeldBy(t, s, "other@laptop/7")
		})
	})
	t.Run("somebody takes it and gives it back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.lease = &coordinationv1.Lease{}
			s.hook("update", func() error { s.change(func(*coordinationv1.Lease) {}); return nil })
			if _, lock := acquire(t, s.locker("ops@bastion", 42, 42)); lock.TakenOver != "" {
				t.Errorf("taken over from %s", lock.TakenOver)
			}
		})
	})
	t.Run("somebody deletes it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.hook("create", func() error { return apierrors.NewAlreadyExists(coordinationv1.Resource("leases"), journal.LeaseName) })
			acquire(t, s.locker("ops@bastion", 42, 42))
		})
	})
}

func wantHeldBy(t *testing.T, s *server, holder string) {
	t.Helper()
	_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(t.Context())
	held := new(journal.HeldError)
	if lock != nil || !errors.As(err, &held) || held.Holder != holder {
		t.Errorf("got %v, want it held by %s", err, holder)
	}
}

func TestAcquireFails(t *testing.T) {
	forbidden := apierrors.NewForbidden(coordinationv1.Resource("leases"), journal.LeaseName, errors.New("no"))
	for _, verb := range []string{"get", "create"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.hook(verb, func() error { return forbidden })
			_, lock, err := s.locker("ops@bastion", 42).Acquire(t.Context())
			if lock != nil || !errors.Is(err, forbidden) || !strings.HasPrefix(err.Error(), "taking the lock (lease kube-system/kubectl-vantiq-upgrade): ") {
				t.Errorf("%s: got %v", verb, err)
			}
		})
	}
}

func TestReleaseGivesItBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		ctx, cancel := context.WithCancel(t.Context())
		_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel() // Ctrl-C: the lock is held until the command has stopped
		s.pass(time.Minute)
		if renewed := s.seen().Spec.RenewTime.Time; s.clock.Since(renewed) > 5*time.Second {
			t.Errorf("last renewed %s ago", s.clock.Since(renewed))
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lease := s.seen(); ptr.Deref(lease.Spec.HolderIdentity, "x") != "" || len(lease.Annotations) != 0 {
			t.Errorf("left behind: %v", lease)
		}
		version := s.seen().ResourceVersion
		s.pass(time.Minute)
		if got := s.seen().ResourceVersion; got != version {
			t.Error("renewed after it was given back")
		}
		if _, next := acquire(t, s.locker("other@laptop", 7)); next.TakenOver != "" {
			t.Errorf("the next one took it over from %s", next.TakenOver)
		}
	})
}
