// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Blocker is a disruption budget that holds pods on their nodes.
type Blocker struct {
	PDB *policyv1.PodDisruptionBudget
	Verdict
	// Others are the further budgets on the same pods (class Several).
	Others []*policyv1.PodDisruptionBudget
	// Workloads are those behind the pods, by name. Pods without a controller
	// have none.
	Workloads []*cluster.Workload
	// Owner is who looks after the workload, or else after the budget.
	Owner Owner
	// Pods are those that it holds, Nodes where they are, by name.
	Pods  []*corev1.Pod
	Nodes []string

	// culprits are why the disruption controller cannot compute it (class Failed).
	culprits culprits
	drained  map[string]bool
}

// Object is the way findings name the budget.
func (b *Blocker) Object() string { return "pdb/" + b.PDB.Namespace + "/" + b.PDB.Name }

// Blockers finds the disruption budgets that hold pods on the given nodes; nil
// means the whole cluster. They are in the order of their weight, those that no
// waiting opens first, then of their names.
func Blockers(s *cluster.Snapshot, nodes map[string]bool) []Blocker {
	names := nodesOf(s, nodes)
	pods := make([]*corev1.Pod, 0, len(names))
	for _, node := range names {
		pods = append(pods, slices.DeleteFunc(s.PodsOn(node), func(pod *corev1.Pod) bool { return s.IsAgent(pod) || cluster.IsMirror(pod) })...)
	}
	return BlockersOf(s, pods, nodes)
}

// BlockersOf is Blockers for the given pods; drained are the nodes that take no pod, nil
// for none.
func BlockersOf(s *cluster.Snapshot, pods []*corev1.Pod, drained map[string]bool) []Blocker {
	var blockers []Blocker
	for _, group := range heldPods(s, pods) {
		if b, blocks := judge(s, group, drained); blocks {
			blockers = append(blockers, b)
		}
	}
	slices.SortStableFunc(blockers, func(a, b Blocker) int {
		return cmp.Or(cmp.Compare(weight(a), weight(b)), cmp.Compare(a.Object(), b.Object()))
	})
	return blockers
}

// held are pods under the same budgets.
type held struct {
	pdbs []*policyv1.PodDisruptionBudget
	pods []*corev1.Pod
}

// heldPods groups pods by their budgets.
func heldPods(s *cluster.Snapshot, pods []*corev1.Pod) []*held {
	var groups []*held
	byNames := map[string]*held{}
	for _, pod := range pods {
		pdbs := s.PDBsOf(pod)
		if len(pdbs) == 0 || IgnoresBudget(pod) {
			continue
		}
		key := pod.Namespace + "/" + strings.Join(names(pdbs), "/")
		if byNames[key] == nil {
			byNames[key] = &held{pdbs: pdbs}
			groups = append(groups, byNames[key])
		}
		byNames[key].pods = append(byNames[key].pods, pod)
	}
	return groups
}

// nodesOf returns the names of the nodes that are looked at, in order. Pods may
// outlive their node's object, so what pods say counts.
func nodesOf(s *cluster.Snapshot, nodes map[string]bool) []string {
	var names []string
	for _, name := range s.NodesWithPods() {
		if nodes == nil || nodes[name] {
			names = append(names, name)
		}
	}
	return names
}

// judge makes a blocker of a group of pods, unless its budget lets them go.
func judge(s *cluster.Snapshot, group *held, nodes map[string]bool) (Blocker, bool) {
	b := Blocker{PDB: group.pdbs[0], Others: group.pdbs[1:], Pods: group.pods, drained: nodes}
	if len(b.Others) > 0 {
		b.Verdict = severalVerdict(group.pdbs)
	} else {
		b.Verdict = Classify(s, b.PDB)
		// A pod that is not Ready may be free where a healthy one is held.
		b.Pods = slices.DeleteFunc(slices.Clone(b.Pods), func(pod *corev1.Pod) bool { return isFree(b.PDB, pod) })
	}
	if b.Class == Open || len(b.Pods) == 0 {
		return Blocker{}, false
	}
	if b.Class == Failed {
		b.culprits = culpritsOf(s, b.PDB)
		b.Cause += b.culprits.cause()
	}
	b.name(s)
	return b, true
}

// severalVerdict is that of a pod under more than one budget.
func severalVerdict(pdbs []*policyv1.PodDisruptionBudget) Verdict {
	return Verdict{Class: Several, Cause: "its pods are selected by the disruption budgets " + strings.Join(names(pdbs), " and ") + ": the eviction API refuses such pods"}
}

func names(pdbs []*policyv1.PodDisruptionBudget) []string {
	all := make([]string, 0, len(pdbs))
	for _, pdb := range pdbs {
		all = append(all, pdb.Name)
	}
	return all
}

// name fills in what is behind the pods.
func (b *Blocker) name(s *cluster.Snapshot) {
	for _, pod := range b.Pods {
		if !slices.Contains(b.Nodes, pod.Spec.NodeName) {
			b.Nodes = append(b.Nodes, pod.Spec.NodeName)
		}
		ref, owned := s.Owner(pod)
		if w := s.Workload(ref); owned && w != nil && !slices.Contains(b.Workloads, w) {
			b.Workloads = append(b.Workloads, w)
		}
	}
	slices.Sort(b.Nodes)
	slices.SortFunc(b.Workloads, func(x, y *cluster.Workload) int { return cmp.Compare(x.String(), y.String()) })
	for _, w := range b.Workloads {
		if b.Owner.IsZero() {
			b.Owner = OwnerOf(w.Meta)
		}
	}
	if b.Owner.IsZero() {
		b.Owner = OwnerOf(&b.PDB.ObjectMeta)
	}
}

// weight orders blockers: those that no waiting opens come first.
func weight(b Blocker) int {
	order := []Class{PermanentBySpec, PermanentBySize, Several, Failed, Unhealthy, Stale, Transient}
	at := slices.Index(order, b.Class)
	if b.Later {
		at += len(order)
	}
	return at
}
