// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// nowhere is a name that no namespace can have: the rules in it are those of every
// namespace.
const nowhere = "."

// Denied returns the rights that the current user lacks, in the order in which they
// were asked for. One request reads the rules that the server knows of the user; as
// these need not be all (the authorizers of clouds list none), each right that they
// do not give is asked for by itself, at the same time. The server's answer is that
// of its authorizer: an admission plugin may still refuse.
func Denied(ctx context.Context, client authorizationclient.AuthorizationV1Interface, wanted []registry.Access) ([]registry.Access, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	rules := rulesOf(ctx, client.SelfSubjectRulesReviews())
	allowed := make([]bool, len(wanted))
	var group errgroup.Group
	for i, access := range wanted {
		if allowed[i] = rules.give(access); allowed[i] {
			continue
		}
		group.Go(func() (err error) {
			allowed[i], err = isAllowed(ctx, client.SelfSubjectAccessReviews(), access)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("checking the rights of the current user: %w", err)
	}
	var denied []registry.Access
	for i, access := range wanted {
		if !allowed[i] {
			denied = append(denied, access)
		}
	}
	return denied, nil
}

// rules are those of a user in every namespace.
type rules []authorizationv1.ResourceRule

// rulesOf reads the rules of the current user; none where that fails, then each
// right is asked for.
func rulesOf(ctx context.Context, client authorizationclient.SelfSubjectRulesReviewInterface) rules {
	review, err := client.Create(ctx, &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: nowhere},
	}, metav1.CreateOptions{})
	if err != nil {
		return nil
	}
	return review.Status.ResourceRules
}

// give reports whether a rule gives a right. One that is for named objects gives
// none on all.
func (r rules) give(a registry.Access) bool {
	return slices.ContainsFunc(r, func(rule authorizationv1.ResourceRule) bool {
		isFor := len(rule.ResourceNames) == 0 || a.Name != "" && slices.Contains(rule.ResourceNames, a.Name)
		return isFor && has(rule.Verbs, a.Verb) && has(rule.APIGroups, a.Group) && has(rule.Resources, a.Path())
	})
}

func has(values []string, wanted string) bool {
	return slices.Contains(values, "*") || slices.Contains(values, wanted)
}

func isAllowed(ctx context.Context, client authorizationclient.SelfSubjectAccessReviewInterface, a registry.Access) (bool, error) {
	review, err := client.Create(ctx, reviewOf(a), metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
