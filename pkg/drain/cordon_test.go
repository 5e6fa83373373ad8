// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestCordonWhoseAnswerWasLost is known again as our own.
func TestCordonWhoseAnswerWasLost(t *testing.T) {
	node := fixture.Node("old-0", fixture.Pool("aks", "old"))
	client := fake.NewClientset(node.DeepCopy())
	lost := true
	client.PrependReactor("patch", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !lost {
			return false, nil, nil
		}
		lost = false
		live := node.DeepCopy()
		live.Spec.Unschedulable = true
		live.Annotations = map[string]string{CordonAnnotation: `{"by":"a@b","at":"2026-01-02T15:04:05Z","pool":"old"}`}
		if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("nodes"), live, ""); err != nil {
			t.Error(err)
		}
		return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "nodes"}, node.Name, errors.New("changed"))
	})
	cordoner := Cordoner{Nodes: client.CoreV1().Nodes()}
	did, err := cordoner.Cordon(t.Context(), node, Mark{By: "a@b", At: fixture.Epoch(), Pool: "old"})
	if err != nil || !did {
		t.Errorf("did %v, %v", did, err)
	}
}
