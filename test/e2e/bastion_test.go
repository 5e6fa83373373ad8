// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// bastion is a machine to call programs on: an environment and a folder of the
// test's own, where the harness always has the usual ones.
type bastion struct {
	path, kubeconfig string
	// home is HOME; a dash leaves it unset.
	home, dir string
	env       []string
}

// newBastion has the programs on its PATH, and a home that is empty.
func newBastion(t *testing.T, kubeconfig string) bastion {
	t.Helper()
	home := t.TempDir()
	return bastion{path: harness.Binaries(t), kubeconfig: kubeconfig, home: home, dir: home}
}

// run runs a program of the PATH to its end.
func (b bastion) run(t *testing.T, program string, args ...string) harness.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, dir := range filepath.SplitList(b.path) {
		if found, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			program = found
			break
		}
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = b.dir
	cmd.Env = append([]string{"PATH=" + b.path, "KUBECONFIG=" + b.kubeconfig}, b.env...)
	if b.home != "-" {
		cmd.Env = append(cmd.Env, "HOME="+b.home)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	r := harness.Result{Stdout: stdout.String(), Stderr: stderr.String(), Took: time.Since(began), State: cmd.ProcessState}
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case ended:
		r.Code = exit.ExitCode()
	case err != nil:
		t.Fatal(err)
	}
	return r
}

// plugin runs kubectl vantiq-upgrade.
func (b bastion) plugin(t *testing.T, args ...string) harness.Result {
	t.Helper()
	return b.run(t, "kubectl", append([]string{"vantiq-upgrade"}, args...)...)
}

// kubeconfigOf reads the way into a sandbox, has it changed, and writes it to a file
// of the test's own.
func kubeconfigOf(t *testing.T, s *harness.Sandbox, change func(*clientcmdapi.Config, *clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(s.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	now := config.Contexts[config.CurrentContext]
	change(config, config.Clusters[now.Cluster], config.AuthInfos[now.AuthInfo])
	return writeKubeconfig(t, config)
}

func writeKubeconfig(t *testing.T, config *clientcmdapi.Config) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// kubeconfigFor is the way to a server at an address, for a user.
func kubeconfigFor(t *testing.T, server string, user *clientcmdapi.AuthInfo) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["aks"] = &clientcmdapi.Cluster{Server: server, InsecureSkipTLSVerify: strings.HasPrefix(server, "https")}
	config.AuthInfos["ops"] = cmp.Or(user, &clientcmdapi.AuthInfo{})
	config.Contexts["prod"] = &clientcmdapi.Context{Cluster: "aks", AuthInfo: "ops"}
	config.CurrentContext = "prod"
	return writeKubeconfig(t, config)
}
