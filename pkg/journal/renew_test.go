// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

func microTime(t time.Time) metav1.MicroTime { return metav1.NewMicroTime(t) }

func TestRenewalKeepsTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		ctx, _ := acquire(t, s.locker("ops@bastion", 42, 42))
		acquired := s.seen().Spec.AcquireTime.Time
		s.pass(time.Hour)
		lease := s.seen()
		if s.clock.Since(lease.Spec.RenewTime.Time) > 5*time.Second || !lease.Spec.AcquireTime.Time.Equal(acquired) {
			t.Errorf("after an hour: renewed %v, acquired %v", lease.Spec.RenewTime, lease.Spec.AcquireTime)
		}
		if ctx.Err() != nil {
			t.Errorf("the context has ended: %v", context.Cause(ctx))
		}
	})
}

func TestRenewalSurvives(t *testing.T) {
	t.Run("a server that does not answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			locker := s.locker("ops@bastion", 42, 42)
			var told atomic.Int32
			locker.OnTrouble = func(error) { told.Add(1) }
			ctx, _ := acquire(t, locker)
			for range 4 {
				s.hook("update", func() error { return apierrors.NewServiceUnavailable("restarting") })
				s.pass(5 * time.Second)
			}
			if ctx.Err() != nil || told.Load() != 4 {
				t.Errorf("context %v, told %d times", context.Cause(ctx), told.Load())
			}
			s.pass(5 * time.Second)
			if s.clock.Since(s.seen().Spec.RenewTime.Time) > 0 {
				t.Error("not renewed when the server was back")
			}
		})
	})
	t.Run("a change that takes nothing from us", func(t *testing.T) {
		// Such as a label by hand, or our own renewal whose answer was lost.
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			ctx, _ := acquire(t, s.locker("ops@bastion", 42, 42))
			s.edit(func(l *coordinationv1.Lease) { l.Labels = map[string]string{"a": "b"} })
			s.pass(10 * time.Second) // one renewal finds out, the next renews
			if ctx.Err() != nil || s.clock.Since(s.seen().Spec.RenewTime.Time) > 0 {
				t.Errorf("context %v, renewed %v", context.Cause(ctx), s.seen().Spec.RenewTime)
			}
		})
	})
	t.Run("a server that falls silent in between", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			ctx, _ := acquire(t, s.locker("ops@bastion", 42, 42))
			s.edit(func(l *coordinationv1.Lease) { l.Labels = map[string]string{"a": "b"} })
			s.hook("get", func() error { return apierrors.NewServiceUnavailable("restarting") })
			s.pass(5 * time.Second)
			if ctx.Err() != nil {
				t.Errorf("context %v", context.Cause(ctx))
			}
		})
	})
}

func TestLosingTheLockEndsTheContext(t *testing.T) {
	tests := map[string]struct {
		change func(*coordinationv1.Lease)
		cause  string
		held   bool
	}{
		"taken over": {
			func(l *coordinationv1.Lease) {
				l.Spec.HolderIdentity = new("other@laptop/7")
				l.Annotations["upgrade.vantiq.com/command"] = "uncordon-pool vantiqnp"
			},
			`the lock was lost: another run holds the lock: other@laptop/7 runs "uncordon-pool vantiqnp" since 2026-03-02 02:00:00`, true,
		},
		"taken over by our like": {
			func(l *coordinationv1.Lease) { l.Spec.AcquireTime.Time = l.Spec.AcquireTime.Add(time.Second) },
			"the lock was lost: another run holds the lock: ops@bastion/42", true,
		},
		"taken over and given back": {
			func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("") },
			"the lock was lost: another run has taken it over, and given it back", false,
		},
		"deleted": {nil, "the lock was removed by somebody else", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				ctx, _ := acquire(t, s.locker("ops@bastion", 42, 42)) // and released at the end
				s.edit(test.change)
				s.pass(4 * time.Second)
				if ctx.Err() != nil {
					t.Fatal("ended before a renewal could find out")
				}
				s.pass(time.Second)
				cause := context.Cause(ctx)
				if cause == nil || !strings.HasPrefix(cause.Error(), test.cause) {
					t.Errorf("got cause %v, want %s", cause, test.cause)
				}
				if held := new(journal.HeldError); errors.As(cause, &held) != test.held {
					t.Errorf("is a HeldError: %v, want %v", !test.held, test.held)
				}
			})
		})
	}
}

// What was lost is not ours to give back.
func TestReleaseAfterLossLeavesTheOtherOne(t *testing.T) {
	for name, found := range map[string]bool{"before we found out": false, "after we found out": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				s.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = new("other@laptop/7") })
				if found {
					s.pass(5 * time.Second)
				}
				if err := lock.Release(t.Context()); err != nil {
					t.Error(err)
				}
				if got := ptr.Deref(s.seen().Spec.HolderIdentity, ""); got != "other@laptop/7" {
					t.Errorf("the holder is %q", got)
				}
			})
		})
	}
}

// The server may have carried out a renewal whose answer never came. The lock is
// ours all the same, and must not stay behind for half a minute.
func TestReleaseAfterAnUnansweredRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.edit(func(l *coordinationv1.Lease) { l.Spec.RenewTime.Time = s.clock.Now() })
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if got := ptr.Deref(s.seen().Spec.HolderIdentity, "x"); got != "" {
			t.Errorf("the holder is still %q", got)
		}
	})
}

func TestReleaseFails(t *testing.T) {
	trouble := apierrors.NewServiceUnavailable("restarting")
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.hook("update", func() error { return trouble })
		if err := lock.Release(t.Context()); !errors.Is(err, trouble) {
			t.Errorf("got %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		_, lock, err := s.locker("ops@bastion", 42, 42).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.edit(nil)
		if err := lock.Release(t.Context()); err != nil {
			t.Errorf("a lease that is gone: got %v", err)
		}
	})
}
