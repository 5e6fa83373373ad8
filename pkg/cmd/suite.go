// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
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
	PID      int
	// IsAlive reports whether a process of this machine runs.
	IsAlive func(pid int) bool
}

// suite is what all subcommands share.
type suite struct {
	System
	registry *registry.Registry
	conn     *connection
	colour   colour
	logs     *logs
}

// styleFor colours a stream as the operator wishes.
func (s *suite) styleFor(stream any) report.Style { return s.colour.style(stream, s.Getenv) }

// lock takes the lock of the cluster for a mutating command. The returned
// context ends when the lock is lost; release gives it back. What there is to
// tell goes to t; onTrouble is told when the lock cannot be renewed just now.
func (s *suite) lock(ctx context.Context, client kubernetes.Interface, command string, t *talk, onTrouble func(error)) (context.Context, func(), error) {
	held, lock, err := journal.Locker{
		Leases:    client.CoordinationV1().Leases(journal.Namespace),
		Clock:     s.Clock,
		Holder:    journal.Holder{Operator: s.Operator, PID: s.PID, Command: command},
		IsAlive:   s.IsAlive,
		OnTrouble: onTrouble,
	}.Acquire(ctx)
	if err != nil {
		return ctx, nil, err
	}
	if lock.TakenOver != "" {
		t.note("Took over the lock of " + lock.TakenOver + ": that run ended without giving it back.")
	}
	release := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		if err := lock.Release(ctx); err != nil {
			t.note("Warning: " + err.Error())
		}
	}
	return held, release, nil
}

// missingRights lists what the current user lacks for a subcommand.
func (s *suite) missingRights(ctx context.Context, client kubernetes.Interface, subcommand string) ([]registry.Access, error) {
	entry, err := s.registry.Subcommand(subcommand)
	if err != nil {
		return nil, err
	}
	return cluster.Denied(ctx, client.AuthorizationV1().SelfSubjectAccessReviews(), entry.Accesses())
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
