// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The file names of the plugin and of what kubectl asks to complete its words.
const (
	pluginName    = "kubectl-vantiq_upgrade"
	completerName = "kubectl_complete-vantiq_upgrade"
)

// completer is the plugin by the name under which kubectl asks it for completion.
type completer struct {
	// program is the plugin, dir where the completer goes.
	program, dir string
	// copies: a link takes rights that a user of Windows lacks.
	copies bool
}

// install makes the completer and says what was done. It replaces an older one of
// ours, and nothing else.
func (c completer) install() (string, error) {
	if info, err := os.Stat(c.dir); err != nil {
		return "", fmt.Errorf("the folder for the completion: %w", err)
	} else if !info.IsDir() {
		return "", fmt.Errorf("the folder for the completion: %s is no folder", c.dir)
	}
	name := filepath.Join(c.dir, completerName+exeOf(c.program))
	switch _, err := os.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", fmt.Errorf("looking for an earlier completion: %w", err)
	case sameFile(name, c.program):
		return "Nothing to do: " + name + " is there already.", nil
	case !isOurs(name):
		return "", fmt.Errorf("%s is there and is not ours: remove it, or give another folder with --dir", name)
	}
	target, done := c.target(), "a link to "
	write := os.Symlink
	if c.copies {
		target, done, write = c.program, "a copy of ", copyProgram
	}
	if err := replace(name, func(fresh string) error { return write(target, fresh) }); err != nil {
		return "", fmt.Errorf("making %s: %w", name, err)
	}
	return "Made " + name + ", " + done + target + ".", nil
}

// target is what the link points to: beside the plugin just its name, so that both
// can be moved together.
func (c completer) target() string {
	if sameFile(c.dir, filepath.Dir(c.program)) {
		return filepath.Base(c.program)
	}
	return c.program
}

// exeOf is the ending of a program's file on Windows; elsewhere there is none.
func exeOf(program string) string {
	if ext := filepath.Ext(program); strings.EqualFold(ext, ".exe") {
		return ext
	}
	return ""
}

// isOurs reports whether a file is the plugin, of any version: a link that leads, or
// led, to one of its name, or a program that was built from the same package.
func isOurs(name string) bool {
	if target, err := os.Readlink(name); err == nil {
		return strings.TrimSuffix(filepath.Base(target), exeOf(target)) == pluginName
	}
	info, err := buildinfo.ReadFile(name)
	return err == nil && path.Base(info.Path) == pluginName
}

// replace makes a file beside its place and moves it there.
func replace(name string, write func(fresh string) error) error {
	fresh := name + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := write(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, name); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return nil
}

// copyProgram copies a program.
func copyProgram(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copied.Close()) }()
	_, err = io.Copy(copied, source)
	return err
}

// sameFile reports whether two names are of one file, or folder.
func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
