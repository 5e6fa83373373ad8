// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relocate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
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
func (m *Mover) Move(ctx context.Context, group Group) ([]v1alpha1.Move, []v1alpha1.Finding, error) {
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
	lines, err := m.keepOff(ctx, group, s, pools)
	engine := m.Engine()
	var failed []v1alpha1.Finding
	if err == nil {
		failed, err = engine.Run(ctx, plan)
	}
	findings := slices.Concat(failed, record(moves, group, engine.Moved()))
	if removeErr := m.Remove(ctx, lines); removeErr != nil && err == nil {
		err = removeErr
	}
	return moves, findings, err
}

// Judge says what stands in the way of the move of a group, by the rules of a
// drain: floors, disruption budgets, data in emptyDirs, dependencies.
func Judge(group Group, s *cluster.Snapshot, pools []pool.Pool, prof *profile.Profile, options drain.Options) *drain.Plan {
	return drain.NewMove(s, targets(group), nil, pools, prof, options)
}

// targets are the pods of a group as the engine takes them: each of the others
// goes when the one before it has made room.
func targets(group Group) []drain.Target {
	all := make([]drain.Target, 0, len(group))
	var before types.UID
	for _, step := range group {
		all = append(all, drain.Target{Pod: step.Pod, Owner: step.Workload.Ref, After: before})
		before = step.Pod.UID
	}
	return all
}

// keepOff writes the keep-off pods down, makes them, and returns their lines.
func (m *Mover) keepOff(ctx context.Context, group Group, s *cluster.Snapshot, pools []pool.Pool) ([]journal.Change, error) {
	run := m.Recorder.Run()
	var wanted []relief.KeepOff
	for _, step := range group {
		pods, err := keepOffs(step.Candidate, s, pools, m.Namespace, run.ID, len(run.Changes)+len(wanted)+1)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, pods...)
	}
	changes := make([]journal.Change, 0, len(wanted))
	for _, o := range wanted {
		changes = append(changes, o.Change())
	}
	if len(changes) == 0 {
		return nil, nil
	}
	lines, err := m.Recorder.Plan(ctx, changes...)
	if err != nil {
		return nil, err
	}
	for i, o := range wanted {
		if err := m.Keeper.KeepOff(ctx, run, lines[i], o); err != nil {
			return lines, err
		}
	}
	for _, step := range group {
		m.Tell(cluster.PodObject(step.Pod), fmt.Sprintf("kept off all but %s while it restarts", listed(step.Allowed)))
	}
	return lines, m.Recorder.Mark(ctx, journal.Applied, "", numbers(lines)...)
}

// Await waits until workloads are whole.
func (m *Mover) Await(ctx context.Context, workloads []*cluster.Workload) ([]v1alpha1.Finding, error) {
	if len(workloads) == 0 {
		return nil, nil
	}
	s := m.Source.Snapshot()
	return m.Engine().Run(ctx, drain.NewMove(s, nil, workloads, pool.List(s.Nodes, m.Profile), m.Profile, m.Options))
}

// Pending are the workloads with pods that have no node, and that keep-off pods of
// a run are about: an earlier attempt has evicted them.
func Pending(s *cluster.Snapshot, run string) []*cluster.Workload {
	var terms []corev1.PodAffinityTerm
	var waiting []*corev1.Pod
	for _, pod := range s.Pods() {
		switch {
		case pod.Labels[journal.KeepOffLabel] == run && pod.Spec.Affinity != nil && pod.Spec.Affinity.PodAntiAffinity != nil:
			terms = append(terms, pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution...)
		case pod.Spec.NodeName == "":
			waiting = append(waiting, pod)
		}
	}
	var workloads []*cluster.Workload
	for _, pod := range waiting {
		owner, owned := s.Owner(pod)
		w := s.Workload(owner)
		if owned && w != nil && !slices.Contains(workloads, w) && slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return isMeant(t, pod) }) {
			workloads = append(workloads, w)
		}
	}
	return workloads
}

func isMeant(term corev1.PodAffinityTerm, pod *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
	return err == nil && slices.Contains(term.Namespaces, pod.Namespace) && selector.Matches(labels.Set(pod.Labels))
}

// Remove takes keep-off pods away, also after an interrupt.
func (m *Mover) Remove(ctx context.Context, lines []journal.Change) error {
	if len(lines) == 0 {
		return nil
	}
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastRemoval)
		defer cancel()
	}
	var errs []error
	var gone []int
	for _, line := range lines {
		_, err := m.Keeper.Restore(ctx, m.Recorder.Run().ID, line, false)
		if _, conflicts := errors.AsType[*relief.ConflictError](err); err != nil && !conflicts {
			errs = append(errs, err)
			continue
		}
		gone = append(gone, line.Number)
	}
	if len(gone) > 0 {
		errs = append(errs, m.Recorder.Mark(ctx, journal.Restored, "", gone...))
	}
	return errors.Join(errs...)
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
func record(moves []v1alpha1.Move, group Group, did []v1alpha1.MovedPod) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for i, step := range group {
		at := slices.IndexFunc(did, func(p v1alpha1.MovedPod) bool { return p.UID == string(step.Pod.UID) })
		if at < 0 {
			continue
		}
		moves[i].ToNode, moves[i].Seconds = did[at].ToNode, did[at].UnavailableSeconds
		switch {
		case did[at].ToNode != "" && !slices.Contains(step.Allowed, did[at].ToNode):
			moves[i].State, moves[i].Message = StateFailed, "came to "+did[at].ToNode+", where it does not belong"
			findings = append(findings, finding.New(finding.RelocatedWrong, cluster.PodObject(step.Pod), moves[i].Message, "kubectl vantiq-upgrade placement-check"))
		case did[at].State == "Moved":
			moves[i].State = StateMoved
		default:
			moves[i].State, moves[i].Message = StateFailed, did[at].State
		}
	}
	return findings
}
