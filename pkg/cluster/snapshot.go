// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster reads: it is the only package that lists and watches. What
// it reads is a Snapshot, a plain value that the judging packages work on.
package cluster

import (
	"cmp"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Objects are the objects that a Snapshot is made of.
type Objects struct {
	Nodes        []*corev1.Node
	Pods         []*corev1.Pod
	PDBs         []*policyv1.PodDisruptionBudget
	Deployments  []*appsv1.Deployment
	ReplicaSets  []*appsv1.ReplicaSet
	StatefulSets []*appsv1.StatefulSet
	DaemonSets   []*appsv1.DaemonSet
}

// Snapshot is the state of a cluster at one moment, indexed for the questions
// that we ask of it. It is never changed after it is made.
type Snapshot struct {
	// Nodes and PDBs are in the order of their names.
	Nodes []*corev1.Node
	PDBs  []*policyv1.PodDisruptionBudget

	objects    Objects
	pods       map[types.NamespacedName]*corev1.Pod
	byNode     map[string][]*corev1.Pod
	workloads  map[types.UID]*Workload
	parents    map[types.UID]Ref // ReplicaSet → its owner
	daemonSets map[types.UID]bool
	selectors  map[string][]selector // by namespace
	scalers    map[scaled]*autoscalingv2.HorizontalPodAutoscaler
	jobs       Jobs
	failures   map[types.UID]string // workload → see CreationFailure
}

// selector is a disruption budget with its label selector, parsed once.
type selector struct {
	pdb *policyv1.PodDisruptionBudget
	labels.Selector
}

// NewSnapshot indexes objects. It keeps the objects, not copies of them.
func NewSnapshot(o Objects) *Snapshot {
	s := &Snapshot{
		objects:    o,
		Nodes:      sorted(o.Nodes),
		PDBs:       sorted(o.PDBs),
		pods:       make(map[types.NamespacedName]*corev1.Pod, len(o.Pods)),
		byNode:     map[string][]*corev1.Pod{},
		workloads:  map[types.UID]*Workload{},
		parents:    map[types.UID]Ref{},
		daemonSets: map[types.UID]bool{},
		selectors:  map[string][]selector{},
		failures:   map[types.UID]string{},
	}
	s.indexOwners(o)
	s.indexPDBs()
	for _, pod := range o.Pods {
		s.addPod(pod)
	}
	return s
}

// WithPods returns a Snapshot with other pods, for a reading past the watches.
func (s *Snapshot) WithPods(pods []*corev1.Pod) *Snapshot {
	o := s.objects
	o.Pods = pods
	other := NewSnapshot(o)
	other.scalers, other.jobs = s.scalers, s.jobs
	return other
}

func (s *Snapshot) indexOwners(o Objects) {
	for _, d := range o.Deployments {
		s.workloads[d.UID] = fromDeployment(d)
	}
	for _, set := range o.StatefulSets {
		s.workloads[set.UID] = fromStatefulSet(set)
	}
	for _, set := range o.DaemonSets {
		s.daemonSets[set.UID] = true
	}
	for _, set := range o.ReplicaSets {
		top := set.UID
		if owner, ok := ownerOf(set); ok {
			s.parents[set.UID], top = owner, owner.UID
		} else {
			s.workloads[set.UID] = fromReplicaSet(set)
		}
		if message := creationFailure(set); message != "" {
			s.failures[top] = message
		}
	}
}

// indexPDBs parses the selectors as the eviction API does: in policy/v1 an
// empty selector matches every pod of the namespace, an absent one none
// (pkg/registry/core/pod/storage/eviction.go of Kubernetes). The server accepts
// no selector that does not parse.
func (s *Snapshot) indexPDBs() {
	for _, pdb := range s.PDBs {
		parsed, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err != nil {
			parsed = labels.Nothing()
		}
		s.selectors[pdb.Namespace] = append(s.selectors[pdb.Namespace], selector{pdb, parsed})
	}
}

func (s *Snapshot) addPod(pod *corev1.Pod) {
	s.pods[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}] = pod
	if pod.Spec.NodeName != "" {
		s.byNode[pod.Spec.NodeName] = append(s.byNode[pod.Spec.NodeName], pod)
	}
	ref, owned := s.topOwner(pod)
	if !owned || IsFinished(pod) {
		return
	}
	w := s.workloads[ref.UID]
	if w == nil {
		w = &Workload{Ref: ref}
		s.workloads[ref.UID] = w
	}
	w.Pods = append(w.Pods, pod)
	if !w.Scaled {
		w.Replicas++
	}
}

// topOwner walks from a pod to its controller, and from a ReplicaSet on to the
// Deployment (or whatever else owns it).
func (s *Snapshot) topOwner(pod *corev1.Pod) (Ref, bool) {
	ref, ok := ownerOf(pod)
	if !ok {
		return Ref{}, false
	}
	if parent, has := s.parents[ref.UID]; has {
		return parent, true
	}
	return ref, true
}

// Owner returns the workload that a pod belongs to, finished pods included;
// false for a pod without a controller.
func (s *Snapshot) Owner(pod *corev1.Pod) (Ref, bool) {
	return s.topOwner(pod)
}

