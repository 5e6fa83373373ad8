// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Warnings reads why something does not come about from the events of one object.
// The server keeps no watch cache of events and goes through all of a namespace
// for each question: whoever waits asks rarely.
type Warnings struct {
	Client kubernetes.Interface
	// Now is the time of the API server, which dates the events.
	Now func() time.Time
}

// Of returns the warnings about an object of the last time, put together by reason,
// the newest first. An error of a user without the right to list events is known to
// apierrors.IsForbidden.
func (w Warnings) Of(ctx context.Context, namespace string, uid types.UID, last time.Duration) ([]Event, error) {
	found, since := map[about]Event{}, w.Now().Add(-last)
	chosen := metav1.ListOptions{FieldSelector: fields.Set{"involvedObject.uid": string(uid), "type": corev1.EventTypeWarning}.String()}
	err := pages(ctx, 0, chosen, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return w.Client.CoreV1().Events(namespace).List(ctx, o)
	}, func(object runtime.Object) {
		if e := object.(*corev1.Event); !lastSeen(e).Before(since) {
			addEvent(found, e)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing events: %w", err)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Event) int { return b.Last.Compare(a.Last) }), nil
}
