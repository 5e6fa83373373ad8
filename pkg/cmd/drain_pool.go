// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// drainPoolOptions are the options of drain-pool.
type drainPoolOptions struct {
	*suite
	output *output
	choice poolChoice
	drain  drain.Options

	name           string
	yes            bool
	maxUnavailable string
	gracePeriod    int64
	dryRun         dryRun
	talking        talkFlags
	profile        *profile.Profile
	next           report.Next
	// pause is the mode of --pause-pdb-blockers; empty: blockers are not dealt with.
	pause      string
	keepPaused bool
	ttl        time.Duration
	// command is what is written down in the journal.
	command []string
}

// pauseByProfile is --pause-pdb-blockers without a mode.
const pauseByProfile = "profile"

func newCmdDrainPool(s *suite) *cobra.Command {
	o := &drainPoolOptions{suite: s, output: newOutput(), drain: drain.DefaultOptions()}
	cmd := s.command("drain-pool", "POOL")
	cmd.Args = onePool
	cmd.Long = `Empty a node pool within every floor.

Shows a plan first and asks (in a pipe: needs --yes). Refuses before it touches
anything when something can never work: a disruption budget that never allows
an eviction, two budgets on one pod, pods that would be lost, a dependency that
is not Ready, a pool that must not be disrupted together with another.

Then cordons the nodes and evicts pods by their UID, as many at a time as the
floors allow. A workload's floor is the strictest of its disruption budget, the
profile (MongoDB: a majority) and what its own update strategy tolerates. The
next member goes when the replacement is Ready on another node. DaemonSet and
static pods stay.

It ends by reading the cluster again. Run it again after any stop: it goes on.`
	cmd.Example = `  # What would happen
  kubectl vantiq-upgrade drain-pool mongodbnp --dry-run=client

  # Empty the MongoDB pool
  kubectl vantiq-upgrade drain-pool mongodbnp

  # From a script, with the report as JSON and nothing but errors on stderr
  kubectl vantiq-upgrade drain-pool mongodbnp --yes --quiet -o json

  # For a program that follows the drain: one JSON object a line on stderr
  kubectl vantiq-upgrade drain-pool mongodbnp --yes --events=json -o json

  # Nodes by label
  kubectl vantiq-upgrade drain-pool -l agentpool=grafananp --delete-emptydir-data`
	cmd.ValidArgsFunction = s.completeArgs(1, s.poolNames)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(cmd, args); err != nil {
			return err
		}
		if err := o.validate(); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	o.addFlags(cmd)
	return cmd
}

func (o *drainPoolOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	o.output.addFlags(cmd)
	o.choice.addFlags(cmd)
	o.talking.addFlags(cmd)
	o.dryRun.addFlag(cmd, "How far to go: none drains the pool, client stops after the plan, server also has the API server judge each cordon and each eviction without doing it")
	flags.BoolVarP(&o.yes, "yes", "y", false, "Go on without asking; needed when stdin is no terminal")
	flags.BoolVar(&o.drain.Force, "force", false, "Let pods without a controller go; they are lost. Also members that are not Ready of a workload that is below its majority: one of them may be the one with the data")
	flags.BoolVar(&o.drain.DeleteEmptyDirData, "delete-emptydir-data", false, "Let pods with an emptyDir go; its data is lost")
	flags.StringVar(&o.maxUnavailable, "max-unavailable", "", "Replicas that may be away at once, as a number or a percentage, of workloads without a disruption budget of their own; the profile's floors hold all the same (default: what the update strategy tolerates)")
	flags.StringVar(&o.pause, "pause-pdb-blockers", "", "Relieve the disruption budgets that would hold the drain for ever, and give them back at its end, however it ends: scale-to-zero, surge, or profile for what the profile says. Without a value: profile")
	flags.Lookup("pause-pdb-blockers").NoOptDefVal = pauseByProfile
	completeWith(cmd, "pause-pdb-blockers", pauseModes()...)
	flags.BoolVar(&o.keepPaused, "keep-paused", false, "With --pause-pdb-blockers: leave them paused; resume-pdb-blockers gives them back")
	flags.DurationVar(&o.ttl, "ttl", defaultTTL, "With --keep-paused: how long they may stay so; after that every command warns of it")
	flags.Int64Var(&o.gracePeriod, "grace-period", -1, "Seconds that each pod has to end; -1 leaves it to the pod")
	flags.DurationVar(&o.drain.Timeout, "timeout", o.drain.Timeout, timeoutUsage)
	flags.DurationVar(&o.drain.PodTimeout, "pod-timeout", o.drain.PodTimeout, "Longest time in which nothing moves in a workload: to be allowed to go, to end (beyond its grace period), to be Ready again")
	flags.DurationVar(&o.drain.UnschedulableTimeout, "unschedulable-timeout", o.drain.UnschedulableTimeout, "Longest time that a replacement may stay without a node before the drain of its workload stops")
}

