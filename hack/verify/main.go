// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Command verify checks the rules of the house that neither the compiler nor
// the linters know. It runs in the root of the repository, prints one line per
// breach, which file and how to mend it, and exits with 1 if there is any.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// A check returns one line per breach. Its error means that it could not look.
type check func(ctx context.Context, files []string) ([]string, error)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	breaches, err := verify(ctx)
	stop()
	for _, breach := range breaches {
		fmt.Println(breach)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
	}
	if err != nil || len(breaches) > 0 {
		os.Exit(1)
	}
}

func verify(ctx context.Context) ([]string, error) {
	files, err := repositoryFiles(ctx)
	if err != nil {
		return nil, err
	}
	var breaches []string
	var errs []error
	for _, c := range []check{checkContents, checkReplace, checkTidy, checkGenerated} {
		found, err := c(ctx, files)
		breaches = append(breaches, found...)
		errs = append(errs, err)
	}
	return breaches, errors.Join(errs...)
}

// repositoryFiles lists what is or would be committed, so that build outputs
// and scratch files are nobody's concern.
func repositoryFiles(ctx context.Context) ([]string, error) {
	out, failure, err := run(ctx, ".", "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, fmt.Errorf("listing the files of the checkout: %w: %s", err, failure)
	}
	files := slices.DeleteFunc(strings.Split(out, "\x00"), func(name string) bool {
		info, err := os.Lstat(name)
		return err != nil || !info.Mode().IsRegular()
	})
	slices.Sort(files)
	return slices.Compact(files), nil
}

// modules returns the directory of every Go module among the files.
func modules(files []string) []string {
	var dirs []string
	for _, name := range files {
		if filepath.Base(name) == "go.mod" && !isTestdata(name) {
			dirs = append(dirs, filepath.Dir(name))
		}
	}
	return dirs
}
