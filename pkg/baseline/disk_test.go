// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
)

// TestWriteFile: a file appears whole, for its owner alone, packed by its name.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	for name, packed := range map[string]bool{"a.yaml": false, "a.yaml.gz": true} {
		name := filepath.Join(dir, name)
		size, err := baseline.WriteFile(name, sample(), false)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil || int64(len(data)) != size || bytes.HasPrefix(data, []byte{0x1f, 0x8b}) != packed {
			t.Errorf("%s: %d bytes, %d were told, %v", name, len(data), size, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if s, err := baseline.ReadFile(name); err != nil || !apiequality.Semantic.DeepEqual(sample(), s) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := baseline.WriteFile(name, empty(), false); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("got %v", err)
		}
		if _, err := baseline.WriteFile(name, empty(), true); err != nil {
			t.Error(err)
		}
		if s, err := baseline.ReadFile(name); err != nil || len(s.Pods) != 0 {
			t.Errorf("it was not replaced: %v", err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestWriteFileFails where there is no folder, and leaves nothing.
func TestWriteFileFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := baseline.WriteFile(filepath.Join(dir, "missing", "a.yaml"), sample(), false); err == nil {
		t.Error("it was written")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestCheckFile(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		name      string
		overwrite bool
		want      string
	}{
		"new":       {filepath.Join(dir, "new"), false, ""},
		"there":     {there, false, "exists already"},
		"overwrite": {there, true, ""},
		"folder":    {dir, true, "is a folder"},
		"no folder": {filepath.Join(dir, "missing", "new"), false, "no folder"},
		"a device":  {os.DevNull, true, "no regular file"},
		"in a file": {filepath.Join(there, "new"), false, "not a directory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := baseline.CheckFile(tt.name, tt.overwrite)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.yaml")
	if _, err := baseline.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(name, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := baseline.ReadFile(name); err == nil || !strings.Contains(err.Error(), "reading the baseline "+name+": it is not a file of") {
		t.Errorf("got %v", err)
	}
}
