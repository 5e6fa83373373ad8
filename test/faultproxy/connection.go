// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// track knows all connections, so that they can be broken.
func (p *Proxy) track(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.conns[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(p.conns, c)
	case http.StateActive, http.StateIdle:
	}
}

// hangUp resets the connection of a request: no answer, no farewell.
func (p *Proxy) hangUp(r *http.Request) {
	p.breakOff(r)
	panic(http.ErrAbortHandler)
}

// breakOff resets the connection of a request, which may be carried out yet.
func (p *Proxy) breakOff(r *http.Request) {
	if c, known := r.Context().Value(connKey{}).(net.Conn); known {
		reset(c)
	}
}

func reset(c net.Conn) {
	if secure, is := c.(*tls.Conn); is {
		c = secure.NetConn()
	}
	if tcp, is := c.(*net.TCPConn); is {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = c.Close()
}

func (p *Proxy) dropConnections() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		reset(c)
	}
}

// refuse lets no connection in for a while, as a server that is restarted.
func (p *Proxy) refuse(d time.Duration) {
	p.mu.Lock()
	l := p.listener
	p.listener = nil
	p.mu.Unlock()
	if l == nil {
		return // it is away already
	}
	_ = l.Close()
	p.dropConnections()
	time.AfterFunc(d, p.reopen)
}

func (p *Proxy) reopen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		time.AfterFunc(100*time.Millisecond, p.reopen)
		return
	}
	p.listener = l
	go p.serve(l)
}
