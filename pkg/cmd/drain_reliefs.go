// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// drainReliefs is what drain-pool --pause-pdb-blockers relieves.
type drainReliefs struct {
	*hunt
	quarry
}

// prepareReliefs reads what is needed to relieve blockers, where that is wanted.
func (r *runDrain) prepareReliefs(ctx context.Context) error {
	if r.pause == "" {
		return nil
	}
	mode, err := r.pauseMode()
	if err != nil {
		return err
	}
	r.reliefs = &drainReliefs{hunt: &hunt{suite: r.suite, client: r.client, watcher: r.watcher, profile: r.profile, mode: mode, ttl: r.ttl}}
	return r.reliefs.load(ctx)
}

// hasNothingToDo reports whether the pool is drained and nothing is left to be
// given back or written down of an earlier attempt.
func (r *runDrain) hasNothingToDo(ctx context.Context, plan *drain.Plan) (bool, error) {
	if !plan.Empty() || r.dryRun != dryRunNone {
		return plan.Empty(), nil
	}
	return r.notebook(r.client, r.talk.trouble).isAtItsEnd(ctx, r.command)
}

// judge finds what blocks the drain of a pool and can be relieved, and returns
// the budgets that are no hindrance then, as namespace/name.
func (d *drainReliefs) judge(p pool.Pool) (map[string]bool, error) {
	var err error
	if d.quarry, err = d.find(nodeSet(p)); err != nil {
		return nil, err
	}
	relieved := map[string]bool{}
	for _, c := range d.choices {
		if !c.Relief.Works() {
			continue
		}
		relieved[c.PDB.Namespace+"/"+c.PDB.Name] = true
		for _, other := range c.Others {
			relieved[other.Namespace+"/"+other.Name] = true
		}
	}
	return relieved, nil
}

// announce tells what is going to be relieved.
func (d *drainReliefs) announce(now time.Time, kept bool) []v1alpha1.Finding {
	end, remedy := "given back at its end", ""
	if kept {
		end, remedy = "and stays so", "kubectl vantiq-upgrade resume-pdb-blockers # after the upgrade"
	}
	changes := d.changes(d.choices, now)
	findings := make([]v1alpha1.Finding, 0, len(changes))
	for _, c := range changes {
		findings = append(findings, finding.New(finding.PausedForDrain, c.Object.String(),
			fmt.Sprintf("would hold the drain: %s %s → %s before it begins (%s), %s", c.Field, c.Before, c.After, c.Mode, end), remedy))
	}
	return findings
}

// relieve carries out the reliefs and plans once more: what is paused has no
// pods to move.
func (r *runDrain) relieve(ctx context.Context, book *notebook, rec *journal.Recorder, plan **drain.Plan, out *v1alpha1.DrainReport) error {
	if r.reliefs == nil {
		return nil
	}
	changes := r.reliefs.changes(r.reliefs.choices, r.now())
	if err := r.reliefs.clearReverted(ctx, book, r.talk, changes); err != nil {
		return err
	}
	changes = unsettled(rec.Run(), changes)
	if len(changes) == 0 {
		return nil
	}
	paused, findings, err := r.reliefs.pauser(r.talk, r.drainPoolOptions.drain.PodTimeout).Pause(ctx, rec, changes)
	out.Paused, out.Findings = paused, append(out.Findings, findings...)
	if err != nil || finding.HasErrors(findings) {
		return err
	}
	if *plan, err = r.plan(); err != nil {
		return err
	}
	out.Plan, out.Findings = (*plan).Report(), findings
	for _, f := range (*plan).Findings {
		if r.keepPaused || f.Code != string(finding.BlockerStopped) { // it comes back at the end
			out.Findings = append(out.Findings, f)
		}
	}
	return nil
}

// restore gives back what this run has paused. After an interrupt it gives back
// what it can in the moment that is left, and does not wait for readiness.
func (r *runDrain) restore(ctx, held context.Context, rec *journal.Recorder) ([]v1alpha1.Finding, error) {
	lockLost := held.Err() != nil && ctx.Err() == nil
	if r.reliefs == nil || r.keepPaused || lockLost {
		return nil, nil
	}
	var paused []relief.Held
	for _, c := range rec.Run().Changes {
		if c.IsOpen() && c.Mode != drain.ModeCordon {
			paused = append(paused, relief.Held{Run: rec.Run().ID, InJournal: true, Change: c})
		}
	}
	if len(paused) == 0 {
		return nil, nil
	}
	wait := r.drainPoolOptions.drain.PodTimeout
	if ctx.Err() != nil {
		wait = 0
		var cancel context.CancelFunc
		held, cancel = afterwards(ctx)
		defer cancel()
	}
	open := func(context.Context, string) (relief.Recorder, error) { return rec, nil }
	_, findings, err := r.reliefs.pauser(r.talk, wait).Restore(held, open, paused, false)
	if ctx.Err() != nil {
		return nil, nil // that it is not Ready yet is no surprise
	}
	return findings, err
}
