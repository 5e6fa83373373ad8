// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func TestPrepareCompletesNodes(t *testing.T) {
	objects, err := Decode([]byte(`
{apiVersion: v1, kind: Node, metadata: {name: bare}}
---
{apiVersion: v1, kind: Node, metadata: {name: sized, annotations: {kwok.x-k8s.io/node: mine}}, status: {allocatable: {cpu: "8"}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := Prepare(objects); err != nil {
		t.Fatal(err)
	}
	cpu := func(object *unstructured.Unstructured, field string) string {
		value, _, _ := unstructured.NestedString(object.Object, "status", field, "cpu")
		return value
	}
	if objects[0].GetAnnotations()[fakeNode] != "fake" || objects[1].GetAnnotations()[fakeNode] != "mine" {
		t.Error("kwok's annotation is wrong")
	}
	if cpu(objects[0], "capacity") != "4" || cpu(objects[0], "allocatable") != "4" || cpu(objects[1], "capacity") != "8" {
		t.Error("the sizes are wrong")
	}
	if objects[0].GetLabels()["kubernetes.io/hostname"] != "bare" {
		t.Error("the hostname is missing")
	}
}

func TestSortPutsDependenciesFirst(t *testing.T) {
	kinds := []string{"Pod", "Widget", "StatefulSet", "Job", "CronJob", "PodDisruptionBudget", "PersistentVolumeClaim", "PersistentVolume", "Node", "StorageClass", "Namespace", "CustomResourceDefinition"}
	var objects []*unstructured.Unstructured
	for _, kind := range kinds {
		object := &unstructured.Unstructured{}
		object.SetKind(kind)
		objects = append(objects, object)
	}
	Sort(objects)
	want := []string{"CustomResourceDefinition", "Namespace", "StorageClass", "Node", "PersistentVolume", "PersistentVolumeClaim", "PodDisruptionBudget", "CronJob", "StatefulSet", "Pod", "Job", "Widget"}
	for i, object := range objects {
		if object.GetKind() != want[i] {
			t.Errorf("place %d is %s, want %s", i, object.GetKind(), want[i])
		}
	}
}

func TestPlacement(t *testing.T) {
	node := func(name, label, pool string) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: pool}}}
	}
	placement := NewPlacement([]corev1.Node{
		node("b2", "agentpool", "blue"), node("b1", "agentpool", "blue"), node("r1", "eks.amazonaws.com/nodegroup", "red"),
	})
	pod := func(uid, ordinal, pool string) *corev1.Pod {
		controller := true
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			UID: types.UID(uid), Annotations: map[string]string{AnnotationPool: pool},
			OwnerReferences: []metav1.OwnerReference{{UID: "set", Kind: "ReplicaSet", Controller: &controller}},
		}}
		if ordinal != "" {
			p.Labels = map[string]string{"apps.kubernetes.io/pod-index": ordinal}
		}
		return p
	}
	for _, c := range []struct {
		pod  *corev1.Pod
		want string
	}{
		{pod("s1", "1", "blue"), "b2"},
		{pod("s0", "0", "blue"), "b1"},
		{pod("s2", "2", "blue"), "b1"},
		{pod("d1", "", "blue"), "b1"},
		{pod("d1", "", "blue"), "b1"}, // asked again before its binding shows
		{pod("d2", "", "blue"), "b2"},
		{pod("d3", "", "blue"), "b1"},
		{pod("x", "", "red"), "r1"},
		{pod("y", "", "green"), ""},
		{pod("z", "", ""), ""},
	} {
		if got := placement.Node(c.pod); got != c.want {
			t.Errorf("pod %s goes to %q, want %q", c.pod.UID, got, c.want)
		}
	}
}

func TestPlacementOfDaemons(t *testing.T) {
	controller := true
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Controller: &controller}}}}
	if got := NewPlacement(nil).Node(pod); got != "" {
		t.Errorf("without affinity it goes to %q", got)
	}
	pod.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"n7"}}},
		}}},
	}}
	if got := NewPlacement(nil).Node(pod); got != "n7" {
		t.Errorf("it goes to %q", got)
	}
}
