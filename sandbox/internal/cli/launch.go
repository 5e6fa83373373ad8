// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// What the supervisor says on its report pipe, one line each.
const (
	lineReady  = "ready"
	prefixStep = "step: "
	prefixFail = "fail: "
)

// launch starts the supervisor in a session of its own and follows its start.
// A second pipe tells the supervisor that this process still waits: when it
// breaks before the start is confirmed, the supervisor ends everything.
func launch(ctx context.Context, messages io.Writer, paths plane.Paths, args []string) error {
	reports, reportsEnd, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer reports.Close()
	waiting, confirm, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer confirm.Close()
	command, err := supervisorCommand(ctx, paths, args, reportsEnd, waiting)
	if err != nil {
		return err
	}
	err = command.Start()
	_ = reportsEnd.Close() // the supervisor has its own
	_ = waiting.Close()
	if err != nil {
		return fmt.Errorf("start the supervisor: %w", err)
	}
	supervisor := supervise.Identify(command.Process.Pid)
	// Interrupted: the supervisor hears it, cleans up, and then closes the pipe.
	defer context.AfterFunc(ctx, func() { _ = command.Process.Signal(syscall.SIGTERM) })()
	if err := follow(reports, messages); err != nil {
		_ = command.Wait()
		if ctx.Err() != nil {
			return errors.New("interrupted; everything that was started is gone")
		}
		return err
	}
	if _, err := fmt.Fprintln(confirm, lineReady); err != nil {
		return fmt.Errorf("the supervisor (process %d) ended: %w", supervisor.PID, err)
	}
	return nil
}

func supervisorCommand(ctx context.Context, paths plane.Paths, args []string, reports, waiting *os.File) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the sandbox binary: %w", err)
	}
	if err := os.MkdirAll(paths.Logs(), 0o755); err != nil {
		return nil, fmt.Errorf("make the sandbox directory: %w", err)
	}
	log, err := os.Create(paths.Log("supervisor"))
	if err != nil {
		return nil, fmt.Errorf("open the supervisor's log: %w", err)
	}
	// It outlives this call.
	command := exec.CommandContext(context.WithoutCancel(ctx), self, append([]string{superviseName}, args...)...)
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{reports, waiting}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return command, nil
}

// follow shows the steps of the start until it is done.
func follow(reports io.Reader, messages io.Writer) error {
	lines := bufio.NewScanner(reports)
	lines.Buffer(nil, 1<<20)
	var failure []string
	for lines.Scan() {
		line := lines.Text()
		if line == lineReady {
			return nil
		}
		if step, ok := strings.CutPrefix(line, prefixStep); ok {
			fmt.Fprintln(messages, step)
		}
		if text, ok := strings.CutPrefix(line, prefixFail); ok {
			failure = append(failure, text)
		}
	}
	if len(failure) == 0 {
		return errors.New("the supervisor ended without saying why; see its log")
	}
	return errors.New(strings.Join(failure, "\n"))
}
