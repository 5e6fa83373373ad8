// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// checkReplace keeps `go install …@latest` working: it refuses a module whose
// go.mod replaces anything.
func checkReplace(ctx context.Context, _ []string) ([]string, error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "edit", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("reading go.mod: %w", err)
	}
	var mod struct {
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, fmt.Errorf("reading go.mod: %w", err)
	}
	var breaches []string
	for _, r := range mod.Replace {
		breaches = append(breaches, fmt.Sprintf("go.mod: replaces %s; require a version that needs no replace", r.Old.Path))
	}
	return breaches, nil
}

func checkTidy(ctx context.Context, files []string) ([]string, error) {
	var breaches []string
	for _, dir := range modules(files) {
		diff, failure, err := run(ctx, dir, "go", "mod", "tidy", "-diff")
		switch {
		case err == nil:
		case strings.HasPrefix(diff, "diff "):
			breaches = append(breaches, filepath.Join(dir, "go.mod")+": not tidy; run go mod tidy in "+dir)
		default:
			return breaches, fmt.Errorf("go mod tidy in %s: %w: %s", dir, err, failure)
		}
	}
	return breaches, nil
}

// checkGenerated leaves the comparing to the script that also does the writing.
func checkGenerated(ctx context.Context, _ []string) ([]string, error) {
	out, failure, err := run(ctx, ".", "hack/generate.sh", "--check")
	if err == nil {
		return nil, nil
	}
	if out == "" {
		return nil, fmt.Errorf("hack/generate.sh --check: %w: %s", err, failure)
	}
	return strings.Split(out, "\n"), nil
}

// run returns what the command wrote to stdout and stderr. The error is a
// non-zero exit; a command that could not start shows in it as well.
func run(ctx context.Context, dir, name string, args ...string) (stdout, stderr string, err error) {
	var out, talk bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &talk
	err = cmd.Run()
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return strings.TrimSpace(out.String()), strings.TrimSpace(talk.String()), err
}
