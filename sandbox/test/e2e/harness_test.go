// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e drives the built sandbox binary from the outside.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// binary returns the sandbox binary, or skips the test.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("SANDBOX_BIN")
	if path == "" {
		path = filepath.Join("..", "..", "..", "bin", "sandbox")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the sandbox is not built (set SANDBOX_BIN, or build bin/sandbox): %v", err)
	}
	return path
}

// run calls the sandbox and returns its output and exit code.
func run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	// Clean-ups call this too, when the test's context is over.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), args...)
	command.Stdout, command.Stderr = &out, t.Output()
	// Tests side by side are short of the processor.
	command.Env = append(os.Environ(), "GOGC=400", "GOMAXPROCS=1")
	err := command.Run()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), command.ProcessState.ExitCode()
}

// up starts a sandbox that ends with the test.
func up(t *testing.T, dir string, args ...string) supervise.State {
	t.Helper()
	// With an owner it also ends when this process is killed.
	args = append([]string{"up", "--dir", dir, "--owner", strconv.Itoa(os.Getpid())}, args...)
	if out, code := run(t, args...); code != 0 {
		t.Fatalf("up: exit code %d\n%s", code, out)
	}
	t.Cleanup(func() { run(t, "down", "--dir", dir) })
	state := status(t, dir)
	if state.Phase != supervise.PhaseRunning {
		t.Fatalf("after up it is %s: %s", state.Phase, state.Message)
	}
	return state
}

func status(t *testing.T, dir string) supervise.State {
	t.Helper()
	out, code := run(t, "status", "--dir", dir, "-o", "json")
	var state supervise.State
	if err := json.Unmarshal([]byte(out), &state); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	if running := state.Phase == supervise.PhaseRunning; running != (code == 0) {
		t.Errorf("status %s has exit code %d", state.Phase, code)
	}
	return state
}

func client(t *testing.T, dir string) kubernetes.Interface {
	t.Helper()
	return connect(t, filepath.Join(dir, "kubeconfig"))
}

func connect(t *testing.T, kubeconfig string) kubernetes.Interface {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout = 5 * time.Second
	return kubernetes.NewForConfigOrDie(config)
}

// gone waits until no process of a sandbox is left.
func gone(t *testing.T, state supervise.State) {
	t.Helper()
	processes := map[string]supervise.Process{"supervisor": state.Supervisor}
	maps.Copy(processes, state.Components)
	eventually(t, "all processes are gone", func() bool {
		for _, process := range processes {
			if process.Alive() {
				return false
			}
		}
		return true
	})
}

// patience bounds every wait of a test.
const patience = time.Minute

func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if check() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("after %s it is not so that %s", patience, what)
}
