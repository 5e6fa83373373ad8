// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

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
	now := metav1.NewMicroTime(l.now())
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
		return &LostError{Err: errors.New("the lock was removed by somebody else")}
	case err != nil:
		return nil
	case ptr.Deref(current.Spec.HolderIdentity, "") == "":
		return &LostError{Err: errors.New("the lock was lost: another run has taken it over, and given it back")}
	case !l.isOurs(current):
		return &LostError{Err: fmt.Errorf("the lock was lost: %w", heldError(current))}
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
	delete(lease.Annotations, machineAnnotation)
	_, err := l.Leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}

// isOurs reports whether a lease is still the one that we took: a process of the
// same name and number may have taken it since.
func (l *Lock) isOurs(lease *coordinationv1.Lease) bool {
	return ptr.Equal(lease.Spec.HolderIdentity, l.lease.Spec.HolderIdentity) && lease.Spec.AcquireTime.Equal(l.lease.Spec.AcquireTime)
}
