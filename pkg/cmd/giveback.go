// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// giveBack is what resume-pdb-blockers and abort have in common: they give back
// what is recorded as changed by us.
type giveBack struct {
	*suite
	subcommand string
	output     *output
	// choose keeps of what there is what the command is about.
	choose func([]*journal.Run, relief.Inventory) (relief.Inventory, error)
	// aborts are the runs that end as aborted; nil means none.
	aborts func(*journal.Run) bool
	force  bool
	yes    bool
	quiet  bool
	wait   time.Duration
	dryRun dryRun
	next   report.Next
}

func (g *giveBack) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	g.output.addFlags(cmd)
	addQuiet(cmd, &g.quiet)
	g.dryRun.addFlag(cmd, "How far to go: none gives back, client only shows what would be given back, server also has the API server judge each change without making it")
	flags.BoolVar(&g.force, "force", false, "Also put back what somebody else has changed meanwhile")
	flags.BoolVarP(&g.yes, "yes", "y", false, "Go on without asking; needed when stdin is no terminal")
	flags.Duration("timeout", changingTimeout, timeoutUsage)
	flags.DurationVar(&g.wait, "pod-timeout", workloadWait, "Longest wait until a workload is Ready again, for each; 0 does not wait")
}

// nextCommands are those that an operator types after this one.
func (g *giveBack) nextCommands(cmd *cobra.Command, args []string) report.Next {
	return report.Next{
		Again:  commandLine(cmd, cmd.Name(), args, "dry-run"),
		Forced: commandLine(cmd, cmd.Name(), args, "dry-run", "force") + " --force",
	}
}

// run reads what is held, shows it, asks, and gives it back.
func (g *giveBack) run(ctx context.Context) error {
	client, err := g.conn.client()
	if err != nil {
		return err
	}
	t := g.newTalk(g.quiet, eventsText)
	out, err := g.course(ctx, client, t)
	t.finish(nil)
	if out != nil {
		printErr := g.output.print(g.Out, out, func(w io.Writer) error {
			return report.RestoreReport(w, out, g.next, g.styleFor(g.Out), g.output.wide)
		})
		if printErr != nil {
			return printErr
		}
	}
	return err
}

func (g *giveBack) course(ctx context.Context, client kubernetes.Interface, t *talk) (*v1alpha1.RestoreReport, error) {
	if err := g.refuseWithoutRights(ctx, client, g.subcommand, g.dryRun, t.note); err != nil {
		return nil, err
	}
	book := g.notebook(client, t.trouble)
	out, found, err := g.read(ctx, book)
	if err != nil {
		return nil, err
	}
	isThere := len(found.Held) > 0 || slices.ContainsFunc(found.Strays, relief.Stray.CanGo) || slices.ContainsFunc(found.runs, g.isAborted)
	if g.dryRun == dryRunClient || !isThere {
		return out, g.concludeUntouched(out, found.Held)
	}
	if g.dryRun == dryRunServer {
		return out, g.askServer(ctx, client, t, out, found)
	}
	if err := g.show(out); err != nil {
		return nil, err
	}
	if err := g.confirm(ctx, g.yes, g.question(found)); err != nil {
		return nil, err
	}
	locked, release, err := g.lock(ctx, client, g.subcommand, t, t.trouble)
	if err != nil {
		return nil, err
	}
	defer release()
	g.limit.leaveMargin()
	return g.restore(ctx, locked, client, book, t)
}

func (g *giveBack) concludeUntouched(out *v1alpha1.RestoreReport, held []relief.Held) error {
	if g.dryRun == dryRunNone {
		out.Outcome = v1alpha1.PauseNothingToDo
	}
	if !g.force {
		held = slices.Clone(held)
		for i := range held {
			held[i].Unrecorded = false // that is told already
		}
		out.Findings = append(out.Findings, relief.Findings(held, g.now())...)
		finding.Sort(out.Findings)
	}
	if finding.HasErrors(out.Findings) {
		out.Outcome = v1alpha1.PauseBlocked
		return &ExitError{Code: codeBlocked}
	}
	return nil
}

