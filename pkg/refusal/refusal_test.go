// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package refusal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text    string
		want    refusal.Refusal
		unknown bool
		told    string
		command string
	}{
		"RBAC": {
			text: `pods "a" is forbidden: User "night@bastion" cannot create resource "pods/eviction" in API group "" in the namespace "app"`,
			want: refusal.Refusal{By: refusal.Authorizer, Sentence: `User "night@bastion" cannot create resource "pods/eviction" in API group "" in the namespace "app"`},
		},
		"a webhook of the authorizer, with its reason": {
			text: `pods "a" is forbidden: User "x" cannot create resource "pods/eviction" in API group "" in the namespace "app": User does not have access in Azure`,
			want: refusal.Refusal{By: refusal.Authorizer, Sentence: `User "x" cannot create resource "pods/eviction" in API group "" in the namespace "app": User does not have access in Azure`},
		},
		"a policy": {
			text: `pods "a" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'guard-all' denied request: the operator rolls it`,
			want: refusal.Refusal{By: refusal.Policy, Kind: "ValidatingAdmissionPolicy", Name: "guard", Sentence: "the operator rolls it"},
			told: "denied by ValidatingAdmissionPolicy guard: the operator rolls it", command: "kubectl get validatingadmissionpolicy guard -o yaml",
		},
		"a policy without a binding": {
			text: `pods "a" is forbidden: ValidatingAdmissionPolicy 'guard' denied request: no`,
			want: refusal.Refusal{By: refusal.Policy, Kind: "ValidatingAdmissionPolicy", Name: "guard", Sentence: "no"},
		},
		"a policy that changes": {
			text: `pods "a" is forbidden: policy 'guard' with binding 'b' denied request: no params found`,
			want: refusal.Refusal{By: refusal.Policy, Name: "guard", Sentence: "no params found"},
			told: "denied by MutatingAdmissionPolicy guard: no params found", command: "kubectl get mutatingadmissionpolicy guard -o yaml",
		},
		"a webhook": {
			text: "admission webhook \"drain.strimzi.io\" denied the request: The pod will be rolled\n by the operator",
			want: refusal.Refusal{By: refusal.Webhook, Name: "drain.strimzi.io", Sentence: "The pod will be rolled by the operator"},
			told: "denied by the admission webhook drain.strimzi.io: The pod will be rolled by the operator",
		},
		"a webhook that says nothing": {
			text: `admission webhook "w" denied the request without explanation`,
			want: refusal.Refusal{By: refusal.Webhook, Name: "w", Sentence: "without explanation"},
		},
		"a webhook that quotes RBAC": {
			text: `admission webhook "w" denied the request: pods "a" is forbidden: User "op" cannot delete resource "pods"`,
			want: refusal.Refusal{By: refusal.Webhook, Name: "w", Sentence: `pods "a" is forbidden: User "op" cannot delete resource "pods"`},
		},
		"a webhook that cannot be asked in a dry run": {
			text: `admission webhook "w" does not support dry run`,
			want: refusal.Refusal{By: refusal.Webhook, Name: "w", Sentence: "does not support dry run"},
		},
		"a webhook that is down": {
			text: `Internal error occurred: failed calling webhook "w": failed to call webhook: Post "https://w.app.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused`,
			want: refusal.Refusal{By: refusal.WebhookDown, Name: "w", Sentence: `failed to call webhook: Post "https://w.app.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused`},
			told: `the admission webhook w does not answer: failed to call webhook: Post "https://w.app.svc:443/?timeout=10s": dial tcp 10.0.0.1:443: connect: connection refused`,
		},
		"a quota, in a condition of a ReplicaSet": {
			text: `pods "web-5d-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3`,
			want: refusal.Refusal{By: refusal.Quota, Name: "small", Sentence: "exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3"},
			told: "exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3", command: "kubectl describe resourcequota -n app small",
		},
		"a quota that wants limits, in an event of a StatefulSet": {
			text: `create Pod db-1 in StatefulSet db failed error: pods "db-1" is forbidden: failed quota: small: must specify limits.cpu for: db`,
			want: refusal.Refusal{By: refusal.Quota, Name: "small", Sentence: "failed quota: small: must specify limits.cpu for: db"},
		},
		"a limit range": {
			text:    `Error creating: pods "x" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]`,
			want:    refusal.Refusal{By: refusal.Limits, Sentence: "[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]"},
			command: "kubectl describe limitrange -n app",
		},
		"pod security": {
			text:    `pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`,
			want:    refusal.Refusal{By: refusal.PodSecurity, Sentence: `violates PodSecurity "restricted:latest": runAsNonRoot != true`},
			command: "kubectl get namespace app --show-labels",
		},
		"no such account": {
			text:    `pods "x" is forbidden: error looking up service account app/web: serviceaccount "web" not found`,
			want:    refusal.Refusal{By: refusal.Account, Sentence: `error looking up service account app/web: serviceaccount "web" not found`},
			command: "kubectl get serviceaccounts -n app",
		},
		"a plugin that nobody knows": {text: `pods "x" is forbidden: not on a Sunday`, want: refusal.Refusal{Sentence: "not on a Sunday"}, unknown: true, told: "not on a Sunday"},
		"no refusal at all":          {text: "connection reset by peer", want: refusal.Refusal{Sentence: "connection reset by peer"}, unknown: true},
		"nothing":                    {unknown: true, told: "no reason is given"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, known := refusal.Parse(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" || known == tt.unknown {
				t.Errorf("known %v; -want +got:\n%s", known, diff)
			}
			if tt.told != "" && got.String() != tt.told {
				t.Errorf("told as %q", got)
			}
			if tt.command != "" && got.Command("app") != tt.command {
				t.Errorf("command %q", got.Command("app"))
			}
			if strings.Contains(got.String(), "\n") {
				t.Errorf("more than one line: %q", got)
			}
		})
	}
}

// TestOf: only answers of the API server refuse; every 403 does.
func TestOf(t *testing.T) {
	answer := func(code int32, message string) error {
		return fmt.Errorf("evicting: %w", &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: message}})
	}
	for name, tt := range map[string]struct {
		err              error
		refuses, granted bool
	}{
		"nothing":                    {},
		"a broken connection":        {err: errors.New(`admission webhook "w" denied the request: no`)},
		"a webhook with 500":         {err: answer(500, `admission webhook "w" denied the request: no`), refuses: true, granted: true},
		"a webhook with 404":         {err: answer(404, `admission webhook "w" denied the request: no`), refuses: true, granted: true},
		"RBAC":                       {err: answer(403, `pods "a" is forbidden: User "x" cannot create resource "pods/eviction"`), refuses: true},
		"a 403 of nobody knows whom": {err: answer(403, "no"), refuses: true, granted: true},
		"a 500 of the server itself": {err: answer(500, "etcdserver: leader changed")},
	} {
		t.Run(name, func(t *testing.T) {
			r, refuses := refusal.Of(tt.err)
			if refuses != tt.refuses || refuses && r.ByAdmission() != tt.granted {
				t.Errorf("got %v (refuses: %v)", r, refuses)
			}
		})
	}
}
