// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package journal keeps in the cluster what we are about to change, and who
// changes it: runs in ConfigMaps, each change written down before it is made, and
// the lock, a Lease that lets one operator work at a time.
package journal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	machineAnnotation = v1alpha1.Group + "/machine"
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
	// Machine is equal for two processes only if each can see whether the other
	// one runs; empty where that cannot be told. Names of hosts do not say it: two
	// bastions or containers may share theirs.
	Machine string
	// Command is what is being done, for the other operator to read.
	Command string
}

func (h Holder) identity() string { return fmt.Sprintf("%s/%d", h.Operator, h.PID) }

// Locker takes the lock of a cluster.
type Locker struct {
	// Leases are those of Namespace.
	Leases coordinationclient.LeaseInterface
	Clock  clock.WithTicker
	// Now is the time that is written into the lease, and compared with it: that
	// of the API server, since the clocks of two bastions may differ by more than
	// the lock lives. Nil takes it from Clock.
	Now    func() time.Time
	Holder Holder
	// IsAlive reports whether a process of this machine runs.
	IsAlive func(pid int) bool
	// OnTrouble is told when the lock could not be renewed because the server
	// does not answer; it is tried again. It is called from another goroutine.
	OnTrouble func(error)
}

func (k Locker) now() time.Time {
	if k.Now == nil {
		return k.Clock.Now()
	}
	return k.Now()
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
// is taken over: it has lapsed, or its process ran on this very machine and is
// gone. While it is held it is renewed in the background; the returned context
// ends when it is lost to somebody else.
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
	now := metav1.NewMicroTime(l.now().Truncate(time.Microsecond))
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[commandAnnotation] = l.Holder.Command
	delete(lease.Annotations, machineAnnotation)
	if l.Holder.Machine != "" {
		lease.Annotations[machineAnnotation] = l.Holder.Machine
	}
	lease.Spec.HolderIdentity = new(l.Holder.identity())
	lease.Spec.LeaseDurationSeconds = new(int32(leaseDuration / time.Second))
	lease.Spec.AcquireTime = &now
	lease.Spec.RenewTime = &now
	return lease
}
