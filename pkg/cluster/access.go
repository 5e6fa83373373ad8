// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// Denied asks the API server for each right at the same time and returns those
// that the current user lacks, in the order in which they were asked for. The
// server's answer is that of its authorizer: an admission plugin may still
// refuse.
func Denied(ctx context.Context, client authorizationclient.SelfSubjectAccessReviewInterface, wanted []registry.Access) ([]registry.Access, error) {
	allowed := make([]bool, len(wanted))
	errs := make(chan error)
	for i, access := range wanted {
		go func() {
			var err error
			allowed[i], err = isAllowed(ctx, client, access)
			errs <- err
		}()
	}
	var failed error
	for range wanted {
		if err := <-errs; err != nil && failed == nil {
			failed = err
		}
	}
	if failed != nil {
		return nil, fmt.Errorf("checking the rights of the current user: %w", failed)
	}
	var denied []registry.Access
	for i, access := range wanted {
		if !allowed[i] {
			denied = append(denied, access)
		}
	}
	return denied, nil
}

func isAllowed(ctx context.Context, client authorizationclient.SelfSubjectAccessReviewInterface, a registry.Access) (bool, error) {
	review, err := client.Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace,
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
