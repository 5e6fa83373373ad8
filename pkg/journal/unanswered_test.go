// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAcquireWhoseAnswerIsLost: the lock is ours when the server has carried the
// request out, and is asked for again when it has not.
func TestAcquireWhoseAnswerIsLost(t *testing.T) {
	lost := errors.New("connection reset by peer")
	tests := map[string]struct {
		verb    string
		prepare func(*server)
		// carriedOut: the server did it before the answer was lost.
		carriedOut bool
	}{
		"reading":                  {verb: "get"},
		"creating":                 {verb: "create"},
		"creating, carried out":    {verb: "create", carriedOut: true},
		"taking over":              {verb: "update", prepare: free},
		"taking over, carried out": {verb: "update", prepare: free, carriedOut: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				if tt.prepare != nil {
					tt.prepare(s)
				}
				s.hook(tt.verb, func() error {
					if tt.carriedOut {
						now := metav1.NewMicroTime(s.clock.Now())
						s.store(&coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{
							HolderIdentity: new("ops@bastion/42"), AcquireTime: &now, RenewTime: &now,
						}})
					}
					return lost
				})
				go func() {
					for !s.clock.HasWaiters() {
						time.Sleep(time.Millisecond)
					}
					s.clock.Step(time.Second)
				}()
				ctx, lock := acquire(t, s.locker("ops@bastion", 42, 42))
				if ctx.Err() != nil || lock.TakenOver != "" {
					t.Errorf("%v, taken over from %q", ctx.Err(), lock.TakenOver)
				}
			})
		})
	}
}

func free(s *server) { s.lease = &coordinationv1.Lease{} }
