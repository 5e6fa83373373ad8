// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// roundTrip is how long a round trip to a bastion far away takes.
const roundTrip = 300 * time.Millisecond

// The round trips of a new connection: one for TCP, one for TLS 1.3.
const handshakes = 2

// slowLink is a way to a sandbox on which each exchange takes a round trip. It counts
// those that come one after the other, which is what a command waits for, by what
// follows from what and not by the clock: a request is one further than the furthest
// answer that had been given when it came, or than the handshakes of its connection.
//
// Answers are held back for the time of a round trip. That is what keeps requests
// apart that are sent side by side from such as wait for one another: the former
// come while no answer has been given. A machine that is so slow that it sends them
// further apart than that makes the count too high, never too low; how long a
// command computes does not count.
type slowLink struct {
	kubeconfig, address string

	mu       sync.Mutex
	furthest int
	told     []string
}

// readyKey is where a request's context has what its connection was ready after.
type readyKey struct{}

func startSlowLink(t *testing.T, s *harness.Sandbox) *slowLink {
	t.Helper()
	link := &slowLink{}
	forward := forwardTo(t, s.Config)
	forward.ModifyResponse = func(r *http.Response) error {
		link.answered(r.Request)
		return nil
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after := max(link.now(), r.Context().Value(readyKey{}).(int))
		hold(r.Context(), roundTrip)
		forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), readyKey{}, after)))
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, readyKey{}, link.now()+handshakes)
	}
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		hold(hello.Context(), handshakes*roundTrip)
		return nil, nil
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	link.address, link.kubeconfig = server.URL, kubeconfigFor(t, server.URL, nil)
	return link
}

// hold waits, unless nobody waits any more.
func hold(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (l *slowLink) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.furthest
}

// answered notes that an answer goes out: from here on requests may follow from it.
func (l *slowLink) answered(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := r.Context().Value(readyKey{}).(int) + 1
	l.furthest = max(l.furthest, at)
	l.told = append(l.told, fmt.Sprintf("%2d %s %s", at, r.Method, r.URL.RequestURI()))
}

// count runs a command over the link and returns its round trips, and what it asked
// for at each.
func (l *slowLink) count(t *testing.T, b bastion, args ...string) (int, string) {
	t.Helper()
	l.mu.Lock()
	l.furthest, l.told = 0, nil
	l.mu.Unlock()
	b.kubeconfig = l.kubeconfig
	r := b.plugin(t, args...)
	if r.Code != 0 && r.Code != 2 {
		t.Errorf("%q: exit code %d: %s", args, r.Code, r.Stderr)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.furthest, strings.Join(l.told, "\n")
}

// linkCounts: what comes one after the other counts, what goes side by side does not.
func linkCounts(t *testing.T, link *slowLink) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	ask := func() {
		response, err := client.Get(link.address + "/version")
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	for range 3 {
		ask()
	}
	var asked sync.WaitGroup
	for range 20 {
		asked.Go(ask)
	}
	asked.Wait()
	if got, want := link.now(), handshakes+4; got != want {
		t.Errorf("the link counts %d round trips, want %d:\n%s", got, want, strings.Join(link.told, "\n"))
	}
}

// TestSlowLink bounds the round trips of every subcommand that looks, on the layout
// of Vantiq with something left of an earlier run: over a link of 300 ms they are
// what it waits for. Handshakes and pages count.
func TestSlowLink(t *testing.T) {
	s := layouts.Start(t, "aks")
	b := newBastion(t, s.Kubeconfig)
	b.plugin(t, "pause-pdb-blockers", "deployment/shared/telegraf-prom", "--yes").Want(t, 0)
	b.plugin(t, "snapshot", "--to-cluster", filepath.Join(b.home, "before.yaml.gz")).Want(t, 0)
	var run string
	for range 8 {
		run = unfinishedRun(t, s, "kube-system")
	}
	link := startSlowLink(t, s)
	linkCounts(t, link)
	tests := []struct {
		most int
		args []string
	}{
		// These two are promised. The others take 3 to 9 on a quiet machine; the room
		// above that is for one that sends late what it sends side by side.
		{25, []string{"drain-pool", "mongodbnp", "--dry-run=client"}},
		{15, []string{"placement-check"}},
		{25, []string{"drain-pool", "keycloaknp", "--dry-run=client", "--pause-pdb-blockers"}},
		{15, []string{"placement-check", "--relocate", "--dry-run=client"}},
		{10, []string{"pools"}},
		{10, []string{"status"}},
		{12, []string{"snapshot", "--dry-run=client"}},
		{12, []string{"verify"}},
		{12, []string{"verify", "--baseline", "latest"}},
		{15, []string{"pause-pdb-blockers", "--dry-run=client"}},
		{10, []string{"resume-pdb-blockers", "--dry-run=client"}},
		{10, []string{"abort", "--all", "--dry-run=client"}},
		{10, []string{"uncordon-pool", "mongodbnp", "--dry-run=client"}},
		{8, []string{"resume", run, "--dry-run=client"}},
		{8, []string{"version"}},
	}
	for _, tt := range tests {
		got, told := link.count(t, b, tt.args...)
		t.Logf("%2d of %2d round trips: %s", got, tt.most, strings.Join(tt.args, " "))
		if got > tt.most || got <= handshakes {
			t.Errorf("%q takes %d round trips, want at most %d:\n%s", tt.args, got, tt.most, told)
		}
	}
}