// Workload returns a workload by its reference, or nil where it does not exist. An
// owner of a kind that the suite does not read is known by its pods only: without
// any it is taken to be there still.
func (s *Snapshot) Workload(ref Ref) *Workload {
	if w := s.workloads[ref.UID]; w != nil || ref.Kind.Group() == "" {
		return w
	}
	return &Workload{Ref: ref}
}

// OwnerByUID returns the workload that is, or stands above, the owner of pods with
// this uid; nil for none.
func (s *Snapshot) OwnerByUID(uid types.UID) *Workload {
	if parent, has := s.parents[uid]; has {
		uid = parent.UID
	}
	return s.workloads[uid]
}

// FindWorkload returns a workload by kind, as Kind writes it (without a group it is
// one of Kubernetes' own), namespace and name, or nil. Where it was deleted and
// made again, pods may still belong to the former one; the one that exists is
// returned.
func (s *Snapshot) FindWorkload(kind, namespace, name string) *Workload {
	var found *Workload
	for _, w := range s.workloads {
		if string(w.Kind) == kind && w.Namespace == namespace && w.Name == name && (found == nil || w.Scaled) {
			found = w
		}
	}
	return found
}

// Workloads returns all workloads in the order of their names.
func (s *Snapshot) Workloads() []*Workload {
	all := make([]*Workload, 0, len(s.workloads))
	for _, w := range s.workloads {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *Workload) int {
		return cmp.Or(cmp.Compare(a.String(), b.String()), cmp.Compare(a.UID, b.UID))
	})
	return all
}

// Pod returns a pod by name, or nil.
func (s *Snapshot) Pod(namespace, name string) *corev1.Pod {
	return s.pods[types.NamespacedName{Namespace: namespace, Name: name}]
}

// PodsOn returns the pods on a node in the order of their names.
func (s *Snapshot) PodsOn(node string) []*corev1.Pod { return sorted(s.byNode[node]) }

// NodesWithPods returns the names of the nodes that pods are on, in order. A
// pod may outlive the object of its node.
func (s *Snapshot) NodesWithPods() []string { return slices.Sorted(maps.Keys(s.byNode)) }

// Node returns a node by name, or nil.
func (s *Snapshot) Node(name string) *corev1.Node {
	i, found := slices.BinarySearchFunc(s.Nodes, name, func(n *corev1.Node, name string) int {
		return cmp.Compare(n.Name, name)
	})
	if !found {
		return nil
	}
	return s.Nodes[i]
}

// Pods returns all pods in the order of their namespaces and names.
func (s *Snapshot) Pods() []*corev1.Pod { return sorted(s.objects.Pods) }

// Deployments returns all Deployments in the order of their namespaces and names.
func (s *Snapshot) Deployments() []*appsv1.Deployment { return sorted(s.objects.Deployments) }

// StatefulSets returns all StatefulSets in the order of their namespaces and names.
func (s *Snapshot) StatefulSets() []*appsv1.StatefulSet { return sorted(s.objects.StatefulSets) }

// DaemonSets returns all DaemonSets in the order of their namespaces and names.
func (s *Snapshot) DaemonSets() []*appsv1.DaemonSet { return sorted(s.objects.DaemonSets) }

// HasDaemonSet reports whether the DaemonSet with this uid exists.
func (s *Snapshot) HasDaemonSet(uid types.UID) bool { return s.daemonSets[uid] }

// PDBsIn returns the disruption budgets of a namespace in the order of their
// names.
func (s *Snapshot) PDBsIn(namespace string) []*policyv1.PodDisruptionBudget {
	pdbs := make([]*policyv1.PodDisruptionBudget, 0, len(s.selectors[namespace]))
	for _, sel := range s.selectors[namespace] {
		pdbs = append(pdbs, sel.pdb)
	}
	return pdbs
}

// PDBsOf returns the disruption budgets that select a pod.
func (s *Snapshot) PDBsOf(pod *corev1.Pod) []*policyv1.PodDisruptionBudget {
	var matching []*policyv1.PodDisruptionBudget
	for _, sel := range s.selectors[pod.Namespace] {
		if sel.Matches(labels.Set(pod.Labels)) {
			matching = append(matching, sel.pdb)
		}
	}
	return matching
}

// PodsOf returns the unfinished pods that a disruption budget selects, in the
// order of their names.
func (s *Snapshot) PodsOf(pdb *policyv1.PodDisruptionBudget) []*corev1.Pod {
	var matching []*corev1.Pod
	for _, sel := range s.selectors[pdb.Namespace] {
		if sel.pdb.Name != pdb.Name { // not the pointer: pdb may be of an older Snapshot
			continue
		}
		for _, pod := range s.pods {
			if pod.Namespace == pdb.Namespace && !IsFinished(pod) && sel.Matches(labels.Set(pod.Labels)) {
				matching = append(matching, pod)
			}
		}
	}
	return sorted(matching)
}

// sorted orders objects by namespace and name without touching the argument.
func sorted[T metav1.Object](objects []T) []T {
	out := slices.Clone(objects)
	slices.SortFunc(out, func(a, b T) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return out
}
