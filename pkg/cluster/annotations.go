// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// AnnotationRoom is how many bytes of annotations, keys and values together, the
// API server still takes for an object that has these.
func AnnotationRoom(annotations map[string]string) int {
	room := validation.TotalAnnotationSizeLimitB
	for key, value := range annotations {
		room -= len(key) + len(value)
	}
	return room
}

// scarce is the room from which on it may be too little for one of our marks.
const scarce = 64 << 10

// trimAnnotations drops the copy of the object that kubectl apply makes. Where room
// is scarce blanks stand for it, so that AnnotationRoom still tells how much.
func trimAnnotations(annotations map[string]string) {
	applied, found := annotations[corev1.LastAppliedConfigAnnotation]
	switch {
	case !found:
	case AnnotationRoom(annotations) < scarce:
		annotations[corev1.LastAppliedConfigAnnotation] = strings.Repeat(" ", len(applied))
	default:
		delete(annotations, corev1.LastAppliedConfigAnnotation)
	}
}

// isMarked reports whether an object has an annotation of ours.
func isMarked(object metav1.Object) bool {
	for key := range object.GetAnnotations() {
		if strings.HasPrefix(key, v1alpha1.Group+"/") {
			return true
		}
	}
	return false
}

// WithoutAnnotations returns a Snapshot in which nodes, Deployments and StatefulSets
// lack the annotations of ours that are to be dropped.
func (s *Snapshot) WithoutAnnotations(drop func(object runtime.Object, key string) bool) *Snapshot {
	o, did := s.objects, false
	o.Nodes = without(o.Nodes, drop, &did)
	o.Deployments = without(o.Deployments, drop, &did)
	o.StatefulSets = without(o.StatefulSets, drop, &did)
	if !did {
		return s
	}
	other := NewSnapshot(o)
	other.scalers = s.scalers
	return other
}

// without copies what loses an annotation: the watches keep the objects.
func without[T interface {
	runtime.Object
	metav1.Object
}](objects []T, drop func(runtime.Object, string) bool, did *bool) []T {
	kept := slices.Clone(objects)
	for i, object := range objects {
		for key := range object.GetAnnotations() {
			if !strings.HasPrefix(key, v1alpha1.Group+"/") || !drop(object, key) {
				continue
			}
			copied, is := kept[i].DeepCopyObject().(T)
			if !is {
				continue
			}
			delete(copied.GetAnnotations(), key)
			kept[i], *did = copied, true
		}
	}
	return kept
}
