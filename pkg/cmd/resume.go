// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// resumeOptions are the options of resume.
type resumeOptions struct {
	*suite
	output *output
	run    string
	yes    bool
	dryRun dryRun
}

func newCmdResume(s *suite) *cobra.Command {
	o := &resumeOptions{suite: s, output: newOutput()}
	cmd := s.command("resume", "[RUN]")
	cmd.Long = `Go on with a run that did not come to its end: it was interrupted, killed, or
lost its connection. The same command is run again with the same flags, and goes
on where it was; from any machine.

Without the id of a run it is the one that can be gone on with; status lists
them.`
	cmd.Example = `  kubectl vantiq-upgrade resume
  kubectl vantiq-upgrade resume 20261123-103305-x7k2p --yes`
	cmd.Args = oneRun
	cmd.ValidArgsFunction = s.completeArgs(1, s.unfinishedRuns)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.output.complete(); err != nil {
			return err
		}
		if len(args) > 0 {
			o.run = args[0]
		}
		return o.resume(cmd)
	}
	o.output.addFlags(cmd)
	o.dryRun.addFlag(cmd, "How far to go: none goes on, client only names the run and its command, server passes it on to that command")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "Go on without asking; needed when stdin is no terminal")
	cmd.Flags().Duration("timeout", readingTimeout, timeoutUsage+". Unless it is given, the command that is gone on with has its own")
	return cmd
}

func (o *resumeOptions) resume(cmd *cobra.Command) error {
	ctx := cmd.Context()
	run, findings, err := o.find(ctx)
	if err != nil {
		return err
	}
	if run == nil {
		return o.conclude(findings)
	}
	name := run.Command[0]
	if entry, err := o.registry.Subcommand(name); err != nil || !entry.CanMutate() || name == "resume" {
		return fmt.Errorf("run %s recorded the command %q, which cannot be gone on with", run.ID, shortCommand(run.Command))
	}
	o.course.began(run.ID)
	fmt.Fprintf(o.ErrOut, "Run %s: %s, begun by %s on %s at %s.\n", run.ID, shortCommand(run.Command), run.Operator, run.Host, run.Started.Local().Format(time.DateTime))
	if o.dryRun == dryRunClient {
		return o.print(run, nil)
	}
	if !cmd.Flags().Changed("timeout") {
		o.limit.become(0)
	}
	if err := o.confirm(ctx, o.yes, "Go on with it in "+o.conn.describe()+"?"); err != nil {
		return err
	}
	root, err := NewRootCommand(o.System)
	if err != nil {
		return err
	}
	root.SetArgs(append(slices.Clone(run.Command), append(passedOn(cmd), "--yes", "--dry-run="+o.dryRun.String())...))
	if err := root.ExecuteContext(ctx); err != nil || len(findings) == 0 {
		return err
	}
	report.Findings(o.ErrOut, findings, o.styleFor(o.ErrOut))
	return &ExitError{Code: codeBlocked}
}

// conclude says that there is nothing to go on with, as far as that can be told.
func (o *resumeOptions) conclude(findings []v1alpha1.Finding) error {
	if len(findings) == 0 {
		fmt.Fprintln(o.ErrOut, "Nothing to go on with: every run came to its end. kubectl vantiq-upgrade status shows what is still ours.")
		return o.print(nil, nil)
	}
	report.Findings(o.ErrOut, findings, o.styleFor(o.ErrOut))
	fmt.Fprintln(o.ErrOut, "Nothing to go on with that can be read; there may be more: see the findings.")
	if err := o.print(nil, findings); err != nil {
		return err
	}
	return &ExitError{Code: codeBlocked}
}

// print says which run would be gone on with; nil is none.
func (o *resumeOptions) print(run *journal.Run, findings []v1alpha1.Finding) error {
	out := &v1alpha1.ResumeReport{
		TypeMeta: v1alpha1.TypeMeta("ResumeReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Outcome: v1alpha1.ResumeNothingToDo, DryRun: o.dryRun.String(), Findings: findings,
	}
	if run != nil {
		status := runStatus(run)
		out.Outcome, out.Run = v1alpha1.ResumePlanned, &status
	}
	return o.output.print(o.Out, out, func(w io.Writer) error {
		if out.Run == nil {
			return nil // stderr has it
		}
		_, err := fmt.Fprintf(w, "would go on with run %s: kubectl vantiq-upgrade %s\n", out.Run.ID, out.Run.Command)
		return err
	})
}

// find returns the run to go on with, nil when there is none; and what cannot be
// read, of the journal and of the marks.
func (o *resumeOptions) find(ctx context.Context) (*journal.Run, []v1alpha1.Finding, error) {
	client, err := o.conn.client()
	if err != nil {
		return nil, nil, err
	}
	runs, all, findings, err := o.notebook(client, nil).held(ctx)
	if err != nil {
		return nil, nil, err
	}
	findings = slices.DeleteFunc(append(findings, relief.StrayFindings(all.Strays)...), func(f v1alpha1.Finding) bool {
		return f.Severity != v1alpha1.SeverityError
	})
	run, err := o.choose(runs)
	return run, findings, err
}

// choose returns the run to go on with; nil when there is none.
func (o *resumeOptions) choose(runs []*journal.Run) (*journal.Run, error) {
	var unfinished []*journal.Run
	var ids []string
	for _, run := range runs {
		if isUnfinished(run) && len(run.Command) > 0 && (o.run == "" || run.ID == o.run) {
			unfinished, ids = append(unfinished, run), append(ids, run.ID)
		}
	}
	switch {
	case len(unfinished) == 1:
		return unfinished[0], nil
	case len(unfinished) > 1:
		return nil, fmt.Errorf("which run? These can be gone on with: %s", listed(ids))
	case o.run == "":
		return nil, nil
	case slices.ContainsFunc(runs, func(r *journal.Run) bool { return r.ID == o.run && isAborting(r) }):
		return nil, fmt.Errorf("run %s is being aborted: kubectl vantiq-upgrade abort %s", o.run, o.run)
	case slices.ContainsFunc(runs, func(r *journal.Run) bool { return r.ID == o.run && (r.Damaged || r.Newer) }):
		return nil, fmt.Errorf("run %s cannot be read to its end: kubectl vantiq-upgrade status says why", o.run)
	case slices.ContainsFunc(runs, func(r *journal.Run) bool { return r.ID == o.run }):
		return nil, fmt.Errorf("run %s came to its end: there is nothing to go on with", o.run)
	}
	return nil, fmt.Errorf("there is no run %s; kubectl vantiq-upgrade status lists them%s", o.run, spelling.DidYouMean(o.run, runIDs(runs)))
}

func runIDs(runs []*journal.Run) []string {
	ids := make([]string, 0, len(runs))
	for _, run := range runs {
		ids = append(ids, run.ID)
	}
	return ids
}

// passedOn are the flags of the connection, and those that say how to print, as they
// were given.
func passedOn(cmd *cobra.Command) []string {
	var words []string
	for _, name := range givenFlags(cmd) {
		flag := cmd.InheritedFlags().Lookup(name)
		if flag == nil && slices.Contains([]string{"output", "show-managed-fields", "template", "allow-missing-template-keys"}, name) {
			flag = cmd.Flags().Lookup(name)
		}
		if flag != nil {
			words = append(words, flagWords(flag)...)
		}
	}
	return words
}
