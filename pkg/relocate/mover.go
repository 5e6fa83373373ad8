// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package relocate moves single pods to the nodes where they belong: it keeps each
// off every other node while it restarts, and has the drain engine evict it within
// every floor.
package relocate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// lastRemoval bounds what an interrupted move still takes away.
const lastRemoval = 500 * time.Millisecond

// Mover carries out groups of moves.
type Mover struct {
	Keeper   relief.Keeper
	Recorder relief.Recorder
	// Engine makes the drain engine for a group; its state is for one.
	Engine  func() *drain.Engine
	Source  relief.Source
	Clock   clock.WithTicker
	Profile *profile.Profile
	Options drain.Options
	// Namespace is that of the keep-off pods.
	Namespace string
	// Tell is told what happens, in words; it must not be nil.
	Tell func(object, message string)
}

// Move keeps the pods of a group off every node where they do not belong, evicts
// them within the floors, waits until their replacements are Ready, and takes the
// keep-off pods away, however it ended. Findings say what went wrong; an error
// means that it could not go on.
func (m *Mover) Move(ctx context.Context, group placement.Group) ([]v1alpha1.Move, []v1alpha1.Finding, error) {
	s := m.Source.Snapshot()
	pools := pool.List(s.Nodes, m.Profile)
	plan := Judge(group, s, pools, m.Profile, m.Options)
	moves := make([]v1alpha1.Move, 0, len(group))
	for _, step := range group {
		moves = append(moves, PlannedMove(step, pools))
	}
	if plan.Blocked() {
		return refuse(moves), plan.Findings, nil
	}
	lines, refused, err := m.keepOff(ctx, group, s, pools)
	all := slices.Concat(lines...)
	engine := m.Engine()
	var failed []v1alpha1.Finding
	switch {
	case len(refused) > 0:
		moves, failed = refuse(moves), refused
	case err == nil:
		failed, err = engine.Run(ctx, plan)
	}
	findings := slices.Concat(failed, record(moves, group, engine.Moved(), ctx.Err() != nil))
	if ctx.Err() != nil {
		// Those that are on their way would go astray without; going on takes them away.
		all = notOnTheWay(lines, moves)
	}
	left, removeErr := m.Remove(ctx, all)
	if findings = append(findings, left...); err == nil {
		err = removeErr
	}
	return moves, findings, err
}

// Judge says what stands in the way of the move of a group, by the rules of a
// drain: floors, disruption budgets, data in emptyDirs, dependencies.
func Judge(group placement.Group, s *cluster.Snapshot, pools []pool.Pool, prof *profile.Profile, options drain.Options) *drain.Plan {
	return drain.NewMove(s, targets(group), nil, pools, prof, options)
}

// targets are the pods of a group as the engine takes them: each of the others
// goes when the one before it has made room.
func targets(group placement.Group) []drain.Target {
	all := make([]drain.Target, 0, len(group))
	var before types.UID
	for _, step := range group {
		all = append(all, drain.Target{Pod: step.Pod, Owner: step.Workload.Ref, After: before})
		before = step.Pod.UID
	}
	return all
}

// notOnTheWay are the lines of the keep-off pods that nothing needs any more.
func notOnTheWay(lines [][]journal.Change, moves []v1alpha1.Move) []journal.Change {
	var idle []journal.Change
	for i := range lines {
		if moves[i].State != StateOnTheWay {
			idle = append(idle, lines[i]...)
		}
	}
	return idle
}

