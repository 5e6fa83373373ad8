// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

func restartCommand() *cobra.Command {
	var dir string
	var request supervise.Request
	command := &cobra.Command{
		Use:   "restart-apiserver --dir DIR --down 20s",
		Short: "Take the API server away for a while, and return when it is back",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return restart(command.Context(), dir, request)
		},
	}
	addDir(command, &dir)
	command.Flags().DurationVar(&request.Down, "down", 20*time.Second, "how long it stays away")
	command.Flags().BoolVar(&request.Kill, "kill", false, "end it with SIGKILL")
	return command
}

func restart(ctx context.Context, dir string, request supervise.Request) error {
	dir, err := absolute(dir)
	if err != nil {
		return err
	}
	state, err := supervise.ReadState(dir)
	if err != nil {
		return err
	}
	if state.Phase != supervise.PhaseRunning {
		return fmt.Errorf("no sandbox runs in %s: it is %s", dir, state.Phase)
	}
	request.ID = rand.Text()
	ctx, cancel := context.WithTimeout(ctx, request.Down+2*time.Minute)
	defer cancel()
	return supervise.Ask(ctx, dir, state.Supervisor, request)
}
