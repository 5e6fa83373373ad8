// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/ptr"
)

// HeldError says that somebody else works on the cluster.
type HeldError struct {
	Holder, Command string
	Since           time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("another run holds the lock: %s runs %q since %s (%s); it lapses %s after that run has ended without giving it back",
		e.Holder, e.Command, e.Since.Local().Format(time.DateTime), e.Since.UTC().Format(time.RFC3339), leaseDuration)
}

// LostError says that the lock, which was ours, is not any more.
type LostError struct {
	// Err says how.
	Err error
}

func (e *LostError) Error() string { return e.Err.Error() }

func (e *LostError) Unwrap() error { return e.Err }

// Held tells who has the lock.
type Held struct {
	// Holder is user@host/process, Command what it does, Machine the machine it
	// runs on where that is known.
	Holder, Command, Machine string
	// Since is when it took the lock, RenewedAt when it was last seen, both by the
	// clock of the API server.
	Since, RenewedAt time.Time
	// Lapsed: it has not been seen for so long that the next one takes it over.
	Lapsed bool
}

// Current returns who has the lock; nil when nobody does. It changes nothing. now
// is the clock of the API server; it is asked after the lease is read.
func Current(ctx context.Context, leases coordinationclient.LeaseInterface, now func() time.Time) (*Held, error) {
	lease, err := leases.Get(ctx, LeaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the lock (lease %s/%s): %w", Namespace, LeaseName, err)
	}
	return holderOf(lease, now()), nil
}

// holderOf reads a lease; nil when it is free.
func holderOf(lease *coordinationv1.Lease, now time.Time) *Held {
	held := &Held{
		Holder:  ptr.Deref(lease.Spec.HolderIdentity, ""),
		Command: lease.Annotations[commandAnnotation],
		Machine: lease.Annotations[machineAnnotation],
		Since:   ptr.Deref(lease.Spec.AcquireTime, metav1.MicroTime{}).Time,
	}
	if held.Holder == "" || lease.Spec.RenewTime == nil {
		return nil
	}
	held.RenewedAt = lease.Spec.RenewTime.Time
	held.Lapsed = now.Sub(held.RenewedAt) > leaseDuration
	return held
}

// heldBy returns who holds a lease; nil when it is free or its holder dead.
func (l *Lock) heldBy(lease *coordinationv1.Lease) error {
	held := holderOf(lease, l.now())
	if held == nil || held.Lapsed || l.IsGone(held) {
		return nil
	}
	return heldError(lease)
}

// IsGone reports whether a holder was a process of this machine that has ended.
// Of another machine's processes we know nothing.
func (k Locker) IsGone(held *Held) bool {
	if held.Machine == "" || held.Machine != k.Holder.Machine {
		return false
	}
	number, ours := strings.CutPrefix(held.Holder, k.Holder.Operator+"/")
	pid, err := strconv.Atoi(number)
	return ours && err == nil && !k.IsAlive(pid)
}

func heldError(lease *coordinationv1.Lease) error {
	since := ptr.Deref(lease.Spec.AcquireTime, metav1.MicroTime{}).Time
	return &HeldError{Holder: ptr.Deref(lease.Spec.HolderIdentity, ""), Command: lease.Annotations[commandAnnotation], Since: since}
}
