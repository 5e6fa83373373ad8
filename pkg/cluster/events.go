// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// about is what events are put together by.
type about struct {
	kind            Kind
	namespace, name string
	uid             types.UID
	reason          string
}

// commonReasons are those of events that tell of no trouble and are most of what
// there is. The server leaves them out of its answer. To ask for each reason of
// trouble alone would have it read all events once for each.
func commonReasons() []string {
	return []string{
		"Scheduled", "Pulling", "Pulled", "Created", "Started", "Killing", "SuccessfulCreate", "SuccessfulDelete",
		"ScalingReplicaSet", "Completed", "SawCompletedJob", "LeaderElection", "Unhealthy", "SuccessfulAttachVolume", "NodeReady",
	}
}

// events puts the events of trouble together by object and reason.
func (r *surveyReader) events(ctx context.Context) error {
	reasons := TroubleReasons()
	found := map[about]Event{}
	chosen := metav1.ListOptions{FieldSelector: "reason!=" + strings.Join(commonReasons(), ",reason!=")}
	err := pages(ctx, 0, chosen, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.CoreV1().Events(metav1.NamespaceAll).List(ctx, o)
	}, func(object runtime.Object) {
		if e := object.(*corev1.Event); slices.Contains(reasons, e.Reason) {
			addEvent(found, e)
		}
	})
	r.survey.Events = slices.SortedFunc(maps.Values(found), compareEvents)
	return err
}

func addEvent(found map[about]Event, e *corev1.Event) {
	o := &e.InvolvedObject
	kind := KindOf(o.APIVersion, o.Kind)
	key := about{kind, o.Namespace, o.Name, o.UID, e.Reason}
	known := found[key]
	last := lastSeen(e)
	message := known.Message
	if !last.Before(known.Last) {
		message = e.Message
	}
	found[key] = Event{
		Kind: kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID, Reason: e.Reason, Message: message,
		Count: known.Count + occurrences(e), Last: latest(known.Last, last),
	}
}

// occurrences is how often it happened: reporters of events.k8s.io count in the
// series, those before them beside it.
func occurrences(e *corev1.Event) int32 {
	if e.Series != nil {
		return max(e.Series.Count, 1)
	}
	return max(e.Count, 1)
}

// lastSeen is when it happened last.
func lastSeen(e *corev1.Event) time.Time {
	last := latest(latest(e.CreationTimestamp.Time, e.LastTimestamp.Time), e.EventTime.Time)
	if e.Series != nil {
		last = latest(last, e.Series.LastObservedTime.Time)
	}
	return last
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func compareEvents(a, b Event) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UID, b.UID), cmp.Compare(a.Reason, b.Reason))
}
