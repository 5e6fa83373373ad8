// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"

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
	// they have room now, the best first: by its preferred node affinity, then
	// the least full.
	Homes []string
}

// Find judges as Judge does, and returns the misplaced pods besides.
func Find(in Input) (*v1alpha1.PlacementReport, []Misplaced) {
	j := newJudge(in)
	var all []Misplaced
	for _, s := range j.pods {
		if s.node == nil || len(s.faults) == 0 || s.isJob || s.out.DaemonSet {
			continue
		}
		m := Misplaced{Pod: s.pod, Verdict: s.out.Verdict, Homes: j.homesOf(s)}
		if s.owned {
			m.Workload = in.Snapshot.Workload(s.owner)
			m.Known = j.isKnown(s.owner)
		}
		all = append(all, m)
	}
	return j.result(), all
}

// isKnown reports whether the profile knows a workload, and so that it may be restarted.
func (j *judge) isKnown(owner cluster.Ref) bool {
	return j.Profile.Lookup(profile.Object{Kind: string(owner.Kind), Namespace: owner.Namespace, Name: owner.Name}) != nil
}

// homesOf are the nodes where nothing would be wrong with a pod.
func (j *judge) homesOf(s *subject) []string {
	candidate := j.space.For(s.pod)
	var homes []*corev1.Node
	for _, node := range j.home(s) {
		if s.mends(node) == "" && node.Name != s.node.Name {
			homes = append(homes, node)
		}
	}
	slices.SortStableFunc(homes, func(a, b *corev1.Node) int {
		return cmp.Or(cmp.Compare(candidate.Score(b), candidate.Score(a)), cmp.Compare(j.space.fullness(a), j.space.fullness(b)))
	})
	j.apartFirst(s, homes)
	names := make([]string, 0, len(homes))
	for _, node := range homes {
		names = append(names, node.Name)
	}
	return names
}

// Fit returns a function that says why a pod does not fit on a node of a cluster;
// empty when it does. It may be asked by one goroutine, and is quick for questions
// about one cluster and one pod that follow each other.
func Fit(volumes *cluster.Volumes) func(s *cluster.Snapshot, pod *corev1.Pod, node string) string {
	var last *cluster.Snapshot
	var space *Space
	var candidate *Candidate
	return func(s *cluster.Snapshot, pod *corev1.Pod, name string) string {
		if s != last {
			last, space, candidate = s, NewSpace(s, volumes), nil
		}
		if candidate == nil || candidate.pod != pod {
			candidate = space.For(pod)
		}
		node := s.Node(name)
		if node == nil {
			return "gone"
		}
		return candidate.WhyNot(node)
	}
}
