// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// dateResolution is that of the Date header: the server's time lies within a
// second from it.
const dateResolution = time.Second

// ServerClock tells the time of the API server. It learns it from the Date header
// of every response, whichever request that answers, and so costs no request of
// its own. Until the first response it tells the local time.
//
// A response says that the server's time, less the local time, is between two
// bounds: those of the second in the header, less the time at which the response
// came and that at which the request was sent. What all responses agree upon is
// often narrower than a second. A response that does not agree with those before
// it means that a clock was set, and begins anew.
type ServerClock struct {
	local clock.PassiveClock

	mu              sync.Mutex
	known           bool
	lowest, highest time.Duration
}

// NewServerClock returns a clock that has heard of no server yet.
func NewServerClock(local clock.PassiveClock) *ServerClock { return &ServerClock{local: local} }

// Now returns the time of the API server. It is wrong by half a second, and half
// of the time that the quickest response took, at most.
func (c *ServerClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local.Now().Add(c.lowest + (c.highest-c.lowest)/2)
}

// Wrap returns a round tripper that listens to the responses of another one.
func (c *ServerClock) Wrap(next http.RoundTripper) http.RoundTripper {
	return &dateListener{clock: c, next: next}
}

// learn takes in a response: date is what the server's clock showed between the
// two local times, rounded down.
func (c *ServerClock) learn(sent, came, date time.Time) {
	lowest, highest := date.Sub(came), date.Add(dateResolution).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && lowest <= c.highest && highest >= c.lowest {
		lowest, highest = max(lowest, c.lowest), min(highest, c.highest)
	}
	if lowest > highest {
		// The local clock was set back while the request was under way.
		return
	}
	c.known, c.lowest, c.highest = true, lowest, highest
}

// dateListener is a round tripper that reads the Date of what it lets through.
type dateListener struct {
	clock *ServerClock
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (l *dateListener) RoundTrip(request *http.Request) (*http.Response, error) {
	sent := l.clock.local.Now()
	response, err := l.next.RoundTrip(request)
	// A gateway on the way answers with 5xx by itself, and with a clock of its own.
	if err == nil && response.StatusCode < http.StatusInternalServerError {
		if date, bad := http.ParseTime(response.Header.Get("Date")); bad == nil {
			l.clock.learn(sent, l.clock.local.Now(), date)
		}
	}
	return response, err
}

// WrappedRoundTripper lets client-go find the transport beneath.
func (l *dateListener) WrappedRoundTripper() http.RoundTripper { return l.next }
