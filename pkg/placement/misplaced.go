// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Misplaced is a pod that would be better on another node.
type Misplaced struct {
	Pod *corev1.Pod
	// Workload is what creates it again; nil for a pod that nothing does.
	Workload *cluster.Workload
	Verdict  v1alpha1.PlacementVerdict
	// Known reports whether the profile knows the workload.
	Known bool
	// Homes are the nodes where nothing would be wrong with it, whether or not
	// they have room now, the best first.
	Homes []string

	subject *subject
}

// IsSingle reports whether the workload is away while the pod moves.
func (m Misplaced) IsSingle() bool { return m.Workload.Replicas == 1 }

// Step is the move of one pod; To is the node that is expected to take it: the
// scheduler may choose another one of its Homes.
type Step struct {
	Misplaced
	To string
}

// Group is what is moved at the same time. One pod mostly; more where they hold
// each other's places: then the first one goes first, and comes back last.
type Group []Step

// Refusal is a pod that cannot be moved, why, and the command that mends it where
// there is one.
type Refusal struct {
	Misplaced
	Why, Remedy string
}

// Found is what is to be said of the places of pods, and those that could be moved.
type Found struct {
	Report    *v1alpha1.PlacementReport
	Misplaced []Misplaced

	judge *judge
}

// Find judges as Judge does, and finds the misplaced pods besides.
func Find(in Input) Found {
	j := newJudge(in)
	found := Found{Report: j.result(), judge: j}
	for _, s := range j.pods {
		if s.node == nil || len(s.faults) == 0 || s.isJob || s.out.DaemonSet {
			continue
		}
		m := Misplaced{Pod: s.pod, Workload: s.workload, Verdict: s.out.Verdict, Known: s.owned && j.isKnown(s.owner), Homes: j.current.homes(s), subject: s}
		found.Misplaced = append(found.Misplaced, m)
	}
	return found
}

// Plan puts the moves of some of the misplaced pods into an order in which each
// finds room, and refuses those that find none. All of them are taken to move: for
// all that --relocate moves it is what the report says.
func (f Found) Plan(pods []Misplaced) ([]Group, []Refusal) {
	of := make(map[*subject]Misplaced, len(pods))
	moving := make([]*subject, 0, len(pods))
	for _, m := range pods {
		of[m.subject] = m
		moving = append(moving, m.subject)
	}
	draft := f.judge.draft()
	p := draft.plan(moving)
	groups := make([]Group, 0, len(p.groups))
	for _, turns := range p.groups {
		group := make(Group, 0, len(turns))
		for _, t := range turns {
			group = append(group, Step{Misplaced: of[t.subject], To: t.to().Name})
		}
		groups = append(groups, group)
	}
	refused := make([]Refusal, 0, len(p.stuck))
	for _, s := range p.stuck {
		_, why := draft.rooms(s)
		refused = append(refused, Refusal{Misplaced: of[s], Why: "no room where it belongs: " + why, Remedy: f.judge.uncordon(s, draft)})
	}
	return groups, refused
}

// isKnown reports whether the profile knows a workload, and so that it may be restarted.
func (j *judge) isKnown(owner cluster.Ref) bool {
	return j.Profile.Lookup(profile.Object{Kind: string(owner.Kind), Namespace: owner.Namespace, Name: owner.Name}) != nil
}

// homes are the nodes where nothing would be wrong with a pod, full or not, the
// best first.
func (l *layout) homes(s *subject) []string {
	var homes []*corev1.Node
	for _, node := range l.judge.home(s) {
		if s.mends(node, l) == "" && node.Name != s.node.Name {
			homes = append(homes, node)
		}
	}
	names := make([]string, 0, len(homes))
	for _, node := range l.ranked(s, l.space.For(s.pod), homes) {
		names = append(names, node.Name)
	}
	return names
}
