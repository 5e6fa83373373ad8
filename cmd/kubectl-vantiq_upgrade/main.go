// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-vantiq_upgrade is the kubectl plugin vantiq-upgrade: streams,
// signals and the exit code. Everything else is in pkg/.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // OIDC and friends in kubeconfigs
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cmd"
)

// gcPercent makes room on a small bastion: what a large cluster leaves in memory
// is mostly caches that do not change, and collecting more often costs little.
const gcPercent = 40

func main() {
	debug.SetGCPercent(gcPercent)
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// After the first signal the default comes back: a second one ends at once.
	context.AfterFunc(ctx, stop)

	system := cmd.System{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Getenv:    os.Getenv, Clock: clock.RealClock{},
		Operator: operator(), Machine: machine("/proc"), PID: os.Getpid(), IsAlive: isAlive,
	}
	args, completing := completionArgs(os.Args)
	if completing {
		silence(&system)
	}
	return cmd.Execute(ctx, system, args)
}

// operator is who runs the command, as user@host.
func operator() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// isAlive reports whether a process of this machine runs. Signal 0 asks without
// doing anything; a process of another user answers with a permission error.
func isAlive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
