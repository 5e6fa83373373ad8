// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cmd"
)

// completerPrefix begins the names of the programs that kubectl asks to complete
// the words of its plugins.
const completerPrefix = "kubectl_complete-"

// completionArgs returns the arguments of the root command, and whether words are
// to be completed. Under the name of a completer (kubectl_complete-vantiq_upgrade,
// with .exe on Windows) the program gets the words of the line so far.
func completionArgs(argv []string) ([]string, bool) {
	if len(argv) == 0 {
		return []string{}, false
	}
	args := argv[1:]
	if strings.HasPrefix(filepath.Base(argv[0]), completerPrefix) {
		return append([]string{cobra.ShellCompRequestCmd}, args...), true
	}
	asked := len(args) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, args[0])
	return args, asked
}

// silence takes stderr away from everything that might write to it in the midst of
// a line that somebody types: warnings, logs, credential plugins; and stdin from
// those that would ask.
func silence(system *cmd.System) {
	system.ErrOut = io.Discard
	system.In = strings.NewReader("")
	log.SetOutput(io.Discard)
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return // a machine without it; a line too many is better than no completion
	}
	os.Stdin, os.Stderr = nothing, nothing
}
