// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/keeper"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

const superviseName = "supervise"

// The pipes that up gives to the supervisor.
const (
	reportsFD = 3
	waitingFD = 4
)

func superviseCommand() *cobra.Command {
	var dir, layout, speed, ownerStart string
	var owner int
	var timeout time.Duration
	command := &cobra.Command{
		Use:    superviseName,
		Short:  "Keep a sandbox (started by up)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			executable, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find the sandbox binary: %w", err)
			}
			options := keeper.Options{
				Dir: dir, Layout: layout, Speed: stages.Speed(speed), Timeout: timeout, Executable: executable, Log: command.ErrOrStderr(),
			}
			if owner != 0 {
				options.Owner = &supervise.Process{PID: owner, Start: ownerStart}
			}
			return keep(command.Context(), options)
		},
	}
	addDir(command, &dir)
	flags := command.Flags()
	flags.StringVar(&layout, "layout", "", "layout")
	flags.StringVar(&speed, "speed", "", "speed")
	flags.DurationVar(&timeout, "timeout", time.Minute, "timeout of the start")
	flags.IntVar(&owner, "owner", 0, "process id of the owner")
	flags.StringVar(&ownerStart, "owner-start", "", "start time of the owner")
	return command
}

// keep starts a sandbox, tells up about it, and keeps it until it is over.
func keep(ctx context.Context, options keeper.Options) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The terminal may close; the sandbox stays.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	reports := os.NewFile(reportsFD, "reports")
	if reports == nil {
		return errors.New("supervise is started by up")
	}
	options.Report = func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		fmt.Fprintf(options.Log, "%s %s\n", time.Now().UTC().Format(time.RFC3339Nano), text)
		fmt.Fprintf(reports, "%s%s\n", prefixStep, text)
	}
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	confirmed := awaitConfirmation(cancel)
	k, err := keeper.New(options)
	if err == nil {
		err = k.Start(starting)
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(reports, "%s%s\n", prefixFail, strings.TrimRight(line, "\n"))
		}
		return err
	}
	fmt.Fprintln(reports, lineReady)
	_ = reports.Close() // up reads no further
	if !<-confirmed {
		k.Abort()
		return errors.New("up is gone before the sandbox was ready")
	}
	return k.Keep(ctx)
}

// awaitConfirmation tells whether up took notice of the start. When up is gone
// before that, it cancels the start.
func awaitConfirmation(cancel func()) <-chan bool {
	confirmed := make(chan bool, 1)
	go func() {
		pipe := os.NewFile(waitingFD, "waiting")
		defer pipe.Close()
		line, err := bufio.NewReader(pipe).ReadString('\n')
		ok := err == nil && strings.TrimSpace(line) == lineReady
		if !ok {
			cancel()
		}
		confirmed <- ok
	}()
	return confirmed
}
