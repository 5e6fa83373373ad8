// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"net/http"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// credentialLatch lets one request go first to a credential plugin: the others wait
// until it has given credentials. One that fails then has failed for all of them, and
// for good; it would else be called, and talk, once for each request and each time
// that one is tried again. Later, when credentials have run out, a failure may pass.
type credentialLatch struct {
	turn    chan struct{} // holds one token
	granted chan struct{} // closed once there were credentials
	refused error         // is for who has the turn
	once    sync.Once
	next    http.RoundTripper
}

// latchCredentials puts a latch around the transport of a client where its credentials
// come from a plugin. It takes part in config, which must not be in use yet.
func latchCredentials(config *rest.Config) (*http.Client, error) {
	if config.ExecProvider == nil && config.AuthProvider == nil {
		return rest.HTTPClientFor(config)
	}
	latch := &credentialLatch{turn: make(chan struct{}, 1), granted: make(chan struct{})}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &credentialed{latch: latch, next: next} })
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	latch.next = client.Transport
	outer := *client // the other one may be shared
	outer.Transport = latch
	return &outer, nil
}

// RoundTrip implements http.RoundTripper.
func (l *credentialLatch) RoundTrip(request *http.Request) (*http.Response, error) {
	select {
	case <-l.granted:
		return l.next.RoundTrip(request)
	case <-request.Context().Done():
		return nil, request.Context().Err()
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	}
	if l.refused != nil {
		return nil, l.refused
	}
	response, err := l.next.RoundTrip(request)
	if err != nil && !l.isGranted() {
		l.refused = &patience.FinalError{Err: fmt.Errorf("the credential plugin of the kubeconfig failed: %w", err)}
		return nil, l.refused
	}
	return response, err
}

// WrappedRoundTripper lets client-go find the transport beneath.
func (l *credentialLatch) WrappedRoundTripper() http.RoundTripper { return l.next }

func (l *credentialLatch) grant() { l.once.Do(func() { close(l.granted) }) }

func (l *credentialLatch) isGranted() bool {
	select {
	case <-l.granted:
		return true
	default:
		return false
	}
}

// credentialed is beneath the plugin: what comes here has credentials.
type credentialed struct {
	latch *credentialLatch
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *credentialed) RoundTrip(request *http.Request) (*http.Response, error) {
	c.latch.grant()
	return c.next.RoundTrip(request)
}

// WrappedRoundTripper lets client-go find the transport beneath.
func (c *credentialed) WrappedRoundTripper() http.RoundTripper { return c.next }
