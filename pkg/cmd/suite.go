// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"slices"
	"strings"
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

// missingRights lists what the current user lacks for subcommands, each with the
// flags that ask for more: placement-check --relocate.
func (s *suite) missingRights(ctx context.Context, client kubernetes.Interface, subcommands ...string) ([]registry.Access, error) {
	var wanted []registry.Access
	for _, subcommand := range subcommands {
		name, flag, _ := strings.Cut(subcommand, " --")
		entry, err := s.registry.Subcommand(name)
		if err != nil {
			return nil, err
		}
		for _, access := range s.inJournalNamespace(entry.Accesses(flag)) {
			if !slices.Contains(wanted, access) {
				wanted = append(wanted, access)
			}
		}
	}
	return cluster.Denied(ctx, client.AuthorizationV1(), wanted)
}

// inJournalNamespace asks for the rights on the journal, and on the pods beside
// it, where the journal is.
func (s *suite) inJournalNamespace(accesses []registry.Access) []registry.Access {
	for i := range accesses {
		if accesses[i].Namespace == journal.Namespace && accesses[i].Resource != "leases" {
			accesses[i].Namespace = s.journalNamespace
		}
	}
	return accesses
}

// refuseWithoutRights refuses before anything is touched, and lists every
// missing right at once.
func (s *suite) refuseWithoutRights(ctx context.Context, client kubernetes.Interface, subcommand string) error {
	missing, err := s.missingRights(ctx, client, subcommand)
	return refusal(subcommand, missing, err)
}

// refuseWithoutFlagRights is refuseWithoutRights for what a flag needs besides,
// where the subcommand goes on without some of its own rights.
func (s *suite) refuseWithoutFlagRights(ctx context.Context, client kubernetes.Interface, subcommand, flag string) error {
	entry, err := s.registry.Subcommand(subcommand)
	if err != nil {
		return err
	}
	wanted := s.inJournalNamespace(entry.FlagAccesses(flag))
	missing, err := cluster.Denied(ctx, client.AuthorizationV1(), wanted)
	return refusal(subcommand+" --"+flag, missing, err)
}

func refusal(subcommand string, missing []registry.Access, err error) error {
	if err != nil || len(missing) == 0 {
		return err
	}
	var names []string
	for _, access := range missing {
		names = append(names, access.String())
	}
	return &ExitError{Code: codeBlocked, Err: &missingRightsError{subcommand: subcommand, rights: names}}
}

// missingRightsError lists what the current user may not do, a right a line, in
// the words of the report of drain-pool.
type missingRightsError struct {
	subcommand string
	rights     []string
}

func (e *missingRightsError) Error() string {
	const denied = "\n  the current user may not "
	return counted(len(e.rights), "right") + " missing; nothing was touched" + denied + strings.Join(e.rights, denied) +
		"\nask for a role with the rules of " + e.subcommand + " in plugins.yaml"
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
