// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"io"
	"log"
	"net/http/httputil"
	"net/url"
	"testing"

	"k8s.io/client-go/rest"
)

// forwardTo lets requests through to a server, as the user of a configuration and
// without these headers. Tests put between what they want to see or to change.
func forwardTo(t *testing.T, config *rest.Config, without ...string) *httputil.ReverseProxy {
	t.Helper()
	upstream, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			for _, header := range without {
				r.Out.Header.Del(header)
			}
		},
	}
}
