// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Warnings tells of an object what a Snapshot does not: why something does not come
// about. A cluster.Warnings is one.
type Warnings interface {
	// Of returns the warnings about an object of the last time, the newest first.
	Of(ctx context.Context, namespace string, uid types.UID, last time.Duration) ([]cluster.Event, error)
}

// Events are read only of what a workload waits for longer than lackPatience: one
// question at a time, no two within warningsPace, and about the same object not
// before warningsEvery, however large the pool is.
const (
	warningsPace    = time.Second
	warningsEvery   = 10 * time.Second
	warningsTimeout = 10 * time.Second
)

// triesEvery is the longest pause of a controller before it tries again what failed
// (client-go's workqueue.DefaultTypedControllerRateLimiter): an event of that time
// before the drain may be the last word on what it waits for.
const triesEvery = 1000 * time.Second

// inquiry is the question for the events of one object that is under way.
type inquiry struct {
	answers chan warned
	open    bool
	next    time.Time
	// began is when the drain did.
	began time.Time
	// unreadable: the user may not list events.
	unreadable bool
}

// warned is the answer to an inquiry.
type warned struct {
	group  *group
	object types.UID
	events []cluster.Event
	err    error
}

// findLacks notes what keeps each workload from being whole, and asks for events
// where that is not told otherwise.
func (e *Engine) findLacks(ctx context.Context, now time.Time) {
	e.takeWarnings()
	for _, g := range e.groups {
		g.observeLack(e.snapshot.Workload(g.ref), e.snapshot.CreationFailure(g.ref), e.inquiry.unreadable, now)
	}
	e.inquire(ctx, now)
}

// inquire asks about the object that was not asked about for longest.
func (e *Engine) inquire(ctx context.Context, now time.Time) {
	q := &e.inquiry
	if e.Warnings == nil || q.open || q.unreadable || now.Before(q.next) {
		return
	}
	var chosen *group
	for _, g := range e.groups {
		wants := g.lack.wantsEvents(e.snapshot.CreationFailure(g.ref), now) && now.Sub(g.lack.asked) >= warningsEvery
		if wants && (chosen == nil || g.lack.asked.Before(chosen.lack.asked)) {
			chosen = g
		}
	}
	if chosen == nil {
		return
	}
	q.open, q.next, chosen.lack.asked = true, now.Add(warningsPace), now
	go func(object types.UID, last time.Duration) {
		ctx, cancel := context.WithTimeout(ctx, warningsTimeout)
		defer cancel()
		events, err := e.Warnings.Of(ctx, chosen.ref.Namespace, object, last)
		q.answers <- warned{chosen, object, events, err}
	}(chosen.lack.object, now.Sub(q.began)+triesEvery)
}

// takeWarnings takes in an answer, if there is one.
func (e *Engine) takeWarnings() {
	select {
	case a := <-e.inquiry.answers:
		e.inquiry.open = false
		e.inquiry.unreadable = apierrors.IsForbidden(a.err)
		if a.err == nil && a.object == a.group.lack.object {
			a.group.lack.warning = newestOf(a.events)
			a.group.lack.warning.Message = strings.Join(strings.Fields(a.group.lack.warning.Message), " ") // kubelets write several lines
		}
	default:
	}
}

// newestOf is the newest event that tells more than a Snapshot.
func newestOf(events []cluster.Event) cluster.Event {
	for _, event := range events {
		if event.Reason != "FailedScheduling" { // a pod's condition tells that, and when it is over
			return event
		}
	}
	return cluster.Event{}
}
