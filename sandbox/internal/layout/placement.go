// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// AnnotationPool in a pod template names the pool that its first pods go to.
const AnnotationPool = stages.Prefix + "pool"

// Placement decides where the first pods of a layout go.
type Placement struct {
	pools map[string][]string
	next  map[types.UID]int
	given map[types.UID]string
}

// NewPlacement sorts nodes into their pools, by name.
func NewPlacement(nodes []corev1.Node) *Placement {
	p := &Placement{
		pools: map[string][]string{},
		next:  map[types.UID]int{},
		given: map[types.UID]string{},
	}
	for i := range nodes {
		if pool := PoolOf(&nodes[i]); pool != "" {
			p.pools[pool] = append(p.pools[pool], nodes[i].Name)
		}
	}
	for _, names := range p.pools {
		slices.Sort(names)
	}
	return p
}

// PoolOf returns the node pool that a node's labels name.
func PoolOf(node *corev1.Node) string {
	return cmp.Or(
		node.Labels["kubernetes.azure.com/agentpool"],
		node.Labels["agentpool"],
		node.Labels["eks.amazonaws.com/nodegroup"],
	)
}

// Node returns the node for a pod, or nothing when the scheduler has to
// decide. The pod with ordinal N of a StatefulSet gets the N-th node of its
// pool, the pods of others get one node after the other.
func (p *Placement) Node(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	if owner != nil && owner.Kind == "DaemonSet" {
		return daemonNode(pod)
	}
	nodes := p.pools[pod.Annotations[AnnotationPool]]
	if len(nodes) == 0 {
		return ""
	}
	if ordinal, err := strconv.Atoi(pod.Labels["apps.kubernetes.io/pod-index"]); err == nil {
		return nodes[ordinal%len(nodes)]
	}
	if node := p.given[pod.UID]; node != "" {
		return node // seen before its binding showed in the list
	}
	uid := pod.UID
	if owner != nil {
		uid = owner.UID
	}
	node := nodes[p.next[uid]%len(nodes)]
	p.next[uid]++
	p.given[pod.UID] = node
	return node
}

// check reports the first workload that names a pool without nodes.
func (p *Placement) check(objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		pool := templateAnnotation(object, AnnotationPool)
		if pool != "" && len(p.pools[pool]) == 0 {
			return fmt.Errorf("%s wants the pool %q, which has no nodes", title(object), pool)
		}
	}
	return nil
}

// daemonNode reads the node from the affinity that the DaemonSet controller
// gives to each of its pods.
func daemonNode(pod *corev1.Pod) string {
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil {
		return ""
	}
	required := affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return ""
	}
	for _, term := range required.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == metav1.ObjectNameField && len(field.Values) == 1 {
				return field.Values[0]
			}
		}
	}
	return ""
}

// templateAnnotation returns an annotation of a workload's pods.
func templateAnnotation(object *unstructured.Unstructured, name string) string {
	if object.GetKind() == "Pod" {
		return object.GetAnnotations()[name]
	}
	annotations, _, _ := unstructured.NestedStringMap(object.Object, "spec", "template", "metadata", "annotations")
	return annotations[name]
}
