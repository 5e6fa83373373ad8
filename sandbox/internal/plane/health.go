// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// Health asks the programs whether they are ready.
type Health struct {
	client *http.Client
	ports  supervise.Ports
}

// NewHealth returns a health check that trusts the sandbox's authority.
func (p Paths) NewHealth(ports supervise.Ports) (*Health, error) {
	ca, err := os.ReadFile(p.CACert())
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("read the certificate authority: no certificate in ca.crt")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		// A kept connection would hide that the server is gone.
		DisableKeepAlives: true,
	}
	return &Health{client: &http.Client{Transport: transport, Timeout: 5 * time.Second}, ports: ports}, nil
}

// Etcd returns nil when this sandbox's own etcd answers.
func (h *Health) Etcd(ctx context.Context) error {
	url := fmt.Sprintf("http://127.0.0.1:%d/v3/cluster/member/list", h.ports.EtcdClient)
	body, err := h.ask(ctx, http.MethodPost, url, "{}")
	if err != nil {
		return err
	}
	if name := memberName(h.ports); !strings.Contains(body, name) {
		return fmt.Errorf("ask %s: another etcd answered, not %s", url, name)
	}
	return nil
}

// APIServer returns nil when the API server is ready.
func (h *Health) APIServer(ctx context.Context) error {
	_, err := h.ask(ctx, http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d/readyz", h.ports.APIServer), "")
	return err
}

// Client returns nil when the controller manager, the scheduler or kwok on
// port has started its work.
func (h *Health) Client(name string, port int) func(context.Context) error {
	scheme := "https"
	if name == Kwok {
		scheme = "http"
	}
	return func(ctx context.Context) error {
		_, err := h.ask(ctx, http.MethodGet, fmt.Sprintf("%s://127.0.0.1:%d/healthz", scheme, port), "")
		return err
	}
}

func (h *Health) ask(ctx context.Context, method, url, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask %s: %s", url, response.Status)
	}
	return string(answer), nil
}

// Wait repeats check until it succeeds, the child ends, or ctx ends.
func Wait(ctx context.Context, child *supervise.Child, check func(context.Context) error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (%w)", child.Name(), ctx.Err(), err)
		case <-child.Done():
			return child.Failure()
		case <-tick.C:
		}
	}
}
