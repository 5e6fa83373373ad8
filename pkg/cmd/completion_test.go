// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func writeProgram(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestInstallLink: beside the plugin by its name, elsewhere by its path; again
// nothing is to do; a link of an earlier place is made anew.
func TestInstallLink(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	program := filepath.Join(dir, pluginName)
	writeProgram(t, program, "v1")
	for in, want := range map[string]string{dir: pluginName, other: program} {
		c := completer{program: program, dir: in}
		if done, err := c.install(); err != nil || !strings.HasPrefix(done, "Made ") {
			t.Fatalf("%q, %v", done, err)
		}
		if target, err := os.Readlink(filepath.Join(in, completerName)); err != nil || target != want {
			t.Errorf("%s points to %s, %v", in, target, err)
		}
		if done, err := c.install(); err != nil || !strings.HasPrefix(done, "Nothing to do") {
			t.Errorf("again: %q, %v", done, err)
		}
	}
	moved := filepath.Join(t.TempDir(), pluginName)
	if err := os.Rename(program, moved); err != nil {
		t.Fatal(err)
	}
	if _, err := (completer{program: moved, dir: other}).install(); err != nil {
		t.Error(err)
	}
	if target, _ := os.Readlink(filepath.Join(other, completerName)); target != moved {
		t.Errorf("it points to %s still", target)
	}
}

// TestInstallCopy is the way of Windows. A copy of ours is replaced: the test binary
// is no program of ours, so an earlier copy is told by being the very same file.
func TestInstallCopy(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, pluginName+".exe")
	writeProgram(t, program, "v1")
	c := completer{program: program, dir: dir, copies: true}
	done, err := c.install()
	if err != nil || !strings.Contains(done, "a copy of "+program) {
		t.Fatalf("%q, %v", done, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, completerName+".exe")); err != nil || string(text) != "v1" {
		t.Errorf("%q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestInstallRefuses: nothing of somebody else's is overwritten.
func TestInstallRefuses(t *testing.T) {
	dir := t.TempDir()
	program, there := filepath.Join(dir, pluginName), filepath.Join(dir, completerName)
	writeProgram(t, program, "v1")
	makers := map[string]func() error{
		"a script": func() error { return os.WriteFile(there, []byte("#!/bin/sh\n"), 0o600) },
		"a link":   func() error { return os.Symlink("something-else", there) },
		"a folder": func() error { return os.Mkdir(there, 0o700) },
	}
	for what, put := range makers {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		for _, copies := range []bool{false, true} {
			_, err := completer{program: program, dir: dir, copies: copies}.install()
			if err == nil || !strings.Contains(err.Error(), "is not ours") {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := os.Remove(there); err != nil {
			t.Fatal(err)
		}
	}
	for _, nowhere := range []string{filepath.Join(dir, "nowhere"), program} {
		if _, err := (completer{program: program, dir: nowhere}).install(); err == nil {
			t.Errorf("made in %s", nowhere)
		}
	}
}

// TestCompletionScripts: each is for the program by its own name.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range shells() {
		streams, _, out, _ := genericiooptions.NewTestIOStreams()
		system := testSystem()
		system.IOStreams = streams
		root, err := NewRootCommand(system)
		if err != nil {
			t.Fatal(err)
		}
		root.SetArgs([]string{"completion", shell})
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), pluginName) || !strings.Contains(out.String(), "__complete") {
			t.Errorf("%s:\n%s", shell, out)
		}
	}
	for args, want := range map[string]string{"tcsh": `no script for the shell "tcsh"`, "bash zsh": "one shell at a time", "install x": "install takes no arguments"} {
		root, err := NewRootCommand(testSystem())
		if err != nil {
			t.Fatal(err)
		}
		root.SetArgs(append([]string{"completion"}, strings.Split(args, " ")...))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
