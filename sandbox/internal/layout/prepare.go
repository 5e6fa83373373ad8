// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fakeNode is the annotation by which kwok knows its nodes.
const fakeNode = "kwok.x-k8s.io/node"

// Prepare completes the nodes: they get kwok's annotation, and a size when
// they have none.
func Prepare(objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		if object.GetKind() != "Node" || object.GetAPIVersion() != "v1" {
			continue
		}
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		if annotations[fakeNode] == "" {
			annotations[fakeNode] = "fake"
			object.SetAnnotations(annotations)
		}
		if err := sizeNode(object); err != nil {
			return fmt.Errorf("node %s: %w", object.GetName(), err)
		}
		labels := object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		if labels["kubernetes.io/hostname"] == "" {
			labels["kubernetes.io/hostname"] = object.GetName()
			object.SetLabels(labels)
		}
	}
	return nil
}

func sizeNode(node *unstructured.Unstructured) error {
	capacity, _, err := unstructured.NestedMap(node.Object, "status", "capacity")
	if err != nil {
		return fmt.Errorf("read the capacity: %w", err)
	}
	allocatable, _, err := unstructured.NestedMap(node.Object, "status", "allocatable")
	if err != nil {
		return fmt.Errorf("read the allocatable: %w", err)
	}
	if len(capacity) == 0 {
		capacity = allocatable
	}
	if len(capacity) == 0 {
		capacity = map[string]any{"cpu": "4", "memory": "16Gi", "pods": "110"}
	}
	if len(allocatable) == 0 {
		allocatable = capacity
	}
	if err := unstructured.SetNestedMap(node.Object, capacity, "status", "capacity"); err != nil {
		return fmt.Errorf("set the capacity: %w", err)
	}
	if err := unstructured.SetNestedMap(node.Object, allocatable, "status", "allocatable"); err != nil {
		return fmt.Errorf("set the allocatable: %w", err)
	}
	return nil
}

// ranks order the kinds: what others refer to comes first.
func rank(kind string) int {
	order := [][]string{
		{"CustomResourceDefinition"},
		{"Namespace"},
		{
			"PriorityClass", "StorageClass", "CSIDriver", "ServiceAccount", "ConfigMap", "Secret",
			"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
		},
		{"Node"},
		{"PersistentVolume"},
		{"PersistentVolumeClaim"},
		{"Service", "PodDisruptionBudget"},
		{"CronJob"},
		{"StatefulSet"},
		{"Deployment", "DaemonSet", "ReplicaSet", "Job", "Pod"},
	}
	for i, kinds := range order {
		if slices.Contains(kinds, kind) {
			return i
		}
	}
	return len(order)
}

// Sort puts objects into the order of their creation; the order within one
// kind stays.
func Sort(objects []*unstructured.Unstructured) {
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Compare(rank(a.GetKind()), rank(b.GetKind()))
	})
}
