// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/keeper"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/layout"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

type upOptions struct {
	dir, layout, speed string
	owner              int
	timeout            time.Duration
}

func upCommand() *cobra.Command {
	var options upOptions
	command := &cobra.Command{
		Use:   "up --dir DIR",
		Short: "Start a sandbox and return when it is ready",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return up(command.Context(), command.OutOrStdout(), command.ErrOrStderr(), options)
		},
	}
	addDir(command, &options.dir)
	flags := command.Flags()
	flags.StringVar(&options.layout, "layout", "aks", "aks, eks, none, or a manifest file")
	flags.StringVar(&options.speed, "speed", string(stages.Fast), "how long pods take to start and stop: fast or real")
	flags.IntVar(&options.owner, "owner", 0, "end the sandbox when the process with this id is gone")
	flags.DurationVar(&options.timeout, "timeout", 3*time.Minute, "give up after this time")
	return command
}

func up(ctx context.Context, out, messages io.Writer, options upOptions) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	supervisor, err := checkUp(&options)
	if err != nil {
		return err
	}
	paths := plane.Paths{Dir: options.dir}
	running, err := clearStale(ctx, paths)
	if err != nil {
		return err
	}
	if running {
		fmt.Fprintln(messages, "the sandbox runs already; nothing is changed")
	} else {
		if err := launch(ctx, messages, paths, supervisor); err != nil {
			return err
		}
		fmt.Fprintf(messages, "ready after %.1fs\n", time.Since(began).Seconds())
	}
	fmt.Fprintf(out, "export KUBECONFIG=%s\n", paths.Kubeconfig())
	return nil
}

// checkUp finds the mistakes that need no start, and returns the arguments of
// the supervisor.
func checkUp(options *upOptions) ([]string, error) {
	var err error
	if options.dir, err = absolute(options.dir); err != nil {
		return nil, err
	}
	if _, err := stages.Parse(options.speed); err != nil {
		return nil, err
	}
	if _, err := layout.Load(options.layout); err != nil {
		return nil, err
	}
	if _, err := os.Stat(options.layout); err == nil {
		if options.layout, err = filepath.Abs(options.layout); err != nil {
			return nil, fmt.Errorf("find the layout: %w", err)
		}
	}
	var owner supervise.Process
	if options.owner != 0 {
		if owner = supervise.Identify(options.owner); !owner.Alive() {
			return nil, fmt.Errorf("the owner, process %d, does not run", options.owner)
		}
	}
	return []string{
		"--dir", options.dir, "--layout", options.layout, "--speed", options.speed,
		"--timeout", options.timeout.String(),
		"--owner", strconv.Itoa(owner.PID), "--owner-start", owner.Start,
	}, nil
}

// clearStale reports whether a healthy sandbox runs in the directory, and
// removes one that does not.
func clearStale(ctx context.Context, paths plane.Paths) (running bool, err error) {
	state, err := supervise.ReadState(paths.Dir)
	if err != nil {
		// A record that cannot be read was left by a crash.
		state = supervise.State{Phase: supervise.PhaseStopped}
	}
	switch state.Phase {
	case supervise.PhaseRunning:
		return true, checkHealth(ctx, paths, state)
	case supervise.PhaseAPIServerDown:
		return false, fmt.Errorf("the sandbox in %s is running, but its API server is away for now", paths.Dir)
	case supervise.PhaseStarting:
		return false, fmt.Errorf("a sandbox is just being started in %s", paths.Dir)
	case supervise.PhaseFailed:
		if err := state.Supervisor.End(downGrace); err != nil {
			return false, err
		}
	case supervise.PhaseStopped:
	}
	if _, err := os.Stat(paths.Lock()); err == nil {
		keeper.Clean(paths, false)
	}
	return false, nil
}

func checkHealth(ctx context.Context, paths plane.Paths, state supervise.State) error {
	health, err := paths.NewHealth(state.Ports)
	if err == nil {
		err = health.APIServer(ctx)
	}
	if err != nil {
		return fmt.Errorf("the sandbox in %s runs but is not healthy: %w", paths.Dir, err)
	}
	return nil
}
