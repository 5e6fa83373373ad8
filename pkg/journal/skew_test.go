// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// skewed is the clock of a bastion that differs from the server's.
type skewed struct {
	clock.WithTicker
	ahead time.Duration
}

func (s skewed) Now() time.Time                  { return s.WithTicker.Now().Add(s.ahead) }
func (s skewed) Since(t time.Time) time.Duration { return s.Now().Sub(t) }

// RoundTrip answers as the server, with its time.
func (s *server) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{
		"Date": {s.clock.Now().UTC().Format(http.TimeFormat)},
	}}, nil
}

// from moves a locker to a bastion whose clock is ahead, and which has heard of
// the server's.
func (s *server) from(t *testing.T, ahead time.Duration, locker journal.Locker) journal.Locker {
	t.Helper()
	local := skewed{s.clock, ahead}
	server := cluster.NewServerClock(local)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Wrap(s).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	locker.Clock, locker.Now = local, server.Now
	return locker
}

// TestSkewedClocks: whatever the clocks of two bastions show, a live lock is
// never taken over, and a dead one when it has lapsed by the server's time.
func TestSkewedClocks(t *testing.T) {
	for name, test := range map[string]struct{ holder, other time.Duration }{
		"the holder is ahead":   {holder: time.Hour},
		"the holder is behind":  {holder: -time.Hour},
		"the other is ahead":    {other: time.Hour},
		"the other is behind":   {other: -time.Hour},
		"both, to either side":  {holder: time.Hour, other: -time.Hour},
		"both, to other sides":  {holder: -time.Hour, other: time.Hour},
		"by less than it lives": {holder: 20 * time.Second, other: -20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				other := s.from(t, test.other, s.locker("other@laptop", 7))
				ctx, lock, err := s.from(t, test.holder, s.locker("ops@bastion", 42)).Acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				for range 20 {
					s.pass(7 * time.Second)
					if _, _, err := other.Acquire(t.Context()); !errors.As(err, new(*journal.HeldError)) {
						t.Fatalf("a live lock: got %v", err)
					}
				}
				if ctx.Err() != nil {
					t.Errorf("the holder has lost it: %v", ctx.Err())
				}
				renewed := s.seen()
				if err := lock.Release(t.Context()); err != nil {
					t.Fatal(err)
				}
				// It died without giving it back, just after its last renewal.
				s.edit(func(l *coordinationv1.Lease) { l.Spec, l.Annotations = renewed.Spec, renewed.Annotations })
				age := s.clock.Since(renewed.Spec.RenewTime.Time).Abs()
				s.pass(29*time.Second - age)
				if _, _, err := other.Acquire(t.Context()); !errors.As(err, new(*journal.HeldError)) {
					t.Fatalf("29 s after the last renewal: got %v", err)
				}
				s.pass(3 * time.Second)
				if _, next := acquire(t, other); next.TakenOver != "ops@bastion/42" {
					t.Errorf("32 s after the last renewal: taken over from %q", next.TakenOver)
				}
			})
		})
	}
}

func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		leases := s.CoordinationV1().Leases(journal.Namespace)
		current := func() *journal.Held {
			t.Helper()
			held, err := journal.Current(t.Context(), leases, s.clock.Now)
			if err != nil {
				t.Fatal(err)
			}
			return held
		}
		if held := current(); held != nil {
			t.Errorf("no lease: %+v", held)
		}
		start := s.clock.Now()
		_, lock, err := s.locker("ops@bastion", 42).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.pass(7 * time.Second)
		want := &journal.Held{
			Holder: "ops@bastion/42", Command: "drain-pool mongodbnp", Machine: "m1",
			Since: start, RenewedAt: start.Add(5 * time.Second),
		}
		if diff := cmp.Diff(want, current()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		version := s.seen().ResourceVersion
		renewed := s.seen().Spec.RenewTime
		if err := lock.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		if held := current(); held != nil {
			t.Errorf("given back: %+v", held)
		}
		s.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity, l.Spec.RenewTime = new("x@y/1"), renewed })
		s.pass(29 * time.Second)
		if held := current(); held == nil || !held.Lapsed || held.Holder != "x@y/1" {
			t.Errorf("left behind: %+v", held)
		}
		if s.seen().ResourceVersion == version {
			t.Error("the test has changed nothing")
		}
		down := apierrors.NewServiceUnavailable("restarting")
		s.hook("get", func() error { return down })
		if held, err := journal.Current(t.Context(), leases, s.clock.Now); held != nil || !errors.Is(err, down) {
			t.Errorf("got %v, %v", held, err)
		}
	})
}
