// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

func TestTwoSideBySide(t *testing.T) {
	t.Parallel()
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	one, two := up(t, first, "--layout", "none"), up(t, second, "--layout", "none")
	if one.Ports == two.Ports {
		t.Error("both have the same ports")
	}
	if len(one.Components) != 5 || one.KubernetesVersion == "" {
		t.Errorf("the status is incomplete: %+v", one)
	}
	out, code := run(t, "up", "--dir", first)
	if code != 0 || !strings.Contains(out, filepath.Join(first, "kubeconfig")) {
		t.Errorf("up again: exit code %d, %s", code, out)
	}
	if again := status(t, first); again.Supervisor != one.Supervisor {
		t.Error("up again started another one")
	}
	for range 2 { // the second time there is nothing to do
		if _, code := run(t, "down", "--dir", first); code != 0 {
			t.Errorf("down: exit code %d", code)
		}
	}
	gone(t, one)
	if _, err := os.Stat(first); !os.IsNotExist(err) {
		t.Errorf("something is left in the directory: %v", err)
	}
	if state := status(t, second); state.Phase != supervise.PhaseRunning {
		t.Errorf("the other one is %s", state.Phase)
	}
}

func TestEndsWithItsOwner(t *testing.T) {
	t.Parallel()
	owner := exec.CommandContext(t.Context(), "sleep", "600")
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	state := up(t, dir, "--layout", "none", "--owner", strconv.Itoa(owner.Process.Pid))
	_ = owner.Process.Kill()
	_ = owner.Wait()
	gone(t, state)
	if _, code := run(t, "up", "--dir", dir, "--layout", "none", "--owner", strconv.Itoa(owner.Process.Pid)); code == 0 {
		t.Error("an owner that is gone was accepted")
	}
}

func TestEndsWithItsDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sandbox")
	state := up(t, dir, "--layout", "none")
	eventually(t, "the directory is removed", func() bool { return os.RemoveAll(dir) == nil })
	gone(t, state)
}

func TestKilledSupervisorLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := up(t, dir, "--layout", "none")
	_ = syscall.Kill(state.Supervisor.PID, syscall.SIGKILL)
	gone(t, state)
	if now := status(t, dir); now.Phase != supervise.PhaseStopped {
		t.Errorf("it is %s", now.Phase)
	}
	if fresh := up(t, dir, "--layout", "none"); fresh.Supervisor == state.Supervisor {
		t.Error("up did not start a new one")
	}
}

func TestInterruptedUpLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"interrupt": syscall.SIGINT, "kill": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "sandbox")
			command := exec.CommandContext(t.Context(), binary(t), "up", "--dir", dir, "--layout", "aks")
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			var state supervise.State
			eventually(t, "the API server is started", func() bool {
				state, _ = supervise.ReadState(dir)
				return len(state.Components) >= 2
			})
			_ = command.Process.Signal(sig)
			if err := command.Wait(); err == nil {
				t.Error("up succeeded")
			}
			gone(t, state)
		})
	}
}

func TestLostComponentIsNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state := up(t, dir, "--layout", "none")
	_ = syscall.Kill(state.Components["kube-scheduler"].PID, syscall.SIGKILL)
	eventually(t, "the status is failed", func() bool {
		now := status(t, dir)
		return now.Phase == supervise.PhaseFailed && strings.Contains(now.Message, "kube-scheduler")
	})
}

func TestRestartAPIServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := up(t, dir, "--layout", "none")
	cluster := client(t, dir)
	done := make(chan int, 1)
	began := time.Now()
	go func() {
		_, code := run(t, "restart-apiserver", "--dir", dir, "--down", "3s")
		done <- code
	}()
	ready := func() bool {
		_, err := cluster.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{})
		return err == nil
	}
	eventually(t, "the API server is away", func() bool { return !ready() })
	if code := <-done; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if took := time.Since(began); took < 3*time.Second {
		t.Errorf("it was back after %s", took)
	}
	if !ready() {
		t.Error("the API server is not back")
	}
	after := status(t, dir)
	if after.Phase != supervise.PhaseRunning {
		t.Errorf("it is %s: %s", after.Phase, after.Message)
	}
	if after.Ports != before.Ports || after.Components["kube-apiserver"] == before.Components["kube-apiserver"] {
		t.Error("it is not another process on the same port")
	}
	if _, code := run(t, "restart-apiserver", "--dir", dir, "--down", "1ms", "--kill"); code != 0 || !ready() {
		t.Errorf("with --kill: exit code %d", code)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "sandbox")
	for name, args := range map[string][]string{
		"speed":   {"up", "--dir", dir, "--speed", "slow"},
		"layout":  {"up", "--dir", dir, "--layout", "nowhere.yaml"},
		"dir":     {"up"},
		"restart": {"restart-apiserver", "--dir", dir},
	} {
		if _, code := run(t, args...); code == 0 {
			t.Errorf("%s: exit code 0", name)
		}
	}
	if state := status(t, dir); state.Phase != supervise.PhaseStopped {
		t.Errorf("it is %s", state.Phase)
	}
}
