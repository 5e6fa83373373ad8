// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package patience repeats requests that failed for a reason that passes: a
// restarting API server, a connection that broke.
package patience

import (
	"context"
	"errors"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
)

// Refused is how long a request is repeated when the API server answers that it
// cannot do it just now: longer than it takes to restart.
const Refused = 2 * time.Minute

// Patience says how long to go on. The zero value is no use: it needs a Clock.
type Patience struct {
	Clock clock.Clock
	// Away is how long a request is repeated while the API server does not answer
	// at all; 0 means for ever.
	Away time.Duration
	// OnTrouble is told of each failure that is tried again; it may be nil.
	OnTrouble func(error)
	// Hopeless reports that a failure, which may pass, will not; it may be nil.
	Hopeless func(error) bool
}

// Do repeats a request until it succeeds, fails for good, or ctx ends. The
// request must be one that may be carried out twice.
func (p Patience) Do(ctx context.Context, request func() error) error {
	began := p.Clock.Now()
	for backoff := NewBackoff(); ; {
		err := request()
		if err == nil {
			return nil
		}
		passes, after := IsPassing(err)
		pause := max(after, backoff.Step())
		limit := Refused
		if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
			limit = p.Away
		}
		outOfTime := limit > 0 && p.Clock.Since(began)+pause > limit
		passes = passes && (p.Hopeless == nil || !p.Hopeless(err))
		if !passes || ctx.Err() != nil || outOfTime {
			return err
		}
		if p.OnTrouble != nil {
			p.OnTrouble(err)
		}
		timer := p.Clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C():
		}
	}
}

// NewBackoff is the pause between requests: 100 ms, doubling to 10 s.
func NewBackoff() wait.Backoff {
	return wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 8, Cap: 10 * time.Second}
}

// FinalError is a failure that repeating a request does not mend, and that no status
// of the API server tells.
type FinalError struct{ Err error }

// Error implements error.
func (e *FinalError) Error() string { return e.Err.Error() }

// Unwrap returns what it is about.
func (e *FinalError) Unwrap() error { return e.Err }

// IsFinal reports whether an error is, or wraps, a FinalError.
func IsFinal(err error) bool {
	_, final := errors.AsType[*FinalError](err)
	return final
}

// IsPassing reports whether a request may succeed when it is repeated, and after
// which time the API server wants it at the earliest. An error without a status
// comes from the way there. A token that has run out (401) passes where a
// credential plugin makes a new one.
func IsPassing(err error) (bool, time.Duration) {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	after := time.Duration(seconds) * time.Second
	status := apierrors.APIStatus(nil)
	switch {
	case err == nil, IsFinal(err):
		return false, 0
	case !errors.As(err, &status):
		return true, 0
	}
	switch code := status.Status().Code; {
	case code == http.StatusTooManyRequests, code == http.StatusUnauthorized, code == http.StatusRequestTimeout, code >= http.StatusInternalServerError:
		return true, after
	}
	return false, 0
}