// keepOff writes the keep-off pods down, makes them, and returns their lines, by
// the steps of the group. The findings name those that the API server refuses: without
// them no pod of the group may go.
func (m *Mover) keepOff(ctx context.Context, group placement.Group, s *cluster.Snapshot, pools []pool.Pool) ([][]journal.Change, []v1alpha1.Finding, error) {
	run := m.Recorder.Run()
	var wanted []relief.KeepOff
	var steps []int // of wanted
	for i, step := range group {
		pods, err := keepOffs(step.Misplaced, s, pools, m.Namespace, run.ID, len(run.Changes)+len(wanted)+1)
		if err != nil {
			return nil, nil, err
		}
		wanted, steps = append(wanted, pods...), append(steps, slices.Repeat([]int{i}, len(pods))...)
	}
	changes := make([]journal.Change, 0, len(wanted))
	for _, o := range wanted {
		changes = append(changes, o.Change())
	}
	if len(changes) == 0 {
		return nil, nil, nil
	}
	planned, err := m.Recorder.Plan(ctx, changes...)
	if err != nil {
		return nil, nil, err
	}
	lines := make([][]journal.Change, len(group))
	for i, line := range planned {
		lines[steps[i]] = append(lines[steps[i]], line)
	}
	for i, o := range wanted {
		err := m.Keeper.KeepOff(ctx, run, planned[i], o)
		if refusal.Is(err) {
			return lines, []v1alpha1.Finding{finding.New(finding.KeepOffRefused, cluster.PodObject(group[steps[i]].Pod),
				"not evicted, as the API server refuses the pod that keeps its replacement off wrong nodes: "+refusal.Sentence(err),
				refusal.Remedy(err, m.Namespace))}, nil
		}
		if err != nil {
			return lines, nil, err
		}
	}
	for _, step := range group {
		m.Tell(cluster.PodObject(step.Pod), fmt.Sprintf("kept off all but %s while it restarts", listed(step.Homes)))
	}
	return lines, nil, m.Recorder.Mark(ctx, journal.Applied, "", numbers(planned)...)
}

// Remove takes keep-off pods away, also after an interrupt, each whatever becomes of the
// others. The findings name those that the API server refuses to remove.
func (m *Mover) Remove(ctx context.Context, lines []journal.Change) ([]v1alpha1.Finding, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastRemoval)
		defer cancel()
	}
	var errs []error
	var gone []int
	var findings []v1alpha1.Finding
	for _, line := range lines {
		_, err := m.Keeper.Restore(ctx, m.Recorder.Run().ID, line, false)
		_, conflicts := errors.AsType[*relief.ConflictError](err)
		switch {
		case refusal.Is(err):
			findings = append(findings, finding.New(finding.KeepOffLeft, line.Object.String(),
				"the API server refuses to remove it: "+refusal.Sentence(err), refusal.Remedy(err, line.Object.Namespace)))
		case err != nil && !conflicts:
			errs = append(errs, err)
		default:
			gone = append(gone, line.Number)
		}
	}
	if len(gone) > 0 {
		errs = append(errs, m.Recorder.Mark(ctx, journal.Restored, "", gone...))
	}
	return findings, errors.Join(errs...)
}

func numbers(lines []journal.Change) []int {
	all := make([]int, 0, len(lines))
	for _, line := range lines {
		all = append(all, line.Number)
	}
	return all
}

// record writes into the moves what became of them, and finds those that came to
// a wrong node all the same.
func record(moves []v1alpha1.Move, group placement.Group, did []v1alpha1.MovedPod, interrupted bool) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for i, step := range group {
		at := slices.IndexFunc(did, func(p v1alpha1.MovedPod) bool { return p.UID == string(step.Pod.UID) })
		if at < 0 {
			continue
		}
		moves[i].ToNode, moves[i].Seconds = did[at].ToNode, did[at].UnavailableSeconds
		switch {
		case did[at].ToNode != "" && !slices.Contains(step.Homes, did[at].ToNode):
			moves[i].State, moves[i].Message = StateFailed, "came to "+did[at].ToNode+", where it does not belong"
			findings = append(findings, finding.New(finding.RelocatedWrong, cluster.PodObject(step.Pod), moves[i].Message, "kubectl vantiq-upgrade placement-check"))
		case did[at].State == "Moved":
			moves[i].State = StateMoved
		case interrupted && did[at].State == "Waiting":
			moves[i].ToNode = "" // not evicted; as planned
		case interrupted && (did[at].State == "Terminating" || did[at].State == "Replacing"):
			moves[i].State = StateOnTheWay
		default:
			moves[i].State, moves[i].Message = StateFailed, did[at].State
		}
	}
	return findings
}
