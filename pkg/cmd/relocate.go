// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relocate"
)

// relocation is one course of placement-check --relocate: rights, plan, question,
// lock, moves.
type relocation struct {
	*suite
	client  *kubernetes.Clientset
	watcher *cluster.Watcher
	volumes *cluster.Volumes
	profile *profile.Profile
	talk    *talk
	drain   drain.Options
	// chosen reports whether the operator asks for a pod; nil means all that are in
	// a wrong place.
	chosen func(placement.Misplaced) bool
	// began is when it was planned first.
	began time.Time
	// left are pods that are not tried again.
	left []types.UID
	// force also moves what the profile does not know.
	force, yes bool
	dryRun     dryRun
	command    []string
	// names keeps of a report what the operator named; an unknown name is an error.
	names func(*v1alpha1.PlacementReport) error
	// show prints the plan before the question.
	show func(*v1alpha1.PlacementReport) error
}

// run returns the report of however far it came, and an error with the exit code.
func (r *relocation) run(ctx context.Context) (*v1alpha1.PlacementReport, error) {
	if err := r.refuseWithoutRights(ctx, r.client, "placement-check --relocate", r.dryRun, r.talk.note); err != nil {
		return nil, err
	}
	var stop func()
	var err error
	if r.watcher, stop, err = r.watch(ctx, r.client, r.talk); err != nil {
		return nil, err
	}
	defer stop()
	if r.volumes, err = cluster.ListVolumes(ctx, r.client); err != nil {
		return nil, err
	}
	if r.drain.Autoscalers, err = autoscalers(ctx, r.client); err != nil {
		return nil, err
	}
	r.remind(ctx, r.client, r.command, r.talk.note)
	book := r.notebook(r.client, r.talk.trouble)
	former, err := r.former(ctx, book)
	if err != nil {
		return nil, err
	}
	plan := r.plan()
	if err := r.names(plan.report); err != nil && former == nil { // a pod that was moved may have another name now
		return nil, err
	}
	out := r.planned(plan)
	switch {
	case former == nil && len(plan.groups) == 0, r.dryRun == dryRunClient:
		return out, concludeUnmoved(out, len(plan.refused))
	case r.dryRun == dryRunServer:
		return out, r.askServer(ctx, plan, out)
	}
	if err := r.show(out); err != nil {
		return nil, err
	}
	if err := r.confirm(ctx, r.yes, r.question(plan, former)); err != nil {
		return nil, err
	}
	return r.relocate(ctx, book)
}

// former is an earlier attempt that did not come to its end; nil without one.
func (r *relocation) former(ctx context.Context, book *notebook) (*journal.Run, error) {
	if r.dryRun != dryRunNone {
		return nil, nil
	}
	runs, _, err := book.Runs(ctx)
	return unfinished(runs, r.command), err
}

func (r *relocation) question(plan relocationPlan, former *journal.Run) string {
	if former != nil {
		return fmt.Sprintf("Go on with run %s in %s?", former.ID, r.conn.describe())
	}
	n := 0
	for _, group := range plan.groups {
		n += len(group)
	}
	return fmt.Sprintf("Move %s in %s?", counted(n, "pod"), r.conn.describe())
}

// concludeUnmoved names the outcome where nothing is moved.
func concludeUnmoved(out *v1alpha1.PlacementReport, refused int) error {
	switch {
	case refused > 0:
		out.Relocation.Outcome = v1alpha1.RelocationBlocked
		return &ExitError{Code: codeBlocked}
	case len(out.Relocation.Moves) == 0:
		out.Relocation.Outcome = v1alpha1.RelocationNothingToDo
	}
	return nil
}