func (o *drainPoolOptions) complete(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		o.name = args[0]
	}
	if err := o.output.complete(); err != nil {
		return err
	}
	if o.gracePeriod >= 0 {
		o.drain.GracePeriodSeconds = &o.gracePeriod
	}
	if o.maxUnavailable != "" {
		value := intstr.Parse(o.maxUnavailable)
		o.drain.MaxUnavailable = &value
	}
	o.command = commandWords(cmd, args)
	o.next = report.Next{
		Again:    commandLine(cmd, "drain-pool", args, "dry-run"),
		GiveBack: commandLine(cmd, "uncordon-pool", args, ownFlags(cmd)...),
		Resume:   commandLine(cmd, "resume-pdb-blockers", nil, append(ownFlags(cmd), "selector", "profile")...),
	}
	var err error
	o.profile, err = o.choice.load()
	return err
}

func (o *drainPoolOptions) validate() error {
	if err := o.choice.validate(o.name); err != nil {
		return err
	}
	if err := o.talking.validate(!o.yes && o.dryRun == dryRunNone); err != nil {
		return err
	}
	if v := o.drain.MaxUnavailable; v != nil {
		n, err := intstr.GetScaledValueFromIntOrPercent(v, 100, false)
		if err != nil || n < 0 || v.Type == intstr.String && n > 100 {
			return fmt.Errorf("--max-unavailable must be a number ≥ 0 or a percentage up to 100%%, got %q", o.maxUnavailable)
		}
	}
	if _, err := o.pauseMode(); err != nil {
		return err
	}
	switch {
	case o.keepPaused && o.pause == "":
		return errors.New("--keep-paused is of use with --pause-pdb-blockers only")
	case o.ttl <= 0:
		return errors.New("--ttl must be more than 0")
	case o.gracePeriod < -1:
		return fmt.Errorf("--grace-period must be -1 or more, got %d", o.gracePeriod)
	}
	return validateTimeouts(o.drain)
}

// validateTimeouts checks the flags that say how long to wait.
func validateTimeouts(o drain.Options) error {
	switch {
	case o.Timeout < 0:
		return errors.New("--timeout must not be negative")
	case o.PodTimeout <= 0:
		return errors.New("--pod-timeout must be more than 0")
	case o.UnschedulableTimeout <= 0:
		return errors.New("--unschedulable-timeout must be more than 0")
	}
	return nil
}

// pauseMode is the mode of --pause-pdb-blockers; empty leaves it to the profile.
func (o *drainPoolOptions) pauseMode() (disruption.Mode, error) {
	if o.pause == "" || o.pause == pauseByProfile {
		return "", nil
	}
	mode, err := disruption.ParseMode(o.pause)
	switch {
	case err != nil:
		return "", fmt.Errorf("--pause-pdb-blockers must be one of %s, got %q", strings.Join(pauseModes(), ", "), o.pause)
	case mode == disruption.Relax:
		return "", errors.New("--pause-pdb-blockers=relax: a disruption budget is only changed by name: kubectl vantiq-upgrade pause-pdb-blockers pdb/NAMESPACE/NAME --mode=relax")
	}
	return mode, nil
}

// pauseModes are the values of --pause-pdb-blockers.
func pauseModes() []string {
	return []string{pauseByProfile, string(disruption.ScaleToZero), string(disruption.Surge)}
}

// run is the whole course of a drain; runDrain has its steps.
func (o *drainPoolOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	r := &runDrain{drainPoolOptions: o, client: client, talk: o.newTalk(o.talking.quiet, o.talking.events)}
	out, err := r.run(ctx)
	r.talk.finish(out)
	if out != nil {
		if printErr := r.print(out); printErr != nil {
			return printErr
		}
	}
	return err
}
