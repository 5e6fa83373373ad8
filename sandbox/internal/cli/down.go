// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/keeper"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// downGrace is how long a supervisor may take to end its children.
const downGrace = 20 * time.Second

func downCommand() *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:   "down --dir DIR",
		Short: "End a sandbox and remove what it made",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return down(dir)
		},
	}
	addDir(command, &dir)
	return command
}

func down(dir string) error {
	dir, err := absolute(dir)
	if err != nil {
		return err
	}
	paths := plane.Paths{Dir: dir}
	state, err := supervise.ReadState(dir)
	if err != nil {
		return err
	}
	// The components end with the supervisor, but a caller that sees this
	// command return must not find one of them still ending.
	ended := []error{state.Supervisor.End(downGrace)}
	for _, process := range state.Components {
		ended = append(ended, process.End(time.Second))
	}
	if err := errors.Join(ended...); err != nil {
		return fmt.Errorf("end the sandbox in %s: %w", dir, err)
	}
	if _, err := os.Stat(paths.Logs()); err == nil {
		keeper.Clean(paths, false)
	}
	return nil
}
