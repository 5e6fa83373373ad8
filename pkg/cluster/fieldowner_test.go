// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// TestFieldOwners: who set a field, as a server writes the managed fields.
func TestFieldOwners(t *testing.T) {
	at := metav1.Date(2026, 11, 23, 10, 33, 5, 0, time.UTC)
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Time: &at, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	const scaled = `{"f:spec":{"f:replicas":{}}}`
	tests := map[string]struct {
		entries []metav1.ManagedFieldsEntry
		want    []string
	}{
		"nobody tells":         {nil, nil},
		"one":                  {[]metav1.ManagedFieldsEntry{entry("helm", `{"f:spec":{"f:paused":{}}}`), entry("kubectl", scaled)}, []string{"kubectl"}},
		"two that agree":       {[]metav1.ManagedFieldsEntry{entry("flux", scaled), entry("kubectl", scaled)}, []string{"flux", "kubectl"}},
		"too many to be told":  {[]metav1.ManagedFieldsEntry{entry("kubectl", scaled), entry("ancient-changes", scaled)}, nil},
		"no fields":            {[]metav1.ManagedFieldsEntry{{Manager: "kubectl"}}, nil},
		"not what we can read": {[]metav1.ManagedFieldsEntry{entry("kubectl", `[]`), entry("other", "\xff")}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, owner := range cluster.FieldOwners(test.entries, "spec.replicas") {
				got = append(got, owner.Manager)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAnnotationRoom: keys and values count, also those that are not kept in memory.
func TestAnnotationRoom(t *testing.T) {
	if got := cluster.AnnotationRoom(map[string]string{"ab": "cde"}); got != 262_144-5 {
		t.Errorf("got %d", got)
	}
	for _, size := range []int{1000, 250_000} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{
			corev1.LastAppliedConfigAnnotation: strings.Repeat("s", size),
		}}}
		whole := cluster.AnnotationRoom(node.Annotations)
		if _, err := cluster.Trim(node); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(node.Annotations[corev1.LastAppliedConfigAnnotation], "s") {
			t.Errorf("%d bytes: what was applied is kept", size)
		}
		if room := cluster.AnnotationRoom(node.Annotations); size > 200_000 && room != whole {
			t.Errorf("%d bytes: room for %d, want %d", size, room, whole)
		}
	}
}
