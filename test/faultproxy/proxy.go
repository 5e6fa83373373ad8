// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package faultproxy stands between a client and an API server and answers,
// delays or breaks what passes, by script or at random with a seed. It is part
// of the test tree: what the plugin does when the way to the server is bad is
// tried with it.
package faultproxy

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Proxy is a TLS server on loopback, HTTP/2 as the real one, that forwards to
// an API server with an identity of its own.
type Proxy struct {
	tb      testing.TB
	ca      []byte
	address string
	good    *tls.Certificate
	foreign *tls.Certificate
	server  *http.Server
	forward *httputil.ReverseProxy

	mu         sync.Mutex
	listener   net.Listener
	conns      map[net.Conn]bool
	streams    map[*stream]bool
	rules      []*Rule
	random     *random
	injected   map[string]int
	handshakes []handshake
	stopped    bool
}

// Start starts a proxy to upstream; it ends with the test. Its certificate is
// signed by the given authority, which a client has to trust.
func Start(tb testing.TB, upstream *rest.Config, caCert, caKey []byte) *Proxy {
	tb.Helper()
	p := &Proxy{tb: tb, ca: caCert, conns: map[net.Conn]bool{}, streams: map[*stream]bool{}, injected: map[string]int{}}
	p.must(p.certificates(caCert, caKey))
	p.must(p.forwardTo(upstream))
	var err error
	p.listener, err = listen()
	p.must(err)
	p.address = p.listener.Addr().String()
	p.server = &http.Server{
		Handler:           p,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate},
		ConnState:         p.track,
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go p.serve(p.listener)
	tb.Cleanup(p.stop)
	return p
}

// connKey is where a request's context has its connection.
type connKey struct{}

func (p *Proxy) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
}

func (p *Proxy) forwardTo(upstream *rest.Config) error {
	target, err := url.Parse(upstream.Host)
	if err != nil {
		return err
	}
	// The server compresses even watches; what is looked into must not be.
	plain := rest.CopyConfig(upstream)
	plain.DisableCompression = true
	transport, err := rest.TransportFor(plain)
	if err != nil {
		return err
	}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
		},
		Transport:      transport,
		FlushInterval:  -1,
		ModifyResponse: p.tapWatch,
		ErrorLog:       log.New(io.Discard, "", 0),
		// When the server behind is away, so is this one.
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, _ error) { p.hangUp(r) },
	}
	return nil
}

func (p *Proxy) serve(l net.Listener) { _ = p.server.ServeTLS(l, "", "") }

func (p *Proxy) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.dropConnections()
	_ = p.server.Close()
}

// ServeHTTP does to a request what the rules say, or forwards it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{proxy: p, w: w, r: r, request: parse(r)}
	if fault, hit := p.faultFor(x.request); hit {
		if !fault.later {
			p.count(fault.Name)
		}
		fault.do(x)
		return
	}
	x.pass()
}

// faultFor takes the first rule that matches; with none, chance decides.
func (p *Proxy) faultFor(request Request) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, rule := range p.rules {
		if !rule.Match(request) {
			continue
		}
		if rule.Times--; rule.Times == 0 {
			p.rules = slices.Delete(p.rules, i, i+1)
		}
		return rule.Do, true
	}
	if p.random != nil {
		return p.random.draw(request)
	}
	return Fault{}, false
}

func (p *Proxy) count(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.injected[name]++
}

// Inject adds a rule; the first rule that matches a request is taken.
func (p *Proxy) Inject(rule Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule)
}

// Random draws faults for the requests that no rule matches. The n-th request
// of a kind (its verb and resource) meets the same fate with the same seed. A
// nil mix ends it.
func (p *Proxy) Random(seed int64, mix Mix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.random = nil
	if mix != nil {
		p.random = &random{seed: seed, mix: mix, counts: map[string]int{}}
	}
}

// Clear drops all rules, chance included.
func (p *Proxy) Clear() {
	p.Random(0, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.handshakes = nil, nil
}

// Injected counts how often a fault was really done.
func (p *Proxy) Injected(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.injected[name]
}

// AllInjected is how often each fault was done.
func (p *Proxy) AllInjected() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.injected)
}

// Kubeconfig writes the way through the proxy. It has no credentials: whoever
// comes is the proxy's own identity to the server.
func (p *Proxy) Kubeconfig() string {
	p.tb.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["faulty"] = &clientcmdapi.Cluster{Server: "https://" + p.address, CertificateAuthorityData: p.ca}
	config.AuthInfos["anybody"] = &clientcmdapi.AuthInfo{}
	config.Contexts["faulty"] = &clientcmdapi.Context{Cluster: "faulty", AuthInfo: "anybody"}
	config.CurrentContext = "faulty"
	name := filepath.Join(p.tb.TempDir(), "kubeconfig")
	p.must(clientcmd.WriteToFile(*config, name))
	return name
}

// pass forwards a request. What changes something is carried out even when its
// connection breaks meanwhile: a server that stops half-way through an eviction
// leaves the pod in status.disruptedPods of its budget for two minutes, and that
// is a fault of its own.
func (x *exchange) pass() {
	ctx := x.r.Context()
	if x.r.Method != http.MethodGet {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
	}
	x.proxy.forward.ServeHTTP(x.w, x.r.WithContext(context.WithValue(ctx, exchangeKey{}, x)))
}
