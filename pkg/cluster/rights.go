// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// rightsAtOnce is how many questions are asked at the same time.
const rightsAtOnce = 20

// CheckRights writes the state of each right down. What the server does not have
// needs no right. One request reads the rules that the server knows of the user; each
// right that they do not give is asked for by itself, and what the authorizer says of
// it is kept. An error means that the server did not answer at all.
func CheckRights(ctx context.Context, client authorizationclient.AuthorizationV1Interface, server discovery.DiscoveryInterface, rights []v1alpha1.Right) error {
	known, err := servedBy(ctx, server)
	if err != nil {
		return err
	}
	rules := rulesOf(ctx, client.SelfSubjectRulesReviews())
	group, asking := errgroup.WithContext(ctx)
	group.SetLimit(rightsAtOnce)
	for i := range rights {
		r := &rights[i]
		switch {
		case !known.has(r.Group, r.Resource):
			r.State, r.Reason = v1alpha1.RightNotApplicable, "the server does not have "+schema.GroupResource{Group: r.Group, Resource: r.Resource}.String()
		case rules.give(accessOf(r)):
			r.State = v1alpha1.RightAllowed
		default:
			group.Go(func() (err error) {
				r.State, r.Reason, err = ask(asking, client.SelfSubjectAccessReviews(), accessOf(r))
				return err
			})
		}
	}
	return group.Wait()
}

func accessOf(r *v1alpha1.Right) registry.Access {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	return registry.Access{Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: sub, Namespace: r.Namespace, Name: r.Name}
}

// served is what an API server has.
type served struct {
	resources map[schema.GroupResource]bool
	// failed are the API groups that another server answers for, and it does not.
	failed map[string]bool
}

// servedBy asks a server what it has.
func servedBy(ctx context.Context, server discovery.DiscoveryInterface) (served, error) {
	s := served{resources: map[schema.GroupResource]bool{}, failed: map[string]bool{}}
	_, lists, err := discovery.ToDiscoveryInterfaceWithContext(server).ServerGroupsAndResourcesWithContext(ctx)
	failed, partly := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partly {
		return s, fmt.Errorf("asking the API server for its APIs: %w", err)
	}
	for gv := range failed {
		s.failed[gv.Group] = true
	}
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return s, fmt.Errorf("reading the APIs of the API server: %w", err)
		}
		for i := range list.APIResources {
			s.resources[schema.GroupResource{Group: gv.Group, Resource: list.APIResources[i].Name}] = true
		}
	}
	return s, nil
}

// has reports whether the server has a resource, or may have it.
func (s served) has(group, resource string) bool {
	return s.failed[group] || s.resources[schema.GroupResource{Group: group, Resource: resource}]
}

// ask asks for one right. An answer that is neither a yes nor a no is none.
func ask(ctx context.Context, client authorizationclient.SelfSubjectAccessReviewInterface, a registry.Access) (v1alpha1.RightState, string, error) {
	review, err := client.Create(ctx, reviewOf(a), metav1.CreateOptions{})
	status := apierrors.APIStatus(nil)
	switch {
	case errors.As(err, &status):
		return v1alpha1.RightUnknown, err.Error(), nil
	case err != nil:
		return "", "", fmt.Errorf("asking for the right to %s: %w", a, err)
	case review.Status.Allowed:
		return v1alpha1.RightAllowed, review.Status.Reason, nil
	case review.Status.EvaluationError != "" && !review.Status.Denied:
		return v1alpha1.RightUnknown, review.Status.EvaluationError, nil
	}
	return v1alpha1.RightDenied, review.Status.Reason, nil
}

func reviewOf(a registry.Access) *authorizationv1.SelfSubjectAccessReview {
	return &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace, Name: a.Name,
		}},
	}
}