// askServer has the API server judge each step without taking it.
func (r *relocation) askServer(ctx context.Context, p relocationPlan, out *v1alpha1.PlacementReport) error {
	evictor := drain.APIEvictor{Client: r.client.CoreV1().RESTClient(), DryRun: true}
	for _, group := range p.groups {
		for _, step := range group {
			if err := evictor.Evict(ctx, step.Pod, nil, false); err != nil {
				out.Findings = append(out.Findings, finding.New(finding.ServerWouldRefuse, cluster.PodObject(step.Pod), drain.Explain(err), ""))
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	finding.Sort(out.Findings)
	return concludeUnmoved(out, len(p.refused))
}

// relocate takes the lock, and moves group after group: after each the cluster is
// judged anew.
func (r *relocation) relocate(ctx context.Context, book *notebook) (*v1alpha1.PlacementReport, error) {
	held, release, err := r.lock(ctx, r.client, shortCommand(r.command), r.talk, r.talk.trouble)
	if err != nil {
		return nil, err
	}
	defer release()
	r.limit.leaveMargin()
	r.drain.Spent = r.limit.used()
	rec, err := book.begin(held, r.suite, r.command)
	if err != nil {
		return nil, err
	}
	mover := r.mover(rec)
	left := slices.DeleteFunc(rec.Run().Changes, func(c journal.Change) bool { return !c.IsOpen() || c.Mode != relief.ModeKeepOff })
	if err := mover.AwaitGone(held); err != nil {
		return nil, err
	}
	moves, findings, err := r.moveAll(held, mover)
	if len(left) > 0 {
		awaited, awaitErr := r.finishFormer(held, mover, left, err == nil && !finding.HasErrors(findings))
		findings = append(findings, awaited...)
		if err == nil {
			err = awaitErr
		}
	}
	out, outcome := r.conclude(ctx, held, moves, findings, err)
	if finishErr := book.finish(ctx, rec, journalOutcome(outcome)); finishErr != nil && outcome == nil {
		outcome = finishErr
	}
	return out, outcome
}

// moveAll moves groups until none is left, or one fails. One that the API server
// refuses to prepare is left where it is, and the others go on.
func (r *relocation) moveAll(ctx context.Context, mover *relocate.Mover) ([]v1alpha1.Move, []v1alpha1.Finding, error) {
	moves := []v1alpha1.Move{}
	var findings []v1alpha1.Finding
	for most := -1; ; {
		p := r.plan()
		if most < 0 {
			most = len(p.groups)
		}
		if len(p.groups) == 0 || most == 0 {
			return moves, findings, nil
		}
		most-- // a group that comes back again and again must not go on for ever
		did, found, err := mover.Move(ctx, p.groups[0])
		moves, findings = append(moves, did...), append(findings, found...)
		if err == nil && isRefused(found) {
			r.leave(p.groups[0])
			continue
		}
		if err != nil || finding.HasErrors(found) {
			return moves, findings, err
		}
	}
}

// finishFormer waits for the pods that an earlier attempt has evicted and that
// have no node yet, and takes its keep-off pods away.
func (r *relocation) finishFormer(ctx context.Context, mover *relocate.Mover, left []journal.Change, wait bool) ([]v1alpha1.Finding, error) {
	var awaited []v1alpha1.Finding
	var err error
	if wait {
		awaited, err = mover.AwaitReady(ctx)
	}
	kept, removeErr := mover.Remove(ctx, left)
	if err == nil {
		err = removeErr
	}
	return slices.Concat(awaited, kept), err
}

func (r *relocation) mover(rec relief.Recorder) *relocate.Mover {
	return &relocate.Mover{
		Keeper:   relief.Keeper{Client: r.client, Retry: r.patience(r.talk.trouble)},
		Recorder: rec, Source: r.watcher, Clock: r.Clock, Profile: r.profile, Options: r.drain, Namespace: r.journalNamespace,
		Tell: r.talk.change,
		Engine: func() *drain.Engine {
			return &drain.Engine{
				Source: r.watcher, Evictor: drain.APIEvictor{Client: r.client.CoreV1().RESTClient()}, Clock: r.Clock, Observer: r.talk.event,
				Warnings: cluster.Warnings{Client: r.client, Now: r.now},
			}
		},
	}
}

// conclude looks at the cluster once more and names the outcome.
func (r *relocation) conclude(ctx, held context.Context, moves []v1alpha1.Move, findings []v1alpha1.Finding, err error) (*v1alpha1.PlacementReport, error) {
	p := r.plan()
	_ = r.names(p.report) // see run
	isTold := func(namespace, pod string) bool {
		return slices.ContainsFunc(moves, func(m v1alpha1.Move) bool { return m.Namespace == namespace && m.Pod == pod })
	}
	refused := slices.DeleteFunc(slices.Clone(p.refused), func(c placement.Refusal) bool { return isTold(c.Pod.Namespace, c.Pod.Name) })
	out := r.planned(relocationPlan{report: p.report, groups: p.groups, refused: refused, pools: p.pools})
	left := slices.DeleteFunc(out.Relocation.Moves, func(m v1alpha1.Move) bool { return isTold(m.Namespace, m.Pod) })
	out.Relocation.Moves = slices.Concat(moves, left)
	out.Findings = append(out.Findings, findings...)
	finding.Sort(out.Findings)
	var code int
	switch {
	case isInterrupted(ctx):
		out.Relocation.Outcome, code, err = v1alpha1.RelocationInterrupted, codeInterrupted, nil
	case err != nil && held.Err() != nil:
		out.Relocation.Outcome, code, err = v1alpha1.RelocationStopped, codeStopped, context.Cause(held)
	case err != nil, finding.HasErrors(findings), len(p.groups) > 0, len(p.refused) > 0 && len(moves) > 0:
		out.Relocation.Outcome, code = v1alpha1.RelocationStopped, codeStopped
	case len(p.refused) > 0:
		out.Relocation.Outcome, code = v1alpha1.RelocationBlocked, codeBlocked
	default:
		out.Relocation.Outcome = v1alpha1.RelocationDone
		return out, nil
	}
	return out, &ExitError{Code: code, Err: err}
}
