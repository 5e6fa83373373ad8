// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// server keeps one Lease as an API server does: it refuses to create it twice
// and to change a version that is not the newest, which the fake clientset alone
// does not.
type server struct {
	*fake.Clientset
	clock *clocktesting.FakeClock

	mu      sync.Mutex
	lease   *coordinationv1.Lease
	version int
	// before, when set, runs before a request is answered, once: whatever it does
	// has happened in the same instant. An error of its is the answer.
	before map[string]func() error
}

func newServer() *server {
	s := &server{
		Clientset: fake.NewClientset(), before: map[string]func() error{},
		clock: clocktesting.NewFakeClock(time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)),
	}
	for _, verb := range []string{"get", "create", "update"} {
		s.PrependReactor(verb, "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
			lease, err := s.answer(verb, action)
			return true, lease, err
		})
	}
	return s
}

func (s *server) answer(verb string, action clienttesting.Action) (*coordinationv1.Lease, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hook := s.before[verb]; hook != nil {
		delete(s.before, verb)
		if err := hook(); err != nil {
			return nil, err
		}
	}
	resource := coordinationv1.Resource("leases")
	switch verb {
	case "get":
		if s.lease == nil {
			return nil, apierrors.NewNotFound(resource, journal.LeaseName)
		}
		return s.lease.DeepCopy(), nil
	case "create":
		if s.lease != nil {
			return nil, apierrors.NewAlreadyExists(resource, journal.LeaseName)
		}
		return s.store(action.(clienttesting.CreateAction).GetObject()), nil
	}
	sent := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease)
	switch {
	case s.lease == nil:
		return nil, apierrors.NewNotFound(resource, journal.LeaseName)
	case sent.ResourceVersion != s.lease.ResourceVersion:
		return nil, apierrors.NewConflict(resource, journal.LeaseName, nil)
	}
	return s.store(sent), nil
}

func (s *server) store(object runtime.Object) *coordinationv1.Lease {
	s.version++
	s.lease = object.(*coordinationv1.Lease).DeepCopy()
	s.lease.ResourceVersion = strconv.Itoa(s.version)
	return s.lease.DeepCopy()
}

// edit changes the Lease from outside; nil deletes it.
func (s *server) edit(change func(*coordinationv1.Lease)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.change(change)
}

// change is edit for hooks, which run while a request is answered.
func (s *server) change(change func(*coordinationv1.Lease)) {
	if change == nil {
		s.lease = nil
		return
	}
	lease := s.lease.DeepCopy()
	change(lease)
	s.store(lease)
}

// seen returns the Lease as it is now.
func (s *server) seen() *coordinationv1.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lease.DeepCopy()
}

// hook sets what happens before the next request of a verb is answered.
func (s *server) hook(verb string, before func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before[verb] = before
}

// locker is how a process on a machine asks for the lock; on that machine only
// the processes in alive run.
func (s *server) locker(operator string, pid int, alive ...int) journal.Locker {
	return journal.Locker{
		Leases:  s.CoordinationV1().Leases(journal.Namespace),
		Clock:   s.clock,
		Holder:  journal.Holder{Operator: operator, PID: pid, Machine: "m1", Command: "drain-pool mongodbnp"},
		IsAlive: func(pid int) bool { return slices.Contains(alive, pid) },
	}
}

// on moves a locker to another machine.
func (*server) on(machine string, locker journal.Locker) journal.Locker {
	locker.Holder.Machine = machine
	return locker
}

// pass lets time go by, one renewal after the other.
func (s *server) pass(d time.Duration) {
	for ; d > 0; d -= time.Second {
		s.clock.Step(time.Second)
		synctest.Wait()
	}
}

// acquire takes the lock or ends the test; it is given back at its end.
func acquire(t *testing.T, locker journal.Locker) (context.Context, *journal.Lock) {
	t.Helper()
	ctx, lock, err := locker.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // until the ticker runs
	t.Cleanup(func() {
		if err := lock.Release(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	return ctx, lock
}
