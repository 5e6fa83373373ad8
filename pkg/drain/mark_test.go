// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// cordonedNode is a node with our cordon, and with who has set it last.
func cordonedNode(mark, manager string) *corev1.Node {
	node := fixture.Node("old-0", fixture.Pool("aks", "old"))
	node.UID, node.Spec.Unschedulable = "u1", true
	node.Annotations = map[string]string{CordonAnnotation: mark}
	if manager != "" {
		node.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:unschedulable":{}}}`)}}
	}
	return node
}

// TestMarkOf: a cordon is ours only by a mark that was written for this very node, and
// as long as nobody else has set it since.
func TestMarkOf(t *testing.T) {
	tests := map[string]struct {
		node *corev1.Node
		want bool
	}{
		"ours":                        {cordonedNode(`{"by":"a@b","uid":"u1"}`, FieldManager), true},
		"of an older version":         {cordonedNode(`{"by":"a@b"}`, FieldManager), true},
		"nobody tells who has set it": {cordonedNode(`{"by":"a@b"}`, ""), true},
		"set again by somebody else":  {cordonedNode(`{"by":"a@b","uid":"u1"}`, "kubectl"), false},
		"of another node":             {cordonedNode(`{"by":"a@b","uid":"u2"}`, FieldManager), false},
		"cut":                         {cordonedNode(`{"by":"a`, FieldManager), false},
		"of nobody":                   {cordonedNode(`{}`, FieldManager), false},
		"no mark":                     {fixture.Node("old-0"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, got := MarkOf(test.node); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestUncordonLooksAgain: somebody sets a cordon of their own in the moment before ours
// is given back. It stays; only our mark goes.
func TestUncordonLooksAgain(t *testing.T) {
	const mark = `{"by":"a@b","uid":"u1"}`
	client := fake.NewClientset(cordonedNode(mark, "kubectl"))
	overtaken := false
	client.PrependReactor("patch", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		if overtaken {
			return false, nil, nil
		}
		overtaken = true
		return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "nodes"}, "old-0", errors.New("changed"))
	})
	cordoner := Cordoner{Nodes: client.CoreV1().Nodes()}
	ours := func(n *corev1.Node) bool {
		_, is := MarkOf(n)
		return is
	}
	if err := cordoner.Uncordon(t.Context(), cordonedNode(mark, FieldManager), ours); err != nil {
		t.Fatal(err)
	}
	node, err := client.CoreV1().Nodes().Get(t.Context(), "old-0", metav1.GetOptions{})
	if err != nil || !node.Spec.Unschedulable || node.Annotations[CordonAnnotation] != "" {
		t.Errorf("%v, unschedulable %t, %v", err, node.Spec.Unschedulable, node.Annotations)
	}
}

// TestNoRoom: the limit of the API server is of keys and values together.
func TestNoRoom(t *testing.T) {
	for room, want := range map[int]bool{MarkRoom: false, MarkRoom - 1: true, -5: true} {
		f, full := NoRoom("node/a", "node a", map[string]string{"big": strings.Repeat("x", 262_144-len("big")-room)}, MarkRoom)
		if full != want {
			t.Errorf("room for %d: got %t", room, full)
		}
		if full && (!strings.Contains(f.Message, "the largest is big") || !strings.HasPrefix(f.Remedy, "kubectl annotate node a big-")) {
			t.Errorf("%+v", f)
		}
	}
}
