// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cli holds the commands of the sandbox.
package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"
)

// errNotRunning makes status exit with 1 without an error message.
var errNotRunning = errors.New("not running")

// Main runs the command line args, writes to the streams, and returns the exit
// code.
func Main(args []string, out, messages io.Writer) int {
	root := &cobra.Command{
		Use:           "sandbox",
		Short:         "A complete Kubernetes control plane with simulated nodes",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(upCommand(), statusCommand(), downCommand(), restartCommand(), superviseCommand())
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(messages)
	err := root.Execute()
	if err == nil {
		return 0
	}
	if !errors.Is(err, errNotRunning) {
		fmt.Fprintln(messages, "sandbox:", err)
	}
	return 1
}

// addDir gives a command its --dir.
func addDir(command *cobra.Command, dir *string) {
	command.Flags().StringVar(dir, "dir", "", "directory of the sandbox (required)")
	_ = command.MarkFlagRequired("dir") // the flag was defined the line before
}

func absolute(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the directory %s: %w", dir, err)
	}
	return path, nil
}
