// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package refusal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// TestRefusals: an answer about one object is told from trouble that concerns all, and
// whoever has refused is named.
func TestRefusals(t *testing.T) {
	web := schema.GroupResource{Group: "apps", Resource: "deployments"}
	forbidden := func(words string) error {
		return fmt.Errorf("changing deployment/app/web: %w", apierrors.NewForbidden(web, "web", errors.New(words)))
	}
	const webhooks = "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o 'custom-columns=KIND:.kind,NAME:.metadata.name,WEBHOOKS:.webhooks[*].name,SERVICE:.webhooks[*].clientConfig.service.name'"
	const again = ", then run the same command again"
	tests := map[string]struct {
		err    error
		is     bool
		remedy string
	}{
		"a policy": {
			forbidden("ValidatingAdmissionPolicy 'freeze' with binding 'all' denied request: replicas are frozen"), true,
			"kubectl get validatingadmissionpolicy freeze -o yaml # have it let this change pass" + again,
		},
		"a webhook": {
			forbidden(`admission webhook "scale.example.com" denied the request: no`), true,
			webhooks + " # find scale.example.com and have it let this change pass" + again,
		},
		"a webhook that is down": {
			apierrors.NewInternalError(errors.New(`failed calling webhook "scale.example.com": connection refused`)), true,
			webhooks + " # find scale.example.com and have it let this change pass" + again,
		},
		"a webhook that says it by another code": {
			&apierrors.StatusError{ErrStatus: metav1.Status{Code: 429, Reason: metav1.StatusReasonTooManyRequests, Message: `admission webhook "scale.example.com" denied the request: later`}}, true,
			webhooks + " # find scale.example.com and have it let this change pass" + again,
		},
		"a quota":                {forbidden("exceeded quota: small, requested: pods=1, used: pods=9, limited: pods=9"), true, "kubectl describe resourcequota -n app small # make room in it" + again},
		"a right":                {forbidden(`User "u" cannot patch resource "deployments"`), true, "kubectl vantiq-upgrade rbac # prints the role to ask for" + again},
		"a value":                {apierrors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "web", nil), true, "mend what the API server names" + again},
		"changed all the time":   {apierrors.NewConflict(web, "web", errors.New("modified")), true, "mend what the API server names" + again},
		"another value":          {fmt.Errorf("x: %w", &refusal.OverruledError{Object: "o", Field: "f", Wanted: "0", Got: "1"}), true, "mend what the API server names" + again},
		"not known any more":     {err: apierrors.NewUnauthorized("token")},
		"busy":                   {err: apierrors.NewTooManyRequests("busy", 1)},
		"its store is away":      {err: apierrors.NewInternalError(errors.New("etcdserver: request timed out"))},
		"going down":             {err: apierrors.NewServiceUnavailable("shutting down")},
		"no answer":              {err: errors.New("connection refused")},
		"interrupted":            {err: context.Canceled},
		"nothing has been wrong": {},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := refusal.Is(test.err); got != test.is {
				t.Errorf("is a refusal: %t, want %t", got, test.is)
			}
			if test.is && refusal.Remedy(test.err, "app") != test.remedy {
				t.Errorf("remedy %s\nwant   %s", refusal.Remedy(test.err, "app"), test.remedy)
			}
		})
	}
	if got := refusal.Sentence(forbidden("no")); got != `deployments.apps "web" is forbidden: no` {
		t.Errorf("sentence %q", got)
	}
}

// TestSentence is bounded: of a value that it cannot decode the API server quotes the
// whole object. What it is about, and why, stay.
func TestSentence(t *testing.T) {
	err := apierrors.NewBadRequest("deployment web is invalid: " + strings.Repeat("x", 5000) + ": cannot unmarshal number")
	got := refusal.Sentence(err)
	if len(got) > 700 || !strings.HasPrefix(got, "deployment web is invalid") || !strings.HasSuffix(got, "cannot unmarshal number") {
		t.Errorf("%d characters: %s", len(got), got)
	}
}
