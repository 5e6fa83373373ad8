// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// procWith makes a proc file system; an empty part is left away.
func procWith(t *testing.T, boot, namespace string) string {
	t.Helper()
	proc := t.TempDir()
	for _, dir := range []string{"sys/kernel/random", "self/ns"} {
		if err := os.MkdirAll(filepath.Join(proc, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if boot != "" {
		if err := os.WriteFile(filepath.Join(proc, "sys/kernel/random/boot_id"), []byte(boot), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if namespace != "" {
		if err := os.Symlink(namespace, filepath.Join(proc, "self/ns/pid")); err != nil {
			t.Fatal(err)
		}
	}
	return proc
}

func TestMachine(t *testing.T) {
	const boot, other = "0b5c2e0e-6a0f-4a62-9a5e-3f6d1f0f7d11\n", "9f0e6f3a-0d55-4d4e-8b1f-2a7d3c1b5e22\n"
	here := machine(procWith(t, boot, "pid:[4026531836]"))
	if len(here) != 32 {
		t.Errorf("got %q", here)
	}
	if again := machine(procWith(t, boot, "pid:[4026531836]")); again != here {
		t.Errorf("the same machine is %q and %q", here, again)
	}
	if got := machine(procWith(t, other, "pid:[4026531836]")); got == here || got == "" {
		t.Errorf("another boot: %q", got)
	}
	if got := machine(procWith(t, boot, "pid:[4026532999]")); got == here || got == "" {
		t.Errorf("another container: %q", got)
	}
	for name, proc := range map[string]string{
		"no proc":      filepath.Join(t.TempDir(), "none"),
		"no boot":      procWith(t, "", "pid:[4026531836]"),
		"empty boot":   procWith(t, "\n", "pid:[4026531836]"),
		"no namespace": procWith(t, boot, ""),
	} {
		if got := machine(proc); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
