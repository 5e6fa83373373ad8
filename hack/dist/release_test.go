// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "b"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "a"), []byte("abc"), 0o600),
		writeChecksums(dir, []string{"b", "a"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, checksumsFile))
	if err != nil {
		t.Fatal(err)
	}
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestClear(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{binary + "_v1.0.0_linux_amd64.tar.gz", binary + "_v1.0.0_linux_amd64.cdx.json", checksumsFile, "notes.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&release{dir: dir}).clear(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || filepath.Base(left[0]) != "notes.md" {
		t.Errorf("left: %q", left)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"linux/amd64", `-version: "" is not a version`},
		{"-version 1.2.3 linux/amd64", `"1.2.3" is not a version`},
		{"-version v1.2.3/../x linux/amd64", "is not a version"},
		{"-version v1.2.3 -time yesterday linux/amd64", "-time: "},
		{"-version v1.2.3", "no platform given"},
		{"-version v1.2.3 linux", `"linux" is not a platform`},
		{"-version v1.2.3 linux/amd64", "kubectl-vantiq_upgrade_v1.2.3_linux_amd64.tar.gz: "},
	} {
		err := run(t.Context(), append([]string{"-dir", t.TempDir()}, strings.Fields(tc.args)...))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.args, err, tc.want)
		}
	}
}
