// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// roundTripper is one of a function.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// asked sends so many requests at the same time and returns their errors.
func asked(t *testing.T, latch *credentialLatch, n int) []error {
	t.Helper()
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range failed {
		all.Go(func() {
			response, err := latch.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
			failed[i] = err
			if response != nil {
				_ = response.Body.Close()
			}
		})
	}
	all.Wait()
	return failed
}

func newLatch() *credentialLatch {
	return &credentialLatch{turn: make(chan struct{}, 1), granted: make(chan struct{})}
}

// TestCredentialsRefused: one failure is that of all requests, and for good.
func TestCredentialsRefused(t *testing.T) {
	var calls atomic.Int32
	latch := newLatch()
	latch.next = roundTripper(func(*http.Request) (*http.Response, error) {
		calls.Add(1)
		return nil, errors.New("getting credentials: exit code 3")
	})
	for range 2 {
		for _, err := range asked(t, latch, 20) {
			wrapped := &url.Error{Op: "Get", URL: "https://x", Err: err}
			if passes, _ := patience.IsPassing(wrapped); passes || !patience.IsFinal(wrapped) {
				t.Fatalf("it would be tried again: %v", err)
			}
		}
	}
	if calls.Load() != 1 {
		t.Errorf("the plugin was called %d times", calls.Load())
	}
}

// TestCredentialsGranted: requests go side by side all the same, and what fails
// beneath the plugin, or later, may pass.
func TestCredentialsGranted(t *testing.T) {
	const n = 20
	latch := newLatch()
	var calls, under atomic.Int32
	all, broken := make(chan struct{}), errors.New("connection refused")
	beneath := &credentialed{latch: latch, next: roundTripper(func(*http.Request) (*http.Response, error) {
		if under.Add(1) == n {
			close(all)
		}
		<-all // none of them ends before every one is under way
		return nil, broken
	})}
	latch.next = roundTripper(func(r *http.Request) (*http.Response, error) {
		if calls.Add(1) > n {
			return nil, errors.New("getting credentials: exit code 3")
		}
		return beneath.RoundTrip(r)
	})
	for _, err := range asked(t, latch, n) {
		if !errors.Is(err, broken) || patience.IsFinal(err) {
			t.Fatal(err)
		}
	}
	for _, err := range asked(t, latch, 1) {
		if passes, _ := patience.IsPassing(err); !passes {
			t.Errorf("credentials that ran out are not asked for again: %v", err)
		}
	}
}
