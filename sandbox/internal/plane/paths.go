// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package plane

import "path/filepath"

// Names of the programs.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
)

// Paths are the files of one sandbox.
type Paths struct{ Dir string }

// Kubeconfig is the operators' way in.
func (p Paths) Kubeconfig() string { return p.join("kubeconfig") }

// CACert is the certificate authority's certificate.
func (p Paths) CACert() string { return p.join("ca.crt") }

// CAKey is the certificate authority's private key; tests mint users with it.
func (p Paths) CAKey() string { return p.join("ca.key") }

// Lock is held by the supervisor for as long as the sandbox lives.
func (p Paths) Lock() string { return p.join("lock") }

// Logs is the directory of all logs.
func (p Paths) Logs() string { return p.join("logs") }

// Log is the log of one program.
func (p Paths) Log(name string) string { return p.join("logs", name+".log") }

// AuditLog is the API server's record of requests.
func (p Paths) AuditLog() string { return p.join("logs", "audit.log") }

// Run is the directory of what the programs need between themselves.
func (p Paths) Run() string { return p.join("run") }

// ComponentKubeconfig is a program's own way in.
func (p Paths) ComponentKubeconfig(name string) string { return p.join("run", name+".kubeconfig") }

// Made lists everything that a sandbox makes in its directory.
func (p Paths) Made() []string {
	names := []string{
		"kubeconfig", "ca.crt", "ca.key", "logs", "run",
		"state.json", "state.json.new", "request.json", "request.json.new",
		"response.json", "response.json.new", "lock",
	}
	made := make([]string, len(names))
	for i, name := range names {
		made[i] = p.join(name)
	}
	return made
}

func (p Paths) join(parts ...string) string {
	return filepath.Join(append([]string{p.Dir}, parts...)...)
}
