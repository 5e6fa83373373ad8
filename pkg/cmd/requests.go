// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// requests is the outermost way to the API server. It ends a request with its
// context, whatever it waits for: a credential plugin that hangs knows no context.
// And it holds requests to --request-timeout, of a watch only its beginning:
// client-go would cut the watches of a long drain.
type requests struct {
	next  http.RoundTripper
	clock clock.Clock
	// longest is --request-timeout; 0 means none.
	longest time.Duration
	// answered is set by the first answer to a user that the server knows.
	answered *atomic.Bool
}

// requestTimeoutError says that a request took longer than it may.
type requestTimeoutError struct{ longest time.Duration }

func (e *requestTimeoutError) Error() string {
	return fmt.Sprintf("no answer within --request-timeout %s", e.longest)
}

// Timeout makes it an error as those of package net.
func (e *requestTimeoutError) Timeout() bool { return true }

// Temporary is what package net wants besides.
func (e *requestTimeoutError) Temporary() bool { return true }

// reply is what a request ended with.
type reply struct {
	response *http.Response
	err      error
}

// RoundTrip implements http.RoundTripper.
func (r *requests) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, end := context.WithCancelCause(request.Context())
	late := r.deadline(end)
	replies := make(chan reply, 1)
	go func() {
		response, err := r.next.RoundTrip(request.WithContext(ctx)) //nolint:bodyclose // whoever asked closes it, or discard
		replies <- reply{response, err}
	}()
	select {
	case <-ctx.Done():
		go discard(replies)
		late()
		return nil, context.Cause(ctx)
	case got := <-replies:
		if got.err != nil {
			err := because(ctx, got.err)
			late()
			end(nil)
			return nil, err
		}
		if got.response.StatusCode != http.StatusUnauthorized {
			r.answered.Store(true)
		}
		if request.URL.Query().Get("watch") != "" {
			late()
		}
		got.response.Body = &body{ReadCloser: got.response.Body, ctx: ctx, close: func() {
			late()
			end(nil)
		}}
		return got.response, nil
	}
}

// deadline ends a request that takes too long, unless it is called off before.
func (r *requests) deadline(end context.CancelCauseFunc) (callOff func()) {
	if r.longest <= 0 {
		return func() {}
	}
	return after(r.clock, r.longest, func() { end(&requestTimeoutError{longest: r.longest}) })
}

// discard closes an answer that nobody waits for any more.
func discard(replies <-chan reply) {
	if got := <-replies; got.response != nil {
		_ = got.response.Body.Close()
	}
}

// body is what an answer holds; it ends with the request.
type body struct {
	io.ReadCloser
	ctx   context.Context //nolint:containedctx // it is that of the request, which the body is part of
	close func()
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = because(b.ctx, err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	defer b.close()
	return b.ReadCloser.Close()
}

// because gives the reason of an error that a context's end has caused.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
