// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// rightsServer knows nodes, pods, evictions, leases and Deployments. It gives the
// right to list nodes by a rule, and answers each question by its resource.
func rightsServer(answer func(*authorizationv1.SelfSubjectAccessReview) error) *fake.Clientset {
	client := fake.NewClientset()
	client.Resources = []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "nodes"}, {Name: "pods"}, {Name: "pods/eviction"}}},
		{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{{Name: "deployments"}}},
		{GroupVersion: "coordination.k8s.io/v1", APIResources: []metav1.APIResource{{Name: "leases"}}},
	}
	client.PrependReactor("create", "selfsubjectrulesreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authorizationv1.SelfSubjectRulesReview{Status: authorizationv1.SubjectRulesReviewStatus{Incomplete: true, ResourceRules: []authorizationv1.ResourceRule{
			{Verbs: []string{"list"}, APIGroups: []string{""}, Resources: []string{"nodes"}},
			{Verbs: []string{"get"}, APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"lock"}},
		}}}, nil
	})
	client.PrependReactor("create", "selfsubjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
		review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		return true, review, answer(review)
	})
	return client
}

func TestCheckRights(t *testing.T) {
	client := rightsServer(func(review *authorizationv1.SelfSubjectAccessReview) error {
		switch a := review.Spec.ResourceAttributes; {
		case a.Subresource == "eviction":
			review.Status = authorizationv1.SubjectAccessReviewStatus{Allowed: true, Reason: "by a role"}
		case a.Resource == "pods":
			review.Status = authorizationv1.SubjectAccessReviewStatus{EvaluationError: "the webhook is away"}
		case a.Resource == "deployments":
			return apierrors.NewInternalError(errors.New("broken"))
		case a.Resource == "leases" && a.Name == "other":
			review.Status = authorizationv1.SubjectAccessReviewStatus{Denied: true, EvaluationError: "one of two is away", Reason: "no"}
		case a.Resource == "nodes" && a.Verb == "list", a.Resource == "leases" && a.Name == "lock":
			t.Errorf("asked for %+v, which the rules give", a)
		}
		return nil
	})
	all := []v1alpha1.Right{
		{Verb: "list", Resource: "nodes"},
		{Verb: "patch", Resource: "nodes"},
		{Verb: "create", Resource: "pods/eviction"},
		{Verb: "list", Resource: "pods"},
		{Verb: "list", Group: "apps", Resource: "deployments"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: "lock", Namespace: "kube-system"},
		{Verb: "get", Group: "coordination.k8s.io", Resource: "leases", Name: "other", Namespace: "kube-system"},
		{Verb: "list", Group: "policy", Resource: "poddisruptionbudgets"},
		{Verb: "list", Resource: "secrets"},
	}
	if err := cluster.CheckRights(t.Context(), client.AuthorizationV1(), client.Discovery(), all); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, string(r.State)+" "+r.Reason)
	}
	want := []string{
		"Allowed ", "Denied ", "Allowed by a role", "Unknown the webhook is away", "Unknown Internal error occurred: broken",
		"Allowed ", "Denied no", "NotApplicable the server does not have poddisruptionbudgets.policy", "NotApplicable the server does not have secrets",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCheckRightsUnanswered: a server that does not answer is no state of a right.
func TestCheckRightsUnanswered(t *testing.T) {
	lost := errors.New("connection lost")
	client := rightsServer(func(*authorizationv1.SelfSubjectAccessReview) error { return lost })
	err := cluster.CheckRights(t.Context(), client.AuthorizationV1(), client.Discovery(), []v1alpha1.Right{{Verb: "patch", Resource: "nodes"}})
	if !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}
