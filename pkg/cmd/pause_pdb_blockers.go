// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// defaultTTL is how long a pause may last before every command warns of it.
const defaultTTL = 24 * time.Hour

// workloadWait bounds the wait for each workload, unless the flag says otherwise.
const workloadWait = 10 * time.Minute

// pauseOptions are the options of pause-pdb-blockers.
type pauseOptions struct {
	*suite
	output *output
	choice poolChoice

	pool    string
	names   []string
	mode    disruption.Mode
	modeArg string
	ttl     time.Duration
	wait    time.Duration
	yes     bool
	quiet   bool
	dryRun  dryRun
	profile *profile.Profile
	// command is what is written down, next what is to be typed after this.
	command []string
	next    report.Next
}

func newCmdPausePDBBlockers(s *suite) *cobra.Command {
	o := &pauseOptions{suite: s, output: newOutput()}
	cmd := s.command("pause-pdb-blockers", "[KIND/NAMESPACE/NAME...]")
	cmd.Long = `Find the disruption budgets that would hold a drain for ever, and relieve them
for the time of the upgrade.

Every disruption budget is judged by the rules of the disruption controller and
the Eviction API: those that never allow an eviction, those of pods under two
budgets, of sick pods, or that cannot be computed. With --dry-run that is all,
and the exit code is 2 if something would block.

How a blocker is relieved is said by --mode, or else by the profile (telegraf-prom
is scaled to zero, as in the runbook); without either it is left alone and named:
  scale-to-zero  the workload stops
  surge          one replica more, so that one may go; nothing stops
  relax          the budget lets one pod more go, or the sick ones; the workload goes
                 on, but nobody is held to the budget's number; only when named

What is changed is written down before, marked on the object, and given back
exactly by resume-pdb-blockers, from any machine. Name workloads or budgets to
deal with those only: deployment/shared/telegraf-prom, pdb/shared/telegraf-prom.`
	cmd.Example = `  # What would block a drain of this pool, and what would be done about it
  kubectl vantiq-upgrade pause-pdb-blockers --pool grafananp --dry-run

  # Stop telegraf-prom for the upgrade of the workers; give it back afterwards
  kubectl vantiq-upgrade pause-pdb-blockers
  kubectl vantiq-upgrade resume-pdb-blockers

  # One replica more instead
  kubectl vantiq-upgrade pause-pdb-blockers deployment/shared/telegraf-prom --mode surge`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(cmd, args); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	flags := cmd.Flags()
	o.output.addFlags(cmd)
	addQuiet(cmd, &o.quiet)
	o.dryRun.addFlag(cmd, "How far to go: none pauses, client only reports what blocks and what would be done, server also has the API server judge each change without making it")
	flags.StringVar(&o.pool, "pool", "", "Only what would hold a drain of this pool")
	flags.StringVar(&o.choice.profile, "profile", "", "File with what is known of Vantiq, in place of the built-in one")
	flags.StringVar(&o.modeArg, "mode", "", "How to relieve: scale-to-zero, surge or relax (default: what the profile says)")
	flags.DurationVar(&o.ttl, "ttl", defaultTTL, "How long the pause may last; after that every command warns of it")
	flags.Duration("timeout", changingTimeout, timeoutUsage)
	flags.DurationVar(&o.wait, "pod-timeout", workloadWait, "Longest wait until a change has its effect, for each workload")
	flags.BoolVarP(&o.yes, "yes", "y", false, "Go on without asking; needed when stdin is no terminal")
	_ = cmd.MarkFlagFilename("profile", "yaml", "yml")
	completeWith(cmd, "mode", string(disruption.ScaleToZero), string(disruption.Surge), string(disruption.Relax))
	s.completeFlag(cmd, "pool", s.poolNames)
	cmd.ValidArgsFunction = s.completeArgs(-1, s.pausableNames)
	return cmd
}

func (o *pauseOptions) complete(cmd *cobra.Command, args []string) error {
	args = canonicalNames(args)
	o.names = args
	o.command = commandWords(cmd, args)
	o.next = report.Next{
		Again:    commandLine(cmd, cmd.Name(), args, "dry-run"),
		GiveBack: commandLine(cmd, "resume-pdb-blockers", nil, ownFlags(cmd)...),
	}
	if err := o.output.complete(); err != nil {
		return err
	}
	var err error
	if o.modeArg != "" {
		if o.mode, err = disruption.ParseMode(o.modeArg); err != nil {
			return fmt.Errorf("--mode: %w", err)
		}
	}
	switch {
	case o.mode == disruption.Relax && len(args) == 0:
		return errors.New("--mode relax changes a disruption budget itself: name the workload or the budget that it is for")
	case o.ttl <= 0:
		return errors.New("--ttl must be more than 0")
	case o.wait <= 0:
		return errors.New("--pod-timeout must be more than 0")
	}
	o.profile, err = profile.Load(o.choice.profile)
	return err
}

func (o *pauseOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	talk := o.newTalk(o.quiet, eventsText)
	r := &runPause{
		pauseOptions: o, talk: talk,
		hunt: &hunt{suite: o.suite, client: client, profile: o.profile, mode: o.mode, names: o.names, ttl: o.ttl},
	}
	out, err := r.run(ctx)
	talk.finish(nil)
	if out != nil {
		if printErr := r.print(out); printErr != nil {
			return printErr
		}
	}
	return err
}
