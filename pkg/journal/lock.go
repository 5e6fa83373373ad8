// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package journal keeps what we are about to change, and who changes it, in the
// cluster: today the lock, a Lease that lets one operator work at a time.
package journal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Namespace and LeaseName say where the lock is.
const (
	Namespace = "kube-system"
	LeaseName = "kubectl-vantiq-upgrade"
)

// Annotations of the Lease.
const (
	commandAnnotation = v1alpha1.Group + "/command"
)

// Timing of the lock. A holder that has not renewed it for leaseDuration is
// taken for dead.
const (
	leaseDuration = 30 * time.Second
	renewEvery    = 5 * time.Second
)

// takeRetries is how often we ask again when the lease changes at the moment at
// which we take it, or when the server does not answer; takePause is between two
// requests that were not answered.
const (
	takeRetries = 3
	takePause   = time.Second
)

// Holder is who wants the lock.
type Holder struct {
	// Operator is user@host, PID the process.
	Operator string
	PID      int
	// Command is what is being done, for the other operator to read.
	Command string
}

func (h Holder) identity() string { return fmt.Sprintf("%s/%d", h.Operator, h.PID) }

// HeldError says that somebody else works on the cluster.
type HeldError struct {
	Holder, Command string
	Since           time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another run holds the lock: %s runs %q since %s (%s); it lapses %s after that run has ended without giving it back",
		e.Holder, e.Command, e.Since.Local().Format(time.DateTime), e.Since.UTC().Format(time.RFC3339), leaseDuration)
}

// Locker takes the lock of a cluster.
type Locker struct {
	// Leases are those of Namespace.
	Leases coordinationclient.LeaseInterface
	Clock  clock.WithTicker
	Holder Holder
	// IsAlive reports whether a process of this machine runs.
	IsAlive func(pid int) bool
	// OnTrouble is told when the lock could not be renewed because the server
	// does not answer; it is tried again. It is called from another goroutine.
	OnTrouble func(error)
}

// Lock is a held lock.
type Lock struct {
	Locker
	// TakenOver names the dead holder whose lock this was, if any.
	TakenOver string

	lease *coordinationv1.Lease
	stop  context.CancelFunc
	done  chan struct{}
}

// Acquire takes the lock, or returns a *HeldError. A lock whose holder is dead
// is taken over: it has lapsed, or its process ran on this machine and is gone.
// While it is held it is renewed in the background; the returned context ends
// when it is lost to somebody else.
func (k Locker) Acquire(ctx context.Context) (context.Context, *Lock, error) {
	l := &Lock{Locker: k, done: make(chan struct{})}
	err := l.take(ctx)
	for retries := takeRetries; retries > 0 && mayYetSucceed(err) && ctx.Err() == nil; retries-- {
		if unanswered(err) {
			<-l.Clock.After(takePause)
		}
		err = l.take(ctx)
	}
	if held := (*HeldError)(nil); errors.As(err, &held) {
		return ctx, nil, err
	}
	if err != nil {
		return ctx, nil, fmt.Errorf("taking the lock (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	held, lose := context.WithCancelCause(ctx)
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.renew(renewing, lose)
	return held, l, nil
}

// mayYetSucceed reports whether to try again to take the lock: somebody else took
// it, or gave it back, in the same instant; or the server did not answer.
func mayYetSucceed(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || unanswered(err)
}

// unanswered reports whether a request failed on its way or in the server, so
// that it may succeed when it is repeated.
func unanswered(err error) bool {
	var held *HeldError
	status := apierrors.APIStatus(nil)
	if errors.As(err, &status) {
		return status.Status().Code >= http.StatusInternalServerError
	}
	return err != nil && !errors.As(err, &held)
}

// take reads the lease and writes us into it, unless somebody holds it.
func (l *Lock) take(ctx context.Context) error {
	lease, err := l.Leases.Get(ctx, LeaseName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		l.TakenOver = ""
		l.lease = l.filled(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: LeaseName, Namespace: Namespace}})
		lease, err = l.Leases.Create(ctx, l.lease, metav1.CreateOptions{})
	case err == nil && l.lease != nil && l.isOurs(lease):
		// We have it: only the answer was lost.
	case err == nil:
		if held := l.heldBy(lease); held != nil {
			return held
		}
		l.TakenOver = ptr.Deref(lease.Spec.HolderIdentity, "")
		l.lease = l.filled(lease)
		lease, err = l.Leases.Update(ctx, l.lease, metav1.UpdateOptions{})
	}
	if err == nil {
		l.lease = lease
	}
	return err
}

