// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/certs"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// Loader is the name of the supervisor's own way in, which loads layouts.
const Loader = "loader"

// componentGroup marks the sandbox's own programs, so that the audit log can
// leave them out.
const componentGroup = "system:sandbox"

const mastersGroup = "system:masters"

// adminUser is who operators are.
const adminUser = "sandbox-admin"

// Credentials are the keys of one sandbox; the kubeconfig files are written
// from them once the port is known.
type Credentials struct {
	ca *certs.Authority
	// admin is the operators' client certificate.
	admin certs.Pair
	// tokens are those of the sandbox's own programs.
	tokens map[string]string
}

// WriteFiles writes certificates, keys, the audit policy and kwok's stages.
func (p Paths) WriteFiles(speed stages.Speed) (*Credentials, error) {
	if err := os.MkdirAll(p.Run(), 0o700); err != nil {
		return nil, fmt.Errorf("make the run directory: %w", err)
	}
	credentials, err := p.writeCertificates()
	if err != nil {
		return nil, err
	}
	for _, s := range []stages.Speed{stages.Load, speed} {
		text, err := stages.Render(s)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(p.Stages(s), []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("write the stages: %w", err)
		}
	}
	if err := os.WriteFile(p.auditPolicy(), []byte(auditPolicy), 0o644); err != nil {
		return nil, fmt.Errorf("write the audit policy: %w", err)
	}
	return credentials, nil
}

func (p Paths) writeCertificates() (*Credentials, error) {
	ca, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	server, err := ca.Server()
	if err != nil {
		return nil, err
	}
	_, serviceAccountKey, err := certs.NewKey()
	if err != nil {
		return nil, err
	}
	if err := ca.Write(p.CACert(), p.CAKey()); err != nil {
		return nil, err
	}
	if err := server.Write(p.serverCert(), p.serverKey()); err != nil {
		return nil, err
	}
	if err := os.WriteFile(p.serviceAccountKey(), serviceAccountKey, 0o600); err != nil {
		return nil, fmt.Errorf("write the service account key: %w", err)
	}
	admin, err := ca.Client(adminUser, mastersGroup)
	if err != nil {
		return nil, err
	}
	c := &Credentials{ca: ca, admin: admin, tokens: map[string]string{}}
	return c, p.writeTokens(c)
}

// writeTokens gives each of the sandbox's own programs a token. They send most of
// the requests, and for each one a client certificate would be verified anew.
func (p Paths) writeTokens(c *Credentials) error {
	var lines strings.Builder
	for _, name := range []string{ControllerManager, Scheduler, Kwok, Loader} {
		c.tokens[name] = rand.Text()
		// The controllers work under one identity with all rights: giving each
		// its own service account costs seconds at every start.
		fmt.Fprintf(&lines, "%s,%s,%s,\"%s,%s\"\n", c.tokens[name], User(name), name, mastersGroup, componentGroup)
	}
	if err := os.WriteFile(p.tokens(), []byte(lines.String()), 0o600); err != nil {
		return fmt.Errorf("write the tokens: %w", err)
	}
	return nil
}

// User is the name under which a component speaks to the API server.
func User(component string) string { return "system:" + component }

// WriteKubeconfigs writes all kubeconfig files for the API server at port.
func (p Paths) WriteKubeconfigs(c *Credentials, port int) error {
	server := fmt.Sprintf("https://127.0.0.1:%d", port)
	for name, token := range c.tokens {
		auth := &api.AuthInfo{Token: token}
		if err := certs.WriteKubeconfig(p.ComponentKubeconfig(name), server, User(name), c.ca.Cert, auth); err != nil {
			return err
		}
	}
	return certs.WriteKubeconfig(p.Kubeconfig(), server, adminUser, c.ca.Cert, c.admin.AuthInfo())
}

// Stages is kwok's configuration for a speed.
func (p Paths) Stages(speed stages.Speed) string {
	return filepath.Join(p.Run(), "stages-"+string(speed)+".yaml")
}

func (p Paths) serverCert() string        { return p.join("run", "server.crt") }
func (p Paths) serverKey() string         { return p.join("run", "server.key") }
func (p Paths) serviceAccountKey() string { return p.join("run", "service-account.key") }
func (p Paths) tokens() string            { return p.join("run", "tokens.csv") }
func (p Paths) auditPolicy() string       { return p.join("run", "audit-policy.yaml") }
func (p Paths) etcdData() string          { return p.join("run", "etcd") }

// auditPolicy records what people and their tools do, and nothing of what the
// control plane does to itself.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  userGroups: ["` + componentGroup + `", "system:nodes", "system:serviceaccounts:kube-system"]
- level: None
  users: ["system:apiserver", "system:anonymous"]
- level: Request
  resources:
  - {group: "", resources: ["pods/eviction"]}
- level: Metadata
  omitManagedFields: true
`

// ResetStore removes what an earlier try of a start left in the store.
func (p Paths) ResetStore() error {
	if err := os.RemoveAll(p.etcdData()); err != nil {
		return fmt.Errorf("remove the old store: %w", err)
	}
	return nil
}
