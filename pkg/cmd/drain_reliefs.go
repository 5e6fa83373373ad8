// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
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

// readAutoscalers reads those that the remedies heed, once.
func (r *runDrain) readAutoscalers(ctx context.Context) error {
	if r.reliefs != nil {
		r.drainPoolOptions.drain.Autoscalers = r.reliefs.hpas
		return nil
	}
	var err error
	r.drainPoolOptions.drain.Autoscalers, err = autoscalers(ctx, r.client)
	return err
}

// autoscalers reads what the remedies of a drain have to heed. Where it cannot be read a
// remedy may be one that an autoscaler undoes, which is no reason not to drain.
func autoscalers(ctx context.Context, client kubernetes.Interface) ([]*autoscalingv2.HorizontalPodAutoscaler, error) {
	scalers, err := cluster.ListHPAs(ctx, client)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, nil //nolint:nilerr // see above
	}
	return scalers, nil
}

// hasNothingToDo reports whether the pool is drained and nothing is left to be
// given back or written down of an earlier attempt.
func (r *runDrain) hasNothingToDo(ctx context.Context, plan *drain.Plan) (bool, error) {
	if !plan.Empty() || r.dryRun != dryRunNone {
		return plan.Empty(), nil
	}
	runs, _, err := r.notebook(r.client, r.talk.trouble).Runs(ctx)
	return unfinished(runs, r.command) == nil, err
}

// judge finds what blocks the drain of a pool and can be relieved, and says so in
// the options of the drain: that is no hindrance then.
func (d *drainReliefs) judge(p pool.Pool, options *drain.Options) error {
	var err error
	if d.quarry, err = d.find(nodeSet(p)); err != nil {
		return err
	}
	options.Relieved, options.Paused = map[string]bool{}, map[cluster.Ref]bool{}
	for _, c := range d.choices {
		if !c.Relief.Works() {
			continue
		}
		options.Relieved[c.PDB.Namespace+"/"+c.PDB.Name] = true
		for _, other := range c.Others {
			options.Relieved[other.Namespace+"/"+other.Name] = true
		}
		for _, w := range c.Workloads {
			if c.Relief.Mode == disruption.ScaleToZero {
				options.Paused[w.Ref] = true
			}
		}
	}
	return nil
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
			fmt.Sprintf("would hold the drain: %s before it begins (%s), %s", c.Words(), c.Mode, end), remedy))
	}
	return findings
}

// relieve carries out the reliefs and plans once more: what is paused has no
// pods to move.
func (r *runDrain) relieve(ctx context.Context, book *notebook, rec *journal.Recorder, plan **drain.Plan, out *v1alpha1.DrainReport) error {
	if r.reliefs == nil {
		return nil
	}
	ready, err := r.reliefs.goOn(ctx, book, r.talk, rec.Run(), r.reliefs.changes(r.reliefs.choices, r.now()))
	if err != nil {
		return err
	}
	if finding.HasErrors(ready.withheld) { // without the relief the drain would stand still
		out.Findings = append(out.Findings, ready.withheld...)
		return nil
	}
	for _, f := range slices.Concat(ready.withheld, ready.foreign) { // the drain can go on; giving back will name it again
		r.talk.note("Warning: " + f.Code + ": " + f.Object + ": " + f.Message)
	}
	if len(ready.changes) == 0 {
		return nil
	}
	paused, findings, err := r.reliefs.pauser(r.talk, r.limit.atMost(r.drainPoolOptions.drain.PodTimeout)).Pause(ctx, rec, ready.changes)
	out.Paused, out.Findings = paused, append(out.Findings, findings...)
	if err != nil || finding.HasErrors(findings) {
		return err
	}
	if *plan, err = r.plan(ctx); err != nil {
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

// restore gives back what this run has paused. After an interrupt, and after
// --timeout, it gives back what it can in the moment that is left, and does not
// wait for readiness.
func (r *runDrain) restore(ctx, held context.Context, rec *journal.Recorder, out *v1alpha1.DrainReport) ([]v1alpha1.Finding, error) {
	lockLost := held.Err() != nil && ctx.Err() == nil
	if r.reliefs == nil || r.keepPaused || lockLost {
		return nil, nil
	}
	var paused []relief.Held
	for _, c := range rec.Run().Changes {
		if c.IsOpen() && relief.IsPause(c) {
			paused = append(paused, relief.Held{Run: rec.Run().ID, InJournal: true, Change: c})
		}
	}
	if len(paused) == 0 {
		return nil, nil
	}
	wait := r.limit.atMost(r.drainPoolOptions.drain.PodTimeout)
	if ctx.Err() != nil {
		wait = 0
		var cancel context.CancelFunc
		held, cancel = afterwards(ctx)
		defer cancel()
	}
	open := func(context.Context, string) (relief.Recorder, error) { return rec, nil }
	fields, findings, err := r.reliefs.pauser(r.talk, wait).Restore(held, open, paused, false)
	noteRestored(out, rec.Run(), fields)
	if ctx.Err() != nil {
		// That it is not Ready yet is no surprise.
		return slices.DeleteFunc(findings, func(f v1alpha1.Finding) bool { return f.Code == string(finding.RestoreNotReady) }), nil
	}
	return findings, err
}

// noteRestored says in the report of a drain what became of its pauses.
func noteRestored(out *v1alpha1.DrainReport, run *journal.Run, fields []v1alpha1.RestoredField) {
	for _, f := range fields {
		at := slices.IndexFunc(out.Paused, func(p v1alpha1.PausedField) bool { return p.Number == f.Number })
		if at < 0 { // an earlier attempt of the run has made it
			out.Paused = append(out.Paused, relief.PausedField(run.ID, *run.Change(f.Number), v1alpha1.PauseStateApplied))
			at = len(out.Paused) - 1
		}
		switch f.State {
		case v1alpha1.RestoreConflict, v1alpha1.RestoreFailed, v1alpha1.RestorePlanned, v1alpha1.RestoreReturned:
		case v1alpha1.RestoreNotApplied: // as it says already
		default:
			out.Paused[at].State = v1alpha1.PauseStateRestored
		}
		out.Paused[at].Message = f.Message
	}
}