// filled writes us into a lease.
func (l *Lock) filled(lease *coordinationv1.Lease) *coordinationv1.Lease {
	lease = lease.DeepCopy()
	// As exact as the server keeps it, so that it is known again.
	now := metav1.NewMicroTime(l.Clock.Now().Truncate(time.Microsecond))
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[commandAnnotation] = l.Holder.Command
	lease.Spec.HolderIdentity = new(l.Holder.identity())
	lease.Spec.LeaseDurationSeconds = new(int32(leaseDuration / time.Second))
	lease.Spec.AcquireTime = &now
	lease.Spec.RenewTime = &now
	return lease
}

// heldBy returns who holds a lease; nil when it is free or its holder dead.
func (l *Lock) heldBy(lease *coordinationv1.Lease) error {
	identity := ptr.Deref(lease.Spec.HolderIdentity, "")
	if identity == "" || lease.Spec.RenewTime == nil {
		return nil
	}
	if l.Clock.Since(lease.Spec.RenewTime.Time) > leaseDuration {
		return nil
	}
	if number, here := strings.CutPrefix(identity, l.Holder.Operator+"/"); here {
		if pid, err := strconv.Atoi(number); err == nil && !l.IsAlive(pid) {
			return nil
		}
	}
	return heldError(lease)
}

func heldError(lease *coordinationv1.Lease) error {
	since := time.Time{}
	if lease.Spec.AcquireTime != nil {
		since = lease.Spec.AcquireTime.Time
	}
	return &HeldError{Holder: ptr.Deref(lease.Spec.HolderIdentity, ""), Command: lease.Annotations[commandAnnotation], Since: since}
}

// renew keeps the lock until it is released, and calls lose when somebody else
// has it. A server that does not answer is no loss: nobody can take it then.
func (l *Lock) renew(ctx context.Context, lose context.CancelCauseFunc) {
	defer close(l.done)
	ticker := l.Clock.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		if err := l.renewOnce(ctx); err != nil {
			lose(err)
			return
		}
	}
}

// renewOnce returns an error only when the lock is lost.
func (l *Lock) renewOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	fresh := l.lease.DeepCopy()
	now := metav1.NewMicroTime(l.Clock.Now())
	fresh.Spec.RenewTime = &now
	updated, err := l.Leases.Update(ctx, fresh, metav1.UpdateOptions{})
	if err == nil {
		l.lease = updated
		return nil
	}
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		if l.OnTrouble != nil && !errors.Is(err, context.Canceled) {
			l.OnTrouble(err)
		}
		return nil
	}
	current, err := l.Leases.Get(ctx, LeaseName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return errors.New("the lock was removed by somebody else")
	case err != nil:
		return nil
	case ptr.Deref(current.Spec.HolderIdentity, "") == "":
		return errors.New("the lock was lost: another run has taken it over, and given it back")
	case !l.isOurs(current):
		return fmt.Errorf("the lock was lost: %w", heldError(current))
	}
	l.lease = current
	return nil
}

// Release gives the lock back. It is called with a context of its own, since
// the one of the run may have ended.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	err := l.giveBack(ctx)
	if apierrors.IsConflict(err) {
		// It is not ours any more; or the server has carried out a renewal whose
		// answer we did not wait for.
		var current *coordinationv1.Lease
		if current, err = l.Leases.Get(ctx, LeaseName, metav1.GetOptions{}); err == nil && l.isOurs(current) {
			l.lease = current
			err = l.giveBack(ctx)
		}
	}
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return fmt.Errorf("giving the lock back (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	return nil
}

func (l *Lock) giveBack(ctx context.Context) error {
	lease := l.lease.DeepCopy()
	lease.Spec.HolderIdentity = new("")
	delete(lease.Annotations, commandAnnotation)
	_, err := l.Leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}

// isOurs reports whether a lease is still the one that we took: a process of the
// same name and number may have taken it since.
func (l *Lock) isOurs(lease *coordinationv1.Lease) bool {
	return ptr.Equal(lease.Spec.HolderIdentity, l.lease.Spec.HolderIdentity) && lease.Spec.AcquireTime.Equal(l.lease.Spec.AcquireTime)
}
