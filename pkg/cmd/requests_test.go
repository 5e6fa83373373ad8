// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

// slowBody is an answer that begins at once, and ends after a time or with its
// request.
type slowBody struct {
	ctx   context.Context //nolint:containedctx // it is that of the request
	after time.Duration
	parts []string
}

func (b *slowBody) Read(p []byte) (int, error) {
	switch len(b.parts) {
	case 0:
		return 0, io.EOF
	case 1:
		select {
		case <-time.After(b.after):
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	n := copy(p, b.parts[0])
	b.parts = b.parts[1:]
	return n, nil
}

func (b *slowBody) Close() error { return nil }

// TestRequestTimeout: --request-timeout ends a request that takes too long, also in
// the middle of its answer, and of a watch only the beginning.
func TestRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const longest = time.Second
		answered := &atomic.Bool{}
		client := &http.Client{Transport: &requests{clock: clock.RealClock{}, longest: longest, answered: answered, next: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/silent" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return &http.Response{StatusCode: http.StatusOK, Body: &slowBody{ctx: r.Context(), after: time.Hour, parts: []string{"begun ", "ended"}}}, nil
		})}}
		late := (*requestTimeoutError)(nil)
		if _, err := get(t.Context(), client, "http://s/silent"); !errors.As(err, &late) || answered.Load() {
			t.Errorf("no answer: %v, answered %t", err, answered.Load())
		}
		if text, err := get(t.Context(), client, "http://s/half"); !errors.As(err, &late) || text != "begun " {
			t.Errorf("half an answer: %q, %v", text, err)
		}
		if text, err := get(t.Context(), client, "http://s/?watch=true"); err != nil || text != "begun ended" || !answered.Load() {
			t.Errorf("a watch: %q, %v, answered %t", text, err, answered.Load())
		}
	})
}

// TestRequestsEndWithTheirContext: whatever they wait for, and with the reason.
func TestRequestsEndWithTheirContext(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	client := &http.Client{Transport: &requests{answered: &atomic.Bool{}, next: roundTripper(func(*http.Request) (*http.Response, error) {
		<-stuck // as a credential plugin that hangs
		return nil, errors.New("too late")
	})}}
	ctx, end := context.WithCancelCause(t.Context())
	over := &timeoutError{timeout: time.Second}
	time.AfterFunc(time.Millisecond, func() { end(over) })
	if _, err := get(ctx, client, "http://127.0.0.1:1/"); !errors.Is(err, over) {
		t.Errorf("got %v", err)
	}
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text := &strings.Builder{}
	_, err = io.Copy(text, response.Body)
	return text.String(), err
}
