// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// runPause is one course of pause-pdb-blockers: rights, report, question, lock,
// pause.
type runPause struct {
	*pauseOptions
	hunt *hunt
	talk *talk
}

// run returns the report of however far it came, and an error with the exit
// code.
func (r *runPause) run(ctx context.Context) (*v1alpha1.PauseReport, error) {
	if err := r.refuseWithoutRights(ctx, r.hunt.client, "pause-pdb-blockers", r.dryRun, r.talk.note); err != nil {
		return nil, err
	}
	if err := r.hunt.load(ctx); err != nil {
		return nil, err
	}
	var stop func()
	var err error
	if r.hunt.watcher, stop, err = r.watch(ctx, r.hunt.client, r.talk); err != nil {
		return nil, err
	}
	defer stop()
	r.remind(ctx, r.hunt.client, r.command, r.talk.note)
	out, found, err := r.judge()
	if err != nil {
		return nil, err
	}
	book := r.notebook(r.hunt.client, r.talk.trouble)
	runs, all, _, err := book.held(ctx)
	if err != nil {
		return nil, err
	}
	r.hunt.runs = runs
	changes := r.withhold(out, all, runs, r.hunt.changes(found.choices, r.now()))
	planned := len(out.Paused)
	out.Paused = append(out.Paused, keptFields(all.Held, out.Paused, r.names)...)
	former := unfinished(runs, r.command)
	if r.dryRun == dryRunClient || planned == 0 && (former == nil || r.dryRun != dryRunNone) {
		return out, r.concludeUntouched(out)
	}
	if r.dryRun == dryRunServer {
		return out, r.askServer(ctx, out, changes)
	}
	if err := r.show(out); err != nil {
		return nil, err
	}
	if err := r.confirm(ctx, r.yes, r.question(planned, former)); err != nil {
		return nil, err
	}
	return r.pause(ctx, book)
}

// withhold takes out of the report what cannot be done as things stand, and says why.
func (r *runPause) withhold(out *v1alpha1.PauseReport, all relief.Inventory, runs []*journal.Run, changes []journal.Change) []journal.Change {
	run := ""
	if former := unfinished(runs, r.command); former != nil {
		run = former.ID
	}
	changes, withheld := withhold(run, all, changes)
	out.Findings = append(out.Findings, withheld...)
	finding.Sort(out.Findings)
	out.Paused = slices.DeleteFunc(out.Paused, func(p v1alpha1.PausedField) bool {
		return !slices.ContainsFunc(changes, func(c journal.Change) bool { return c.UID == p.UID && c.Field == p.Field })
	})
	return changes
}

// question asks before anything is changed.
func (r *runPause) question(planned int, former *journal.Run) string {
	if former != nil {
		return fmt.Sprintf("Go on with run %s in %s?", former.ID, r.conn.describe())
	}
	return fmt.Sprintf("Make %s in %s?", counted(planned, "change"), r.conn.describe())
}

// judge finds the blockers as the watches show them now, and decides what is
// done about each.
func (r *runPause) judge() (*v1alpha1.PauseReport, quarry, error) {
	nodes, err := r.nodes()
	if err != nil {
		return nil, quarry{}, err
	}
	found, err := r.hunt.find(nodes)
	if err != nil {
		return nil, quarry{}, err
	}
	out := r.emptyReport()
	out.Findings = append(out.Findings, found.findings...)
	for _, c := range found.choices {
		out.Blockers = append(out.Blockers, c.Result())
	}
	for _, c := range r.hunt.changes(found.choices, r.now()) {
		out.Paused = append(out.Paused, relief.PausedField("", c, v1alpha1.PauseStatePlanned))
	}
	return out, found, nil
}

// nodes are those of the pool; nil without one.
func (r *runPause) nodes() (map[string]bool, error) {
	if r.pool == "" {
		return nil, nil
	}
	chosen, err := r.choice.resolve(r.hunt.watcher.Snapshot().Nodes, r.pool, r.profile)
	if err != nil {
		return nil, err
	}
	return nodeSet(chosen), nil
}

// concludeUntouched names the outcome where nothing is to be changed. A dry run
// says 2 while something would block a drain that began now.
func (r *runPause) concludeUntouched(out *v1alpha1.PauseReport) error {
	switch {
	case slices.ContainsFunc(out.Paused, isPlanned) || finding.HasErrors(out.Findings):
		out.Outcome = v1alpha1.PauseBlocked
		return &ExitError{Code: codeBlocked}
	case r.dryRun == dryRunNone:
		out.Outcome = v1alpha1.PauseNothingToDo
	}
	return nil
}

// show is the report before the question. Who wants it quiet sees it only then.
func (r *runPause) show(out *v1alpha1.PauseReport) error {
	if r.quiet && (r.yes || !report.IsTerminal(r.In)) {
		return nil
	}
	return report.PauseReport(r.ErrOut, out, r.next, r.styleFor(r.ErrOut), r.output.wide)
}

