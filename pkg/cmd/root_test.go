// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// testSystem is a machine without a terminal, an environment or other processes.
func testSystem() System {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	return System{
		IOStreams: streams, Getenv: func(string) string { return "" }, Clock: clock.RealClock{},
		Operator: "taro@bastion", PID: 1, IsAlive: func(int) bool { return false },
	}
}

// TestRegistryMatchesCommands: plugins.yaml and the cobra tree name the same
// subcommands with the same words, and a mutating one has --dry-run.
func TestRegistryMatchesCommands(t *testing.T) {
	root, err := NewRootCommand(testSystem())
	if err != nil {
		t.Fatal(err)
	}
	reg, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]registry.Subcommand{}
	for _, s := range reg.Subcommands {
		known[s.Name] = s
	}
	for _, c := range root.Commands() {
		if !c.Runnable() {
			continue // a help topic
		}
		entry, ok := known[c.Name()]
		if !ok {
			t.Errorf("%s is not in plugins.yaml", c.Name())
			continue
		}
		delete(known, c.Name())
		if c.Short != entry.Summary {
			t.Errorf("%s: %q, plugins.yaml says %q", c.Name(), c.Short, entry.Summary)
		}
		if has := c.Flags().Lookup("dry-run") != nil; has != entry.CanMutate() {
			t.Errorf("%s: mutates %t, --dry-run %t", c.Name(), entry.CanMutate(), has)
		}
		// Every question has its flag; snapshot --to-cluster asks none.
		if has := c.Flags().Lookup("yes") != nil; has != entry.CanMutate() && c.Name() != "snapshot" {
			t.Errorf("%s: mutates %t, --yes %t", c.Name(), entry.CanMutate(), has)
		}
		// What asks a server is bounded.
		if timeout := c.Flags().Lookup("timeout"); timeout == nil && len(entry.RBAC) > 0 {
			t.Errorf("%s has no --timeout", c.Name())
		}
		for _, flag := range entry.FlagNames() {
			if c.Flags().Lookup(flag) == nil {
				t.Errorf("plugins.yaml gives %s a flag --%s that it has not", c.Name(), flag)
			}
		}
		if c.Example == "" {
			t.Errorf("%s has no examples", c.Name())
		}
	}
	for name := range known {
		t.Errorf("plugins.yaml names %s, which is no command", name)
	}
}

func TestExitCode(t *testing.T) {
	tests := map[string]struct {
		err  error
		want int
	}{
		"done":        {nil, 0},
		"an error":    {errors.New("x"), 1},
		"blocked":     {&ExitError{Code: codeBlocked}, 2},
		"wrapped":     {fmt.Errorf("x: %w", &ExitError{Code: codeStopped}), 3},
		"locked":      {fmt.Errorf("x: %w", &journal.HeldError{}), 4},
		"interrupted": {fmt.Errorf("listing: %w", context.Canceled), 130},
	}
	for name, tt := range tests {
		if got := ExitCode(tt.err); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// TestConfirm never asks where nobody can answer.
func TestConfirm(t *testing.T) {
	s := &suite{System: testSystem()}
	if err := s.confirm(t.Context(), true, "?"); err != nil {
		t.Error(err)
	}
	if err := s.confirm(t.Context(), false, "?"); err == nil {
		t.Error("went on without being asked")
	}
}

// TestInterruptedQuestion: Ctrl-C at the question is a no, and an interrupt.
func TestInterruptedQuestion(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	defer terminal.Close()
	if !report.IsTerminal(terminal) {
		t.Skip("/dev/ptmx is no terminal here")
	}
	s := &suite{System: testSystem()}
	s.In = terminal
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	err = s.confirm(ctx, false, "?")
	if ExitCode(err) != codeInterrupted || err.Error() != "not confirmed; nothing was touched" {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}
