// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestClassify(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	withCause := func(err *apierrors.StatusError, cause metav1.CauseType, message string) error {
		if err.ErrStatus.Details == nil {
			err.ErrStatus.Details = &metav1.StatusDetails{}
		}
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: cause, Message: message}}
		return err
	}
	plain500 := &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: 500,
		Message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
	}}
	answer := func(code, after int32, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: message, Details: &metav1.StatusDetails{RetryAfterSeconds: after}}}
	}
	const webhook = `admission webhook "w" denied the request: rolls`
	tests := map[string]struct {
		err   error
		want  reaction
		after time.Duration
		cause string
	}{
		"accepted":           {nil, done, 0, ""},
		"gone":               {apierrors.NewNotFound(pods, "a"), awaitWatch, 0, "gone already"},
		"another UID":        {apierrors.NewConflict(pods, "a", errors.New("uid")), awaitWatch, 0, ""},
		"budget":             {withCause(apierrors.NewTooManyRequests("no", 0), policyv1.DisruptionBudgetCause, "needs 2, has 2"), awaitBudget, 0, "needs 2, has 2"},
		"negative budget":    {withCause(apierrors.NewForbidden(pods, "a", errors.New("negative")), policyv1.DisruptionBudgetCause, "negative"), awaitBudget, 0, "negative"},
		"busy":               {apierrors.NewTooManyRequests("slow down", 7), retryLater, 7 * time.Second, "busy"},
		"namespace ends":     {withCause(apierrors.NewForbidden(pods, "a", errors.New("x")), corev1.NamespaceTerminatingCause, ""), retryLater, 0, "being deleted"},
		"two budgets":        {plain500, giveUp, 0, "more than one"},
		"internal error":     {apierrors.NewInternalError(errors.New("etcd leader changed")), retryLater, 0, "etcd"},
		"time-out with hint": {apierrors.NewTimeoutError("conflicts", 10), retryLater, 10 * time.Second, ""},
		"unavailable":        {apierrors.NewServiceUnavailable("starting"), retryLater, 0, ""},
		"no right":           {apierrors.NewForbidden(pods, "a", errors.New(`User "x" cannot create resource "pods/eviction"`)), giveUp, 0, "cannot create"},
		"a policy":           {apierrors.NewForbidden(pods, "a", errors.New("ValidatingAdmissionPolicy 'guard' with binding 'b' denied request: wait")), retryLater, 0, "denied by ValidatingAdmissionPolicy guard: wait"},
		"a policy, Invalid":  {answer(422, 0, `pods "a" is forbidden: ValidatingAdmissionPolicy 'guard' denied request: wait`), retryLater, 0, "ValidatingAdmissionPolicy guard: wait"},
		"a plugin":           {apierrors.NewForbidden(pods, "a", errors.New("not on a Sunday")), retryLater, 0, "not on a Sunday"},
		"a webhook":          {answer(500, 0, webhook), retryLater, 0, "the admission webhook w: rolls"},
		"a webhook, 404":     {answer(404, 0, webhook), retryLater, 0, "the admission webhook w: rolls"},
		"a webhook, 409":     {answer(409, 0, webhook), retryLater, 0, "the admission webhook w: rolls"},
		"a busy webhook":     {answer(429, 3, webhook), retryLater, 3 * time.Second, "the admission webhook w: rolls"},
		"a webhook is down":  {apierrors.NewInternalError(errors.New(`failed calling webhook "w": refused`)), retryLater, 0, "the admission webhook w does not answer: refused"},
		"unauthorized":       {apierrors.NewUnauthorized("expired"), retryLater, 0, "credentials"},
		"bad request":        {apierrors.NewBadRequest("grace"), giveUp, 0, "grace"},
		"too early":          {apierrors.NewGenericServerResponse(http.StatusRequestTimeout, "create", pods, "a", "", 0, true), retryLater, 0, ""},
		"refused":            {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), retryLater, 2 * time.Second, "refused"},
		"reset":              {fmt.Errorf("read: %w", syscall.ECONNRESET), retryLater, 2 * time.Second, "reset"},
		"certificate":        {errors.New("x509: certificate signed by unknown authority"), retryLater, 2 * time.Second, "x509"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := classify(tt.err)
			if got.reaction != tt.want || got.after != tt.after {
				t.Errorf("%+v, want reaction %d after %s", got, tt.want, tt.after)
			}
			// Admission comes before the server touches a pod: nothing is in doubt.
			if got.denial != nil && got.doubtful {
				t.Errorf("denied, and may have been evicted: %+v", got)
			}
			if !strings.Contains(got.cause, tt.cause) {
				t.Errorf("cause %q, want %q in it", got.cause, tt.cause)
			}
		})
	}
}