// askServer has the API server judge each change without making it.
func (r *runPause) askServer(ctx context.Context, out *v1alpha1.PauseReport, changes []journal.Change) error {
	keeper := relief.Keeper{Client: r.hunt.client, Retry: r.patience(r.talk.trouble), Book: r.hunt.runs, DryRun: true}
	run := &journal.Run{ID: journal.NewID(r.now()), Operator: r.Operator, Host: r.Operator}
	for i, c := range changes {
		err := keeper.Apply(ctx, run, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil {
			continue
		}
		out.Paused[i].State, out.Paused[i].Message = v1alpha1.PauseStateFailed, err.Error()
		if refusal.Is(err) {
			out.Findings = append(out.Findings, relief.PauseRefused(c, err))
		} else {
			out.Findings = append(out.Findings, finding.New(finding.ServerWouldRefuse, c.Object.String(), err.Error(), ""))
		}
	}
	finding.Sort(out.Findings)
	return r.concludeUntouched(out)
}

// pause takes the lock, judges once more (time has passed since the question),
// and carries it out.
func (r *runPause) pause(ctx context.Context, book *notebook) (*v1alpha1.PauseReport, error) {
	held, release, err := r.lock(ctx, r.hunt.client, shortCommand(r.command), r.talk, r.talk.trouble)
	if err != nil {
		return nil, err
	}
	defer release()
	r.limit.leaveMargin()
	out, found, err := r.judge()
	if err != nil {
		return nil, err
	}
	rec, err := book.begin(held, r.suite, r.command)
	if err != nil {
		return nil, err
	}
	ready, err := r.hunt.goOn(held, book, r.talk, rec.Run(), r.hunt.changes(found.choices, r.now()))
	if err != nil {
		return nil, err
	}
	fields, findings, err := r.hunt.pauser(r.talk, r.limit.atMost(r.wait)).Pause(held, rec, ready.changes)
	out.Paused = fields
	outcome := r.conclude(ctx, held, out, slices.Concat(ready.withheld, ready.foreign, findings), err)
	if finishErr := book.finish(ctx, rec, pauseOutcome(out, outcome)); finishErr != nil && outcome == nil {
		outcome = finishErr
	}
	return out, outcome
}

// pauseOutcome is how a pause ended, for the journal: one that made every change
// has come to its end, also where other blockers are left.
func pauseOutcome(out *v1alpha1.PauseReport, err error) string {
	whole := !slices.ContainsFunc(out.Paused, func(p v1alpha1.PausedField) bool {
		return p.State != v1alpha1.PauseStateApplied || p.Message != ""
	})
	if exit, is := errors.AsType[*ExitError](err); whole && is && exit.Err == nil && exit.Code != codeInterrupted {
		return journal.OutcomeDone
	}
	return journalOutcome(err)
}

func isApplied(p v1alpha1.PausedField) bool { return p.State == v1alpha1.PauseStateApplied }

func isPlanned(p v1alpha1.PausedField) bool { return p.State == v1alpha1.PauseStatePlanned }

// conclude judges once more, so that the report says what still blocks, and
// names the outcome and its exit code.
func (r *runPause) conclude(ctx, held context.Context, out *v1alpha1.PauseReport, found []v1alpha1.Finding, err error) error {
	if after, _, judgeErr := r.judge(); judgeErr == nil {
		out.Blockers, found = after.Blockers, slices.Concat(found, after.Findings)
	}
	out.Findings = append(out.Findings[:0], found...)
	finding.Sort(out.Findings)
	outcome, early := endedEarly(ctx, held, err)
	switch {
	case early != nil:
		out.Outcome = outcome
		return early
	case finding.HasErrors(out.Findings) && slices.ContainsFunc(out.Paused, isApplied):
		out.Outcome = v1alpha1.PauseStopped
		return &ExitError{Code: codeStopped}
	case finding.HasErrors(out.Findings):
		out.Outcome = v1alpha1.PauseBlocked
		return &ExitError{Code: codeBlocked}
	}
	out.Outcome = v1alpha1.PauseDone
	return nil
}

func (r *runPause) emptyReport() *v1alpha1.PauseReport {
	name := r.pool
	if name == "" {
		name = "cluster"
	}
	return &v1alpha1.PauseReport{
		TypeMeta: v1alpha1.TypeMeta("PauseReport"), ObjectMeta: metav1.ObjectMeta{Name: name},
		Outcome: v1alpha1.PausePlanned, DryRun: r.dryRun.String(),
		Blockers: []v1alpha1.Blocker{}, Paused: []v1alpha1.PausedField{}, Findings: []v1alpha1.Finding{},
	}
}

func (r *runPause) print(out *v1alpha1.PauseReport) error {
	return r.output.print(r.Out, out, func(w io.Writer) error {
		return report.PauseReport(w, out, r.next, r.styleFor(r.Out), r.output.wide)
	})
}
