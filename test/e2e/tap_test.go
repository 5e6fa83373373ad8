// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// tap lets requests through to a sandbox and keeps what was answered.
type tap struct {
	kubeconfig string

	mu      sync.Mutex
	answers []answer
	// held are paths whose requests wait until their clients give up.
	held map[string]chan struct{}
}

// answer is one request and what came of it.
type answer struct{ path, accept, body string }

func startTap(t *testing.T, s *harness.Sandbox) *tap {
	t.Helper()
	out := &tap{held: map[string]chan struct{}{}}
	forward := forwardTo(t, s.Config, "Accept-Encoding") // so that it can be read
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if out.waits(r.URL.Path) {
			_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the client gives up
			<-r.Context().Done()
			return
		}
		kept := &keeper{ResponseWriter: w}
		forward.ServeHTTP(kept, r)
		out.keep(answer{r.URL.Path, r.Header.Get("Accept"), kept.body.String()})
	}))
	t.Cleanup(server.Close)
	out.kubeconfig = kubeconfigFor(t, server.URL, nil)
	return out
}

// hold keeps requests for a path waiting; the channel is closed when the first has
// come.
func (t *tap) hold(path string) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[path] = make(chan struct{})
	return t.held[path]
}

// release lets requests for a path through again.
func (t *tap) release(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, path)
}

func (t *tap) waits(path string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	arrived, held := t.held[path]
	if held {
		select {
		case <-arrived:
		default:
			close(arrived)
		}
	}
	return held
}

func (t *tap) keep(a answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answers = append(t.answers, a)
}

func (t *tap) all() []answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.answers)
}

// keeper keeps what is written.
type keeper struct {
	http.ResponseWriter
	body strings.Builder
}

func (k *keeper) Write(p []byte) (int, error) {
	k.body.Write(p)
	return k.ResponseWriter.Write(p)
}

// Unwrap lets the proxy flush.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
