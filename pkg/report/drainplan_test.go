// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// TestDrainPlanHeadline: what moves, what is deleted and what stays are all the pods
// that the nodes and the waves show.
func TestDrainPlanHeadline(t *testing.T) {
	pods := []v1alpha1.PodRef{{Namespace: "app", Name: "db-0"}, {Namespace: "app", Name: "backup-1"}, {Namespace: "app", Name: "backup-2"}}
	for finished, want := range map[int]string{
		0: "3 pods to move in 1 wave, 5 pods to stay (",
		2: "1 pod to move in 1 wave, 2 finished pods to delete, 5 pods to stay (",
	} {
		r := &v1alpha1.DrainReport{Plan: v1alpha1.DrainPlan{Provider: "aks", Waves: []v1alpha1.Wave{{Pods: pods}}, Finished: finished, Stay: 5}}
		r.Name = "grafananp"
		var out strings.Builder
		if err := DrainPlan(&out, r, Style{}, false); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%d finished, %v:\n%s", finished, err, out.String())
		}
	}
}

// TestWavesOfLongNames: a name that is longer than a line stands on the first one.
func TestWavesOfLongNames(t *testing.T) {
	long := strings.Repeat("p", 253)
	var out strings.Builder
	printWaves(&out, &v1alpha1.DrainPlan{Waves: []v1alpha1.Wave{{Pods: []v1alpha1.PodRef{{Namespace: "app", Name: long}, {Namespace: "app", Name: "web-0"}}}}})
	_, waves, _ := strings.Cut(out.String(), "\n")
	if want := "  1  app/" + long + "\n     app/web-0\n"; waves != want {
		t.Errorf("%q, want %q", waves, want)
	}
}
