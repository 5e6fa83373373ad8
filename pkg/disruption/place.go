// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	resourcehelpers "k8s.io/component-helpers/resource"
	schedulinghelpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// noPlaceFor says why no node can take one pod more of the kind of pod; empty
// when one can, as far as pods and nodes tell. It asks what keeps a node out for
// certain; the scheduler asks for more.
func (b *Blocker) noPlaceFor(s *cluster.Snapshot, pod *corev1.Pod) string {
	var reasons []string
	times := map[string]int{}
	for _, node := range s.Nodes {
		reason := "to be drained"
		if !b.drained[node.Name] {
			reason = whyNotOn(s, node, pod)
		}
		if reason == "" {
			return ""
		}
		if times[reason] == 0 {
			reasons = append(reasons, reason)
		}
		times[reason]++
	}
	slices.Sort(reasons)
	for i, reason := range reasons {
		reasons[i] = fmt.Sprintf("%d %s", times[reason], reason)
	}
	return strings.TrimSuffix("no node is free for one more replica: "+strings.Join(reasons, ", "), ": ")
}

// whyNotOn says what keeps a pod from a node; empty when nothing does.
func whyNotOn(s *cluster.Snapshot, node *corev1.Node, pod *corev1.Pod) string {
	matches, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node)
	_, tainted := schedulinghelpers.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, pod.Spec.Tolerations, keepsOut, false)
	switch {
	case err != nil || !matches:
		return "not of its node affinity"
	case node.Spec.Unschedulable:
		return "cordoned"
	case !cluster.IsNodeReady(node):
		return "not Ready"
	case tainted:
		return "with a taint that it does not tolerate"
	case isRepelled(s, node, pod):
		return "kept free of it by its anti-affinity"
	case !fits(s, node, pod):
		return "too full"
	}
	return ""
}

// keepsOut selects the taints that keep a new pod from a node.
func keepsOut(taint *corev1.Taint) bool { return taint.Effect != corev1.TaintEffectPreferNoSchedule }

// isRepelled reports whether a pod on the node is one that the pod's own required
// anti-affinity keeps away from its node.
func isRepelled(s *cluster.Snapshot, node *corev1.Node, pod *corev1.Pod) bool {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return false
	}
	for _, term := range pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
		if term.TopologyKey != corev1.LabelHostname || err != nil {
			continue
		}
		for _, other := range s.PodsOn(node.Name) {
			if !cluster.IsFinished(other) && reaches(term, pod, other) && selector.Matches(labels.Set(other.Labels)) {
				return true
			}
		}
	}
	return false
}

// reaches reports whether a term looks at the namespace of another pod. The
// labels of namespaces are not read, so that a selector over them, unless it is
// the empty one for all, counts as none.
func reaches(term corev1.PodAffinityTerm, pod, other *corev1.Pod) bool {
	if n := term.NamespaceSelector; n != nil && len(n.MatchLabels)+len(n.MatchExpressions) == 0 {
		return true
	}
	if len(term.Namespaces) == 0 {
		return term.NamespaceSelector == nil && other.Namespace == pod.Namespace
	}
	return slices.Contains(term.Namespaces, other.Namespace)
}

// fits reports whether a node has what a pod requests left. A resource that the
// node does not report is not asked for.
func fits(s *cluster.Snapshot, node *corev1.Node, pod *corev1.Pod) bool {
	left := node.Status.Allocatable.DeepCopy()
	for _, other := range s.PodsOn(node.Name) {
		if cluster.IsFinished(other) {
			continue
		}
		for name, quantity := range requests(other) {
			if have, reported := left[name]; reported {
				have.Sub(quantity)
				left[name] = have
			}
		}
	}
	for name, quantity := range requests(pod) {
		if have, reported := left[name]; reported && quantity.Cmp(have) > 0 {
			return false
		}
	}
	return true
}

// requests is what a pod takes of a node, its place among the pods included.
func requests(pod *corev1.Pod) corev1.ResourceList {
	list := resourcehelpers.PodRequests(pod, resourcehelpers.PodResourcesOptions{})
	list[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return list
}
