// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
)

// IsAgent reports whether a pod belongs to its node: its controller runs one on
// each node and puts it back there at once, cordon or not. That is a pod of a
// DaemonSet that exists, or of a kind called DaemonSet in another group. A kind of
// another name is known by what the DaemonSet controller gives its own pods: they
// are bound to one node by its name, and tolerate its cordon.
//
// Owners of kinds that the suite does not read are taken to exist: the garbage
// collector deletes pods whose owner is gone.
func (s *Snapshot) IsAgent(pod *corev1.Pod) bool {
	owner, owned := ownerOf(pod)
	switch {
	case !owned:
		return false
	case owner.Kind == KindDaemonSet:
		return s.HasDaemonSet(owner.UID)
	case owner.Kind.Group() == "":
		return false
	}
	return owner.Kind.Name() == KindDaemonSet.Name() || isBoundToItsNode(pod) && toleratesCordon(pod)
}

// isBoundToItsNode reports whether a pod's required affinity names the node that it
// is on, and no other.
func isBoundToItsNode(pod *corev1.Pod) bool {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	elsewhere := func(term corev1.NodeSelectorTerm) bool {
		return !slices.ContainsFunc(term.MatchFields, func(r corev1.NodeSelectorRequirement) bool {
			return r.Key == metav1.ObjectNameField && r.Operator == corev1.NodeSelectorOpIn && slices.Equal(r.Values, []string{pod.Spec.NodeName})
		})
	}
	return len(terms) > 0 && !slices.ContainsFunc(terms, elsewhere) // one of the terms is enough
}

func toleratesCordon(pod *corev1.Pod) bool {
	cordon := &corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}
	return slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
		return t.ToleratesTaint(klog.Background(), cordon, false)
	})
}
