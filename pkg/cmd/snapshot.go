// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/version"
)

// toStdout is the FILE that stands for stdout.
const toStdout = "-"

// snapshotOptions are the options of snapshot.
type snapshotOptions struct {
	*suite
	output *output

	file      string
	toCluster bool
	overwrite bool
	quiet     bool
	dryRun    dryRun
	// verify writes the command that compares with a baseline.
	verify func(baseline string) string
}

func newCmdSnapshot(s *suite) *cobra.Command {
	o := &snapshotOptions{suite: s, output: newOutput()}
	cmd := s.command("snapshot", "[FILE]")
	cmd.Args = oneFile
	cmd.Long = `Write the state of the cluster down before an upgrade: nodes, workloads with their
images, pods, disruption budgets, volumes, Services with their endpoints, CronJobs,
webhooks, custom resources and Helm releases. verify compares with it afterwards.

It holds names and numbers only: no value of a Secret, a ConfigMap or an environment
variable. Of the Secrets of Helm only the metadata are asked for.

FILE is gzipped when its name ends in .gz; - stands for stdout. Without FILE it goes
to snapshot-CONTEXT-TIME.yaml.gz in the current folder. With --to-cluster the cluster
keeps it, beside the journal; without FILE only there. A kind that the current user
may not read is told (VU-581), and verify cannot compare it.`
	cmd.Example = `  # Before the upgrade
  kubectl vantiq-upgrade snapshot

  # To a file of this name, and into the cluster
  kubectl vantiq-upgrade snapshot before-1.30.yaml.gz --to-cluster

  # What a snapshot has, by eye
  kubectl vantiq-upgrade snapshot - | less`
	cmd.ValidArgsFunction = completeSnapshotFile
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.verify = func(baseline string) string {
			return commandLine(cmd, "verify", []string{"--baseline", baseline}, ownFlags(cmd)...)
		}
		if err := o.complete(args); err != nil {
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

func (o *snapshotOptions) addFlags(cmd *cobra.Command) {
	o.output.addFlags(cmd)
	addQuiet(cmd, &o.quiet)
	flags := cmd.Flags()
	flags.BoolVar(&o.toCluster, "to-cluster", false, "Keep it in the cluster as well, in ConfigMaps beside the journal; the last 5 stay")
	flags.BoolVar(&o.overwrite, "overwrite", false, "Replace FILE if it exists")
	o.dryRun.addFlag(cmd, "How far to go: none writes it down, client only reads and counts, server also has the API server judge what --to-cluster would create")
}

func (o *snapshotOptions) complete(args []string) error {
	if err := o.output.complete(); err != nil {
		return err
	}
	switch {
	case len(args) > 0:
		o.file = args[0]
	case !o.toCluster:
		o.file = fileNameFor(o.conn.contextName(), o.Clock.Now())
	}
	return nil
}

func (o *snapshotOptions) validate() error {
	switch {
	case o.file == toStdout && !o.output.human:
		return errors.New("-o prints the report to stdout, where - puts the snapshot: give one of them")
	case o.file == "" || o.file == toStdout || o.dryRun != dryRunNone:
		return nil
	}
	return baseline.CheckFile(o.file, o.overwrite)
}

// fileNameFor is the name of a file for a context, with nothing in it that a file's
// name cannot have on some system.
func fileNameFor(kubeContext string, now time.Time) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '-'
	}, kubeContext)
	const longest = 100
	return "snapshot-" + safe[:min(len(safe), longest)] + "-" + now.UTC().Format("20060102T150405Z") + ".yaml.gz"
}

func (o *snapshotOptions) run(ctx context.Context) error {
	c, err := o.conn.clients()
	if err != nil {
		return err
	}
	t := o.newTalk(o.quiet, eventsText)
	held, release, err := o.prepare(ctx, c, t)
	if err != nil {
		return err
	}
	defer release()
	snapshot, err := o.read(held, c, t)
	if held.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("the lock was lost; nothing was written: %w", context.Cause(held))
	}
	if err != nil {
		return err
	}
	out := newSnapshotReport(snapshot)
	if o.dryRun != dryRunNone {
		out.DryRun = o.dryRun.String()
	}
	failed := o.write(held, c, t, snapshot, out)
	t.finish(nil)
	if failed != nil && out.File == "" {
		return failed
	}
	to := o.Out
	if o.file == toStdout {
		to = o.ErrOut
	}
	if err := o.print(to, out); err != nil {
		return err
	}
	return failed
}

// prepare checks what writing to the cluster takes, and gets the lock for it.
func (o *snapshotOptions) prepare(ctx context.Context, c *clients, t *talk) (context.Context, func(), error) {
	free := func() {}
	o.remind(ctx, c.Interface, nil, t.note)
	if !o.toCluster || o.dryRun == dryRunClient {
		return ctx, free, nil
	}
	if err := o.refuseWithoutRights(ctx, c.Interface, "snapshot --to-cluster", o.dryRun, t.note); err != nil {
		return ctx, free, err
	}
	if o.dryRun != dryRunNone {
		return ctx, free, nil
	}
	return o.lock(ctx, c.Interface, "snapshot --to-cluster", t, t.trouble)
}

// write puts the snapshot where it is wanted, and says so in the report.
func (o *snapshotOptions) write(ctx context.Context, c *clients, t *talk, s *v1alpha1.ClusterSnapshot, out *v1alpha1.SnapshotReport) error {
	var err error
	switch {
	case o.dryRun != dryRunNone, o.file == "":
	case o.file == toStdout:
		err = baseline.Write(o.Out, s)
	default:
		if out.Bytes, err = baseline.WriteFile(o.file, s, o.overwrite); err == nil {
			out.File = o.file
		}
	}
	if err != nil || !o.toCluster || o.dryRun == dryRunClient {
		return err
	}
	return o.keep(ctx, c, t, s, out)
}

// keep writes the snapshot to the cluster.
func (o *snapshotOptions) keep(ctx context.Context, c *clients, t *talk, s *v1alpha1.ClusterSnapshot, out *v1alpha1.SnapshotReport) error {
	store := o.baselines(c.Interface, t.trouble)
	store.DryRun = o.dryRun == dryRunServer
	if err := store.Save(ctx, s); err != nil {
		return err
	}
	out.InCluster = s.Name
	if store.DryRun {
		return nil
	}
	if err := store.Prune(ctx, s.Name); err != nil {
		t.note("Warning: " + err.Error())
	}
	return nil
}

func (o *snapshotOptions) print(w io.Writer, out *v1alpha1.SnapshotReport) error {
	next := report.Next{}
	switch {
	case out.DryRun != "":
	case out.File != "":
		next.Again = o.verify(out.File)
	case out.InCluster != "":
		next.Again = o.verify("latest")
	}
	return o.output.print(w, out, func(w io.Writer) error {
		return report.SnapshotReport(w, out, next, o.styleFor(w), o.output.wide)
	})
}

// label fills in who took a snapshot, of what.
func (o *snapshotOptions) label(s *v1alpha1.ClusterSnapshot) {
	s.Name = journal.NewID(s.Time.Time)
	s.Operator, s.Tool = o.Operator, version.Get().GitVersion
	o.conn.identify(&s.Cluster)
}
