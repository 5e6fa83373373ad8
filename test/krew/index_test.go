// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"errors"
	"os"
	"path/filepath"
)

// index is a git repository with manifests of plugins, as krew reads them.
type index struct {
	*operator
	dir string
}

func (o *operator) newIndex() *index {
	o.t.Helper()
	i := &index{operator: o, dir: filepath.Join(o.t.TempDir(), "index")}
	if err := os.MkdirAll(filepath.Join(i.dir, "plugins"), 0o700); err != nil {
		o.t.Fatal(err)
	}
	i.git("init", "--quiet", "--initial-branch=main")
	return i
}

// uri is where krew clones it from.
func (i *index) uri() string { return "file://" + filepath.ToSlash(i.dir) }

// publish makes the manifest the one of its plugin.
func (i *index) publish(manifest string) {
	i.t.Helper()
	data, err := os.ReadFile(manifest)
	err = errors.Join(err, os.WriteFile(filepath.Join(i.dir, "plugins", filepath.Base(manifest)), data, 0o600))
	if err != nil {
		i.t.Fatal(err)
	}
	i.git("add", "--all")
	i.git("commit", "--quiet", "--message", "A release")
}

func (i *index) git(args ...string) {
	i.t.Helper()
	i.run("git", append([]string{"-C", i.dir}, args...)...)
}
