// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// reviewer answers each SelfSubjectAccessReview by a rule.
func reviewer(allows func(*authorizationv1.ResourceAttributes) (bool, error)) *fake.Clientset {
	client := fake.NewClientset()
	client.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		var err error
		review.Status.Allowed, err = allows(review.Spec.ResourceAttributes)
		return true, review, err
	})
	return client
}

func TestDenied(t *testing.T) {
	wanted := []registry.Access{
		{Verb: "list", Resource: "pods"},
		{Verb: "create", Resource: "pods", Subresource: "eviction"},
		{Verb: "list", Group: "apps", Resource: "deployments"},
		{Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-system"},
		{Verb: "patch", Resource: "nodes"},
	}
	// A user who may look at everything, and lock.
	client := reviewer(func(a *authorizationv1.ResourceAttributes) (bool, error) {
		return a.Verb == "list" && a.Subresource == "" || a.Resource == "leases" && a.Namespace == "kube-system" && a.Group == "coordination.k8s.io", nil
	})
	got, err := cluster.Denied(t.Context(), client.AuthorizationV1().SelfSubjectAccessReviews(), wanted)
	if diff := cmp.Diff([]registry.Access{wanted[1], wanted[4]}, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	if got, err := cluster.Denied(t.Context(), client.AuthorizationV1().SelfSubjectAccessReviews(), nil); len(got) != 0 || err != nil {
		t.Errorf("no rights wanted: got %v, %v", got, err)
	}
}

// An answer that did not come is no permission.
func TestDeniedFailsWhenOneAnswerIsMissing(t *testing.T) {
	lost := errors.New("connection lost")
	client := reviewer(func(a *authorizationv1.ResourceAttributes) (bool, error) {
		if a.Resource == "nodes" {
			return true, lost
		}
		return true, nil
	})
	got, err := cluster.Denied(t.Context(), client.AuthorizationV1().SelfSubjectAccessReviews(),
		[]registry.Access{{Verb: "list", Resource: "pods"}, {Verb: "list", Resource: "nodes"}, {Verb: "patch", Resource: "nodes"}})
	if got != nil || !errors.Is(err, lost) {
		t.Errorf("got %v, %v", got, err)
	}
}
