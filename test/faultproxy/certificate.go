// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	randv2 "math/rand/v2"
	"net"
	"time"
)

// handshake is what happens to a connection before it is one.
type handshake int

const (
	handshakeAborted handshake = iota
	handshakeForeign
)

var errAborted = errors.New("aborted on purpose")

// certificate is the proxy's own, unless the handshake is to fail.
func (p *Proxy) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.handshakes) == 0 {
		return p.good, nil
	}
	how := p.handshakes[0]
	p.handshakes = p.handshakes[1:]
	if how == handshakeForeign {
		p.injected["foreign certificate"]++
		return p.foreign, nil
	}
	p.injected["aborted handshake"]++
	return nil, errAborted
}

// certificates makes one that clients trust, and one that they do not.
func (p *Proxy) certificates(caCert, caKey []byte) error {
	authority, err := tls.X509KeyPair(caCert, caKey)
	if err != nil {
		return fmt.Errorf("reading the authority: %w", err)
	}
	if p.good, err = issue(authority.Leaf, authority.PrivateKey); err != nil {
		return err
	}
	p.foreign, err = issue(nil, nil)
	return err
}

// issue makes a certificate for loopback; without an authority it signs itself.
func issue(authority *x509.Certificate, signer crypto.PrivateKey) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "faultproxy"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if authority == nil {
		authority, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// listen picks a port below those of outgoing connections, so that it stays
// free while the proxy is away.
func listen() (net.Listener, error) {
	var err error
	for range 50 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+randv2.IntN(12000))); err == nil {
			return l, nil
		}
	}
	return nil, err
}