func (g *giveBack) askServer(ctx context.Context, client kubernetes.Interface, t *talk, out *v1alpha1.RestoreReport, found foundOurs) error {
	keeper := relief.Keeper{Client: client, Retry: g.patience(t.trouble), Book: found.runs, DryRun: true}
	for i, h := range found.Held {
		_, err := keeper.Restore(ctx, h.Run, h.Change, g.force)
		_, conflicts := errors.AsType[*relief.ConflictError](err)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil, conflicts: // those are named anyway
		case refusal.Is(err):
			out.Restored[i].State, out.Restored[i].Message = v1alpha1.RestoreFailed, refusal.Sentence(err)
			out.Findings = append(out.Findings, relief.RestoreRefused(h.Change, out.Restored[i].From, err))
		default:
			out.Restored[i].Message = err.Error()
			out.Findings = append(out.Findings, finding.New(finding.ServerWouldRefuse, h.Change.Object.String(), err.Error(), ""))
		}
	}
	return g.concludeUntouched(out, found.Held)
}

func (g *giveBack) show(out *v1alpha1.RestoreReport) error {
	if g.quiet && (g.yes || !report.IsTerminal(g.In)) {
		return nil
	}
	return report.RestoreReport(g.ErrOut, out, g.next, g.styleFor(g.ErrOut), g.output.wide)
}

// restore reads once more under the lock, gives back, and closes the runs that
// have nothing left.
func (g *giveBack) restore(ctx, locked context.Context, client kubernetes.Interface, book *notebook, t *talk) (*v1alpha1.RestoreReport, error) {
	out, found, err := g.read(locked, book)
	if err != nil {
		return nil, err
	}
	watcher, stop, err := g.watch(locked, client, t)
	if err != nil {
		return nil, err
	}
	defer stop()
	unnoted, err := g.beginAbort(locked, book, found.runs, found.Held)
	if err != nil {
		return nil, err
	}
	h := &hunt{suite: g.suite, client: client, watcher: watcher, runs: found.runs}
	pauser := h.pauser(t, g.limit.atMost(g.wait))
	fields, findings, err := pauser.Restore(locked, book.recorders, found.Held, g.force)
	copy(out.Restored, fields)
	marks := relief.StrayFindings(found.Strays)
	if err == nil {
		marks = pauser.Sweep(locked, relief.StillThere(found.Strays, fields))
	}
	out.Findings = append(out.Findings[:0], slices.Concat(found.findings, markOnly(found.Held, fields), unnoted, findings, marks)...)
	finding.Sort(out.Findings)
	out.Findings = slices.Compact(out.Findings) // each step may meet the same refusal
	result := g.conclude(ctx, locked, out, err)
	// What the journal refuses now was told before.
	if closeErr := g.close(ctx, book, found.runs, found.Held); closeErr != nil && result == nil {
		result = closeErr
	}
	return out, result
}

func (g *giveBack) conclude(ctx, locked context.Context, out *v1alpha1.RestoreReport, err error) error {
	outcome, early := endedEarly(ctx, locked, err)
	if early != nil {
		out.Outcome = outcome
		return early
	}
	if !finding.HasErrors(out.Findings) {
		out.Outcome = v1alpha1.PauseDone
		return nil
	}
	// What is wrong with the journal itself stops nothing.
	if slices.ContainsFunc(out.Restored, isLeft) && slices.ContainsFunc(out.Restored, isTouched) {
		out.Outcome = v1alpha1.PauseStopped
		return &ExitError{Code: codeStopped}
	}
	out.Outcome = v1alpha1.PauseBlocked
	return &ExitError{Code: codeBlocked}
}

// isLeft reports whether a change is still to be given back.
func isLeft(f v1alpha1.RestoredField) bool {
	return f.State == v1alpha1.RestoreConflict || f.State == v1alpha1.RestoreNotReady || f.State == v1alpha1.RestoreFailed
}

// isTouched reports whether a change was given back, at least in part.
func isTouched(f v1alpha1.RestoredField) bool {
	switch f.State {
	case v1alpha1.RestoreRestored, v1alpha1.RestoreAlreadyBack, v1alpha1.RestoreNotReady:
		return true
	default:
		return false
	}
}

func (g *giveBack) emptyReport() *v1alpha1.RestoreReport {
	return &v1alpha1.RestoreReport{
		TypeMeta: v1alpha1.TypeMeta("RestoreReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Outcome: v1alpha1.PausePlanned, DryRun: g.dryRun.String(),
		Restored: []v1alpha1.RestoredField{}, Findings: []v1alpha1.Finding{},
	}
}
