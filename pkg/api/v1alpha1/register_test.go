// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		"PauseReport": &v1alpha1.PauseReport{
			TypeMeta: v1alpha1.TypeMeta("PauseReport"),
			Blockers: []v1alpha1.Blocker{{PDB: "b", Others: []string{"c"}, Workloads: []v1alpha1.BlockedWorkload{{Name: "w"}}, Owner: &v1alpha1.Owner{Kind: "Helm"}, Pods: []string{"p"}, Nodes: []string{"n"}}},
			Paused:   []v1alpha1.PausedField{{Before: []byte("1"), After: []byte(`"50%"`), Expires: new(metav1.Unix(1, 0))}},
			Findings: []v1alpha1.Finding{{Code: "VU-303"}},
		},
		"RestoreReport": &v1alpha1.RestoreReport{
			TypeMeta: v1alpha1.TypeMeta("RestoreReport"),
			Restored: []v1alpha1.RestoredField{{From: []byte("0"), To: []byte("null")}},
		},
		"StatusReport": &v1alpha1.StatusReport{
			TypeMeta: v1alpha1.TypeMeta("StatusReport"),
			Lock:     &v1alpha1.LockStatus{Since: new(metav1.Unix(1, 0))},
			Runs:     []v1alpha1.RunStatus{{ID: "r", Ended: new(metav1.Unix(2, 0))}},
			Changes:  []v1alpha1.ChangeStatus{{Before: []byte("1"), After: []byte("0"), Now: []byte("2"), Expires: new(metav1.Unix(3, 0))}},
		},
		"PoolList":        &v1alpha1.PoolList{TypeMeta: v1alpha1.TypeMeta("PoolList"), Items: []v1alpha1.Pool{{Nodes: []string{"n1"}}}},
		"Pool":            &v1alpha1.Pool{TypeMeta: v1alpha1.TypeMeta("Pool")},
		"FindingCode":     &v1alpha1.FindingCode{TypeMeta: v1alpha1.TypeMeta("FindingCode")},
		"FindingCodeList": &v1alpha1.FindingCodeList{TypeMeta: v1alpha1.TypeMeta("FindingCodeList"), Items: []v1alpha1.FindingCode{{}}},
		"Failure":         &v1alpha1.Failure{TypeMeta: v1alpha1.TypeMeta("Failure"), Lock: &v1alpha1.LockStatus{Since: new(metav1.Unix(1, 0))}},
		"ResumeReport":    &v1alpha1.ResumeReport{TypeMeta: v1alpha1.TypeMeta("ResumeReport"), Run: &v1alpha1.RunStatus{Ended: new(metav1.Unix(2, 0))}},
		"Version":         &v1alpha1.Version{TypeMeta: v1alpha1.TypeMeta("Version")},
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

// Values stand in a result as they are, not as text.
func TestValuesAreJSON(t *testing.T) {
	data, err := json.Marshal(v1alpha1.PausedField{Before: json.RawMessage(`"50%"`), After: json.RawMessage("1")})
	if want := `"before":"50%","after":1,`; err != nil || !strings.Contains(string(data), want) {
		t.Errorf("got %s, %v", data, err)
	}
	// A field without a value must not be an error.
	if data, err := json.Marshal(v1alpha1.RestoredField{}); err != nil || !strings.Contains(string(data), `"from":null,"to":null`) {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestObjectRef(t *testing.T) {
	for want, o := range map[string]v1alpha1.ObjectRef{
		"deployment/shared/telegraf-prom": {APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"},
		"node/n1":                         {APIVersion: "v1", Kind: "Node", Name: "n1"},
	} {
		if o.String() != want {
			t.Errorf("got %s, want %s", o, want)
		}
	}
}
