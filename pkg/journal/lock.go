// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package journal keeps what we are about to change, and who changes it, in the
// cluster: today the lock, a Lease that lets one operator work at a time.
package journal

import (
	"context"
	"fmt"
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

// Lock is a held lock.
type Lock struct {
	leases coordinationclient.LeaseInterface
	clock  clock.WithTicker
	holder Holder
	lease  *coordinationv1.Lease
	// TakenOver names the dead holder whose lock this was, if any.
	TakenOver string

	stop context.CancelFunc
	done chan struct{}
}

// Acquire takes the lock, or returns a *HeldError. A lock whose holder is dead
// is taken over: it has lapsed, or its process ran on this machine and isAlive
// says that it is gone. While it is held it is renewed in the background; the
// returned context ends when it is lost to somebody else.
func Acquire(ctx context.Context, leases coordinationclient.LeaseInterface, holder Holder, isAlive func(pid int) bool, c clock.WithTicker) (context.Context, *Lock, error) {
	l := &Lock{leases: leases, clock: c, holder: holder, done: make(chan struct{})}
	lease, err := leases.Get(ctx, LeaseName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		lease, err = leases.Create(ctx, l.filled(&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: LeaseName, Namespace: Namespace}}), metav1.CreateOptions{})
	case err == nil:
		if held := l.heldBy(lease, isAlive); held != nil {
			return ctx, nil, held
		}
		l.TakenOver = ptr.Deref(lease.Spec.HolderIdentity, "")
		lease, err = leases.Update(ctx, l.filled(lease), metav1.UpdateOptions{})
	}
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		// Somebody else took it in the same instant.
		return ctx, nil, l.lostRace(ctx)
	}
	if err != nil {
		return ctx, nil, fmt.Errorf("taking the lock (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	l.lease = lease
	held, lose := context.WithCancelCause(ctx)
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.renew(renewing, lose)
	return held, l, nil
}

// filled writes us into a lease.
func (l *Lock) filled(lease *coordinationv1.Lease) *coordinationv1.Lease {
	lease = lease.DeepCopy()
	now := metav1.NewMicroTime(l.clock.Now())
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[commandAnnotation] = l.holder.Command
	lease.Spec.HolderIdentity = ptr.To(l.holder.identity())
	lease.Spec.LeaseDurationSeconds = ptr.To(int32(leaseDuration / time.Second))
	lease.Spec.AcquireTime = &now
	lease.Spec.RenewTime = &now
	return lease
}

// heldBy returns who holds a lease; nil when it is free or its holder dead.
func (l *Lock) heldBy(lease *coordinationv1.Lease, isAlive func(pid int) bool) error {
	identity := ptr.Deref(lease.Spec.HolderIdentity, "")
	if identity == "" || lease.Spec.RenewTime == nil {
		return nil
	}
	if l.clock.Since(lease.Spec.RenewTime.Time) > leaseDuration {
		return nil
	}
	var pid int
	if _, err := fmt.Sscanf(identity, l.holder.Operator+"/%d", &pid); err == nil && !isAlive(pid) {
		return nil
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

func (l *Lock) lostRace(ctx context.Context) error {
	lease, err := l.leases.Get(ctx, LeaseName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("taking the lock (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	return heldError(lease)
}

// renew keeps the lock until it is released, and calls lose when somebody else
// has it. A server that does not answer is no loss: nobody can take it then.
func (l *Lock) renew(ctx context.Context, lose context.CancelCauseFunc) {
	defer close(l.done)
	ticker := l.clock.NewTicker(renewEvery)
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
	fresh := l.lease.DeepCopy()
	now := metav1.NewMicroTime(l.clock.Now())
	fresh.Spec.RenewTime = &now
	updated, err := l.leases.Update(ctx, fresh, metav1.UpdateOptions{})
	if err == nil {
		l.lease = updated
		return nil
	}
	if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return nil
	}
	current, err := l.leases.Get(ctx, LeaseName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("the lock was removed by somebody else")
	case err != nil:
		return nil
	case ptr.Deref(current.Spec.HolderIdentity, "") != l.holder.identity():
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
	lease := l.lease.DeepCopy()
	lease.Spec.HolderIdentity = ptr.To("")
	delete(lease.Annotations, commandAnnotation)
	if _, err := l.leases.Update(ctx, lease, metav1.UpdateOptions{}); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		return fmt.Errorf("giving the lock back (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	return nil
}
