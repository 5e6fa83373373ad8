// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestIssuedCertificatesAreTrusted(t *testing.T) {
	ca, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.Cert)
	client, err := ca.Client("someone", "some-group")
	if err != nil {
		t.Fatal(err)
	}
	server, err := ca.Server()
	if err != nil {
		t.Fatal(err)
	}
	check := func(pair Pair, usage x509.ExtKeyUsage, name string) *x509.Certificate {
		loaded, err := tls.X509KeyPair(pair.Cert, pair.Key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loaded.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Error(err)
		}
		return loaded.Leaf
	}
	check(server, x509.ExtKeyUsageServerAuth, "127.0.0.1")
	leaf := check(client, x509.ExtKeyUsageClientAuth, "")
	if leaf.Subject.CommonName != "someone" || leaf.Subject.Organization[0] != "some-group" {
		t.Errorf("the subject is %v", leaf.Subject)
	}
}

func TestKubeconfig(t *testing.T) {
	ca, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	client, err := ca.Client("someone")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := WriteKubeconfig(file, "https://127.0.0.1:1", "someone", ca.Cert, client.AuthInfo()); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if config.CurrentContext != ContextName {
		t.Errorf("the context is %q", config.CurrentContext)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v, %v", info.Mode(), err)
	}
}
