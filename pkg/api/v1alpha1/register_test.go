// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Every result is an API object: printers find its kind in the scheme, and it
// says what it is in any output.
func TestResultsAreAPIObjects(t *testing.T) {
	results := map[string]runtime.Object{
		"DrainReport":    &v1alpha1.DrainReport{TypeMeta: v1alpha1.TypeMeta("DrainReport")},
		"DrainEvent":     &v1alpha1.DrainEvent{TypeMeta: v1alpha1.TypeMeta("DrainEvent"), Object: &v1alpha1.EventObject{Kind: "Pod"}, Ready: new(2)},
		"UncordonReport": &v1alpha1.UncordonReport{TypeMeta: v1alpha1.TypeMeta("UncordonReport")},
		"PoolList":       &v1alpha1.PoolList{TypeMeta: v1alpha1.TypeMeta("PoolList"), Items: []v1alpha1.Pool{{Nodes: []string{"n1"}}}},
		"Pool":           &v1alpha1.Pool{TypeMeta: v1alpha1.TypeMeta("Pool")},
		"Version":        &v1alpha1.Version{TypeMeta: v1alpha1.TypeMeta("Version")},
	}
	scheme := v1alpha1.NewScheme()
	for kind, object := range results {
		kinds, _, err := scheme.ObjectKinds(object)
		if err != nil || kinds[0] != v1alpha1.GroupVersion().WithKind(kind) {
			t.Errorf("%s: the scheme has %v, %v", kind, kinds, err)
		}
		data, err := json.Marshal(object.DeepCopyObject())
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ APIVersion, Kind string }
		if err := json.Unmarshal(data, &got); err != nil || got.APIVersion != "upgrade.vantiq.com/v1alpha1" || got.Kind != kind {
			t.Errorf("%s: got %s, %v", kind, data, err)
		}
		if diff := cmp.Diff(object, object.DeepCopyObject()); diff != "" {
			t.Errorf("%s: the copy differs:\n%s", kind, diff)
		}
	}
}
