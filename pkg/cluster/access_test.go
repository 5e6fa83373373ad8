// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"slices"
	"sync"
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
	got, err := cluster.Denied(t.Context(), client.AuthorizationV1(), wanted)
	if diff := cmp.Diff([]registry.Access{wanted[1], wanted[4]}, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	if got, err := cluster.Denied(t.Context(), client.AuthorizationV1(), nil); len(got) != 0 || err != nil {
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
	got, err := cluster.Denied(t.Context(), client.AuthorizationV1(),
		[]registry.Access{{Verb: "list", Resource: "pods"}, {Verb: "list", Resource: "nodes"}, {Verb: "patch", Resource: "nodes"}})
	if got != nil || !errors.Is(err, lost) {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestDeniedAsksWhatRulesDoNotGive: a rule for all objects saves a question, one for
// named objects does not.
func TestDeniedAsksWhatRulesDoNotGive(t *testing.T) {
	var asked []string
	var mu sync.Mutex
	client := reviewer(func(a *authorizationv1.ResourceAttributes) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, a.Verb+" "+a.Resource+"/"+a.Subresource)
		return false, nil
	})
	client.PrependReactor("create", "selfsubjectrulesreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SelfSubjectRulesReview{Status: authorizationv1.SubjectRulesReviewStatus{Incomplete: true, ResourceRules: []authorizationv1.ResourceRule{
			{Verbs: []string{"list", "watch"}, APIGroups: []string{"", "apps"}, Resources: []string{"*"}},
			{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"pods/eviction"}},
			{Verbs: []string{"patch"}, APIGroups: []string{""}, Resources: []string{"nodes"}, ResourceNames: []string{"one"}},
		}}}, nil
	})
	wanted := []registry.Access{
		{Verb: "list", Resource: "pods"},
		{Verb: "watch", Group: "apps", Resource: "deployments"},
		{Verb: "list", Group: "policy", Resource: "poddisruptionbudgets"},
		{Verb: "create", Resource: "pods", Subresource: "eviction"},
		{Verb: "create", Resource: "pods"},
		{Verb: "patch", Resource: "nodes"},
	}
	got, err := cluster.Denied(t.Context(), client.AuthorizationV1(), wanted)
	if diff := cmp.Diff([]registry.Access{wanted[2], wanted[4], wanted[5]}, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	slices.Sort(asked)
	if diff := cmp.Diff([]string{"create pods/", "list poddisruptionbudgets/", "patch nodes/"}, asked); diff != "" {
		t.Errorf("asked one by one, -want +got:\n%s", diff)
	}
}
