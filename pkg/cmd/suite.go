// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// System is what the commands use of the machine they run on.
type System struct {
	genericiooptions.IOStreams
	Getenv func(string) string
	Clock  clock.WithTicker
	// Operator is who runs the command, as user@host.
	Operator string
	// Machine is equal for two processes only if each can see whether the other
	// one runs; empty where that cannot be told.
	Machine string
	PID     int
	// IsAlive reports whether a process of this machine runs.
	IsAlive func(pid int) bool

	// course is shared with a command that this one goes on with.
	course *course
}

// suite is what all subcommands share.
type suite struct {
	System
	registry *registry.Registry
	conn     *connection
	colour   colour
	logs     *logs
	// journalNamespace is where changes are written down.
	journalNamespace string
	// limit is --timeout of the command; nil before it runs.
	limit *limit
}

// now is the time of the API server, as far as its answers tell: what is written
// down is read by others, whose clocks may differ.
func (s *suite) now() time.Time { return s.conn.server.Now() }

// styleFor colours a stream as the operator wishes.
func (s *suite) styleFor(stream any) report.Style { return s.colour.style(stream, s.Getenv) }

// locker is how we ask for the lock of the cluster.
func (s *suite) locker(client kubernetes.Interface, command string, onTrouble func(error)) journal.Locker {
	return journal.Locker{
		Leases:    client.CoordinationV1().Leases(journal.Namespace),
		Clock:     s.Clock,
		Now:       s.conn.server.Now,
		Holder:    journal.Holder{Operator: s.Operator, PID: s.PID, Machine: s.Machine, Command: command},
		IsAlive:   s.IsAlive,
		OnTrouble: onTrouble,
	}
}

// lock takes the lock of the cluster for a mutating command. The returned
// context ends when the lock is lost; release gives it back. What there is to
// tell goes to t; onTrouble is told when the lock cannot be renewed just now.
func (s *suite) lock(ctx context.Context, client kubernetes.Interface, command string, t *talk, onTrouble func(error)) (context.Context, func(), error) {
	held, lock, err := s.locker(client, command, onTrouble).Acquire(ctx)
	if err != nil {
		return ctx, nil, err
	}
	s.course.locks()
	if lock.TakenOver != "" {
		t.note("Took over the lock of " + lock.TakenOver + ": that run ended without giving it back.")
	}
	release := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		if err := lock.Release(ctx); err != nil {
			t.note("Warning: " + string(finding.LockLeft) + ": " + err.Error())
		}
	}
	return held, release, nil
}

// watch reads the cluster. The watches outlive an interrupt, so that the last
// state told is true; only their first reading is given up with it. stop ends
// them.
func (s *suite) watch(ctx context.Context, client kubernetes.Interface, t *talk) (*cluster.Watcher, func(), error) {
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	synced := context.AfterFunc(ctx, stop)
	watcher, err := cluster.Watch(watching, client, t.trouble)
	if err != nil {
		stop()
		return nil, nil, err
	}
	synced()
	return watcher, stop, nil
}

// command starts a cobra command from its entry in the registry.
func (s *suite) command(name, args string) *cobra.Command {
	use := name
	if args != "" {
		use += " " + args
	}
	cmd := &cobra.Command{Use: use, DisableFlagsInUseLine: true}
	if entry, err := s.registry.Subcommand(name); err == nil {
		cmd.Short = entry.Summary
		cmd.GroupID = groupLook
		if entry.Mutates {
			cmd.GroupID = groupChange
		}
	}
	return cmd
}
