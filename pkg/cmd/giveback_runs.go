// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// isAborted reports whether a run ends with this command.
func (g *giveBack) isAborted(run *journal.Run) bool {
	return g.aborts != nil && g.aborts(run) && (isUnfinished(run) || isAborting(run))
}

// touched are the runs that the command is about, and that can be written.
func (g *giveBack) touched(runs []*journal.Run, held []relief.Held) []*journal.Run {
	return slices.DeleteFunc(slices.Clone(runs), func(run *journal.Run) bool {
		isHeld := slices.ContainsFunc(held, func(h relief.Held) bool { return h.Run == run.ID })
		return run.Damaged || run.Newer || !isHeld && !g.isAborted(run)
	})
}

// beginAbort writes ahead that runs are aborted: should this command be killed,
// nobody must go on with them. Where the journal refuses that for one run, it is told,
// and its changes are given back all the same.
func (g *giveBack) beginAbort(ctx context.Context, book *notebook, runs []*journal.Run, held []relief.Held) ([]v1alpha1.Finding, error) {
	if g.aborts == nil {
		return nil, nil
	}
	var findings []v1alpha1.Finding
	for _, run := range g.touched(runs, held) {
		rec, err := book.recorder(ctx, run.ID)
		if err == nil {
			err = rec.Finish(ctx, journal.OutcomeAborting)
		}
		if refusal.Is(err) {
			findings = append(findings, finding.New(finding.RestoreUnnoted, "run/"+run.ID,
				"is aborted, but the API server refuses to have that written down: "+refusal.Sentence(err), refusal.Remedy(err, "")))
		} else if err != nil {
			return nil, err
		}
	}
	return findings, nil
}

// close writes down how the runs stand, each whatever becomes of the others. Those of
// which nothing is left become history.
func (g *giveBack) close(ctx context.Context, book *notebook, runs []*journal.Run, held []relief.Held) error {
	var failed []error
	for _, run := range g.touched(runs, held) {
		rec, err := book.recorder(ctx, run.ID)
		if err == nil {
			err = book.settle(ctx, rec)
		}
		if failed = append(failed, err); err != nil && !refusal.Is(err) {
			break
		}
	}
	return errors.Join(failed...)
}
