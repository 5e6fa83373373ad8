// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package harness drives the built binaries against a sandbox: a real control
// plane in a folder of its own. Tests and benchmarks use it; the plugin does not.
package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// startTimeout bounds the start of a sandbox on a slow machine.
const startTimeout = 5 * time.Minute

// Sandbox is a running control plane.
type Sandbox struct {
	// Dir is its folder, Kubeconfig the way in.
	Dir, Kubeconfig string
	// Client has no limits of its own.
	Client *kubernetes.Clientset
	// Config is the client's configuration.
	Config *rest.Config
	// CommandTimeout ends a command that hangs; 0 means three minutes.
	CommandTimeout time.Duration

	bin string
	// home is the folder that commands run in; empty: that of the test.
	home string
}

// Binaries returns the folder with sandbox, kubectl and the plugin; it skips the
// test where they have not been built.
func Binaries(tb testing.TB) string {
	tb.Helper()
	bin := os.Getenv("E2E_BIN_DIR")
	if bin == "" {
		bin = filepath.Join("..", "..", "bin")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"sandbox", "kubectl", "kubectl-vantiq_upgrade"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			tb.Skipf("skipped: %s is not built; `make e2e` builds it and runs this", name)
		}
	}
	return bin
}

// Programs is a sandbox without a control plane: the programs, and a way to a server
// of the test's own.
func Programs(tb testing.TB, kubeconfig string) *Sandbox {
	tb.Helper()
	return &Sandbox{Dir: tb.TempDir(), Kubeconfig: kubeconfig, bin: Binaries(tb)}
}

// Start starts a sandbox that ends with the test, or with the test's process.
// layout is aks, eks, none or a manifest file; speed is fast or real.
func Start(tb testing.TB, layout, speed string) *Sandbox {
	tb.Helper()
	return startFor(tb, layout, speed, nil)
}

// startFor is Start with so much more in the environment.
func startFor(tb testing.TB, layout, speed string, environment []string) *Sandbox {
	tb.Helper()
	s, err := start(tb.Context(), Binaries(tb), tb.TempDir(), layout, speed, environment)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// start starts a sandbox with so much more in its environment.
func start(ctx context.Context, bin, dir, layout, speed string, environment []string) (*Sandbox, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	up := exec.CommandContext(ctx, filepath.Join(bin, "sandbox"), "up",
		"--dir", dir, "--layout", layout, "--speed", speed, "--owner", strconv.Itoa(os.Getpid()))
	up.Env = append(os.Environ(), environment...)
	if out, err := up.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sandbox up: %w\n%s", err, out)
	}
	s := &Sandbox{Dir: dir, Kubeconfig: filepath.Join(dir, "kubeconfig"), bin: bin}
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	s.Config = config
	s.Client, err = kubernetes.NewForConfig(config)
	return s, err
}

// Stop ends the sandbox.
func (s *Sandbox) Stop() error {
	down := exec.Command(filepath.Join(s.bin, "sandbox"), "down", "--dir", s.Dir)
	if out, err := down.CombinedOutput(); err != nil {
		return fmt.Errorf("sandbox down: %w\n%s", err, out)
	}
	return nil
}

// Run runs `sandbox ARGS --dir DIR`.
func (s *Sandbox) Run(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, filepath.Join(s.bin, "sandbox"), append(args, "--dir", s.Dir)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("sandbox %v: %w\n%s", args, err, out)
	}
	return nil
}
