// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package probe asks for web pages: whether they answer, how fast, and how long
// their certificates hold.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// usualTimeout bounds a probe, its redirects included; maxRedirects and maxBody
// bound what is followed and read of it.
const (
	usualTimeout = 10 * time.Second
	maxRedirects = 10
	maxBody      = 64 << 10
)

// errRedirects ends a chain of redirects that is too long to be meant.
var errRedirects = errors.New("it redirects again and again")

// Prober asks for pages.
type Prober struct {
	Client *http.Client
	Clock  clock.PassiveClock
	// Timeout bounds each probe; 0 means 10 seconds.
	Timeout time.Duration
}

// NewClient returns a client that goes through the proxy of the environment, and
// makes a connection of its own for every probe: one that is left over says nothing
// about how it is now.
func NewClient() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
}

// Probe asks for a page by GET and follows redirects. A page that wants a login is
// up.
func (p Prober) Probe(ctx context.Context, target Target) v1alpha1.Probe {
	out := v1alpha1.Probe{Name: target.Name}
	u, err := url.Parse(target.URL)
	if err != nil {
		out.Message = "the address cannot be read: " + reasonOf(err)
		return out
	}
	out.URL = shown(u)
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = usualTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begun := p.Clock.Now()
	err = p.ask(bounded, u, &out)
	out.Milliseconds = p.Clock.Since(begun).Milliseconds()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		out.Message = "it was interrupted"
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		out.Message = fmt.Sprintf("no answer within %s", timeout)
	default:
		out.Message = reason(err)
	}
	return out
}

// ask fills in what the answer says.
func (p Prober) ask(ctx context.Context, u *url.URL, out *v1alpha1.Probe) error {
	certificate := &firstCertificate{}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, certificate.trace()), http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("asking for the page: %w", err)
	}
	client, err := p.browser()
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	out.Expires = certificate.expires(err)
	if err != nil {
		return err // reason words it
	}
	defer response.Body.Close()
	out.Status = response.StatusCode
	if final := shown(response.Request.URL); final != out.URL {
		out.Final = final
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)); err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	switch code := response.StatusCode; {
	case code < http.StatusBadRequest, code == http.StatusUnauthorized, code == http.StatusForbidden:
		out.Up = true
	default:
		out.Message = fmt.Sprintf("it answers %d %s", code, http.StatusText(code))
	}
	return nil
}

// browser is the client, with cookies for the time of this probe: a login that
// remembers where one came from redirects for ever without.
func (p Prober) browser() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("making a jar for cookies: %w", err)
	}
	client := *p.Client
	client.Jar = jar
	client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errRedirects
		}
		return nil
	}
	return &client, nil
}

// firstCertificate remembers the certificate of the first server that has one.
type firstCertificate struct {
	leaf *x509.Certificate
}

func (c *firstCertificate) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		conn, isTLS := info.Conn.(*tls.Conn)
		if !isTLS || c.leaf != nil {
			return
		}
		if chain := conn.ConnectionState().PeerCertificates; len(chain) > 0 {
			c.leaf = chain[0]
		}
	}}
}

// expires is when it ends; one that was refused is in the error.
func (c *firstCertificate) expires(err error) *metav1.Time {
	if refused, is := errors.AsType[*tls.CertificateVerificationError](err); is && c.leaf == nil && len(refused.UnverifiedCertificates) > 0 {
		c.leaf = refused.UnverifiedCertificates[0]
	}
	if c.leaf == nil {
		return nil
	}
	return &metav1.Time{Time: c.leaf.NotAfter}
}
