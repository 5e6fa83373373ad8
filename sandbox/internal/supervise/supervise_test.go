// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFreePortsAreDifferentAndLow(t *testing.T) {
	ports, err := FreePorts(t.Context(), 20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if seen[port] || port < firstPort || port >= lastPort {
			t.Errorf("port %d", port)
		}
		seen[port] = true
	}
}

func TestProcessAlive(t *testing.T) {
	self := Identify(os.Getpid())
	if !self.Alive() {
		t.Error("this process is alive")
	}
	if (Process{}).Alive() {
		t.Error("no process is not alive")
	}
	command := exec.CommandContext(t.Context(), "sleep", "60")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	other := Identify(command.Process.Pid)
	reused := Process{PID: other.PID, Start: other.Start + "1"}
	if other.Start != "" && reused.Alive() {
		t.Error("a process that was given the same id is another one")
	}
	if err := other.End(time.Second); err != nil {
		t.Fatal(err)
	}
	if other.Alive() {
		t.Error("an ended process that nobody waited for is not alive")
	}
	_ = command.Wait()
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("the second lock gives %v", err)
	}
	if !SameFile(path, held) {
		t.Error("the file is still the same")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if SameFile(path, held) {
		t.Error("the file is another one now")
	}
	_ = held.Close()
	_ = again.Close()
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	if state, err := ReadState(dir); err != nil || state.Phase != PhaseStopped {
		t.Errorf("an empty directory: %v, %v", state.Phase, err)
	}
	written := State{Phase: PhaseRunning, Supervisor: Identify(os.Getpid()), Layout: "aks"}
	if err := written.Write(dir); err != nil {
		t.Fatal(err)
	}
	if state, err := ReadState(dir); err != nil || state.Phase != PhaseRunning || state.Layout != "aks" {
		t.Errorf("got %+v, %v", state, err)
	}
	written.Supervisor = Process{}
	if err := written.Write(dir); err != nil {
		t.Fatal(err)
	}
	if state, err := ReadState(dir); err != nil || state.Phase != PhaseStopped {
		t.Errorf("without supervisor: %v, %v", state.Phase, err)
	}
}

func TestRequests(t *testing.T) {
	dir := t.TempDir()
	if _, ok := TakeRequest(dir); ok {
		t.Error("there is no request yet")
	}
	go func() {
		for {
			if request, ok := TakeRequest(dir); ok {
				_ = Answer(dir, Response{ID: request.ID, Error: "not today"})
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := Ask(ctx, dir, Identify(os.Getpid()), Request{ID: "1", Down: time.Second})
	if err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("got %v", err)
	}
}

func TestChild(t *testing.T) {
	spawner := NewSpawner()
	log := filepath.Join(t.TempDir(), "log")
	child, err := spawner.Start(t.Context(), "talker", "/bin/sh", []string{"-c", "echo hello; exit 3"}, log)
	if err != nil {
		t.Fatal(err)
	}
	<-child.Done()
	if !child.Unexpected() || !strings.Contains(child.Failure().Error(), "hello") {
		t.Errorf("got %v", child.Failure())
	}
	child, err = spawner.Start(t.Context(), "sleeper", "/bin/sh", []string{"-c", "trap '' TERM; while :; do sleep 1; done"}, log)
	if err != nil {
		t.Fatal(err)
	}
	child.Stop(syscall.SIGTERM, 200*time.Millisecond)
	if child.Unexpected() || child.Process().Alive() {
		t.Error("it was asked to end and did")
	}
}
