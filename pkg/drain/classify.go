// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// reaction is what the engine does about the answer to an eviction.
type reaction int

const (
	// done: the pod is on its way out, or was gone.
	done reaction = iota
	// awaitWatch: the pod's own watch will show what became of it.
	awaitWatch
	// awaitBudget: the budget's watch will show when it may go.
	awaitBudget
	// retryLater: ask again after a pause.
	retryLater
	// giveUp: asking again cannot help.
	giveUp
)

// verdict is a reaction with its pause and its cause in words.
type verdict struct {
	reaction reaction
	// after is the least pause before the next request; 0 leaves it to the
	// back-off.
	after time.Duration
	cause string
	// doubtful: the pod may have been evicted all the same. Until the watch or
	// another answer tells, it counts as away.
	doubtful bool
	// denial is who refused it, where that was admission; nil otherwise.
	denial *refusal.Refusal
}

// strayPatience is how long a pod is not asked for again after its request got no
// answer. The request may be on its way to the server still, and the watches,
// which broke with it and tell what became of the pod, are back within this time:
// client-go's reflectors begin anew after 0.8 to 1.6 seconds.
const strayPatience = 2 * time.Second

// severalBudgetsMessage is how the eviction API refuses a pod under two budgets:
// a bare status with code 500 and no reason.
const severalBudgetsMessage = "more than one PodDisruptionBudget"

// classify is the one place that says what an answer to an eviction means. The
// answers are those of pkg/registry/core/pod/storage/eviction.go (Kubernetes
// 1.37), of admission, and of the API server's filters in front of it.
func classify(err error) verdict {
	r, refused := refusal.Of(err)
	switch {
	case err == nil:
		return verdict{reaction: done}
	case refused && r.ByAdmission() && r.By != refusal.Unnamed:
		// Whatever code it chose: it is asked before the server touches the pod.
		return denied(err, r)
	case apierrors.IsNotFound(err):
		// Somebody else deleted it, or its node went.
		return verdict{reaction: awaitWatch, cause: "gone already", doubtful: true}
	case apierrors.IsConflict(err):
		// Our UID precondition: a successor has the name now. Or the pod changed
		// under the server's hands. The watch knows which.
		return verdict{reaction: awaitWatch, cause: err.Error(), doubtful: true}
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		// The namespace is being deleted, its pods with it.
		return verdict{reaction: retryLater, cause: "its namespace is being deleted"}
	case apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause):
		// 429 while the budget allows nothing; 403 while it is negative or its
		// list of disrupted pods is full: both end with a change of the budget.
		return verdict{reaction: awaitBudget, cause: budgetCause(err)}
	case apierrors.IsUnauthorized(err):
		// A token that has just run out: the next request brings a new one, where
		// a credential plugin makes them. Else the time-out of the pod ends it.
		return verdict{reaction: retryLater, cause: "the API server does not accept the credentials"}
	case apierrors.IsTooManyRequests(err):
		// Priority and fairness, or a pod that changed while it was judged.
		return verdict{reaction: retryLater, after: retryAfter(err), cause: "the API server is busy"}
	case strings.Contains(err.Error(), severalBudgetsMessage):
		return verdict{reaction: giveUp, cause: err.Error()}
	case refused && r.ByAdmission():
		// Not in the authorizer's words, and the right was there when we began.
		return denied(err, r)
	}
	return classifyStatus(err)
}

// denied is asked again: who refuses by admission may let it go later. Operators
// that roll their pods by themselves when somebody asks for an eviction, as drain
// cleaners have them do, refuse each of them until the pod is gone.
func denied(err error, r refusal.Refusal) verdict {
	return verdict{reaction: retryLater, after: retryAfter(err), cause: r.String(), denial: &r}
}

// classifyStatus judges by the HTTP status alone; an error without one comes
// from the way there: refused and reset connections, time-outs, a restarting
// server's TLS. In both cases the server may have evicted the pod before the
// answer was lost.
func classifyStatus(err error) verdict {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return verdict{reaction: retryLater, after: strayPatience, cause: err.Error(), doubtful: true}
	}
	switch code := status.Status().Code; {
	case code >= http.StatusInternalServerError, code == http.StatusRequestTimeout:
		return verdict{reaction: retryLater, after: retryAfter(err), cause: err.Error(), doubtful: true}
	default:
		return verdict{reaction: giveUp, cause: err.Error()}
	}
}

// Explain says in one sentence why an eviction or a watch failed.
func Explain(err error) string { return classify(err).cause }

// budgetCause returns the server's sentence about the budget, which is in the
// causes and not in the message. Its wording varies between versions.
func budgetCause(err error) string {
	status := apierrors.APIStatus(nil)
	if errors.As(err, &status) && status.Status().Details != nil {
		for _, cause := range status.Status().Details.Causes {
			if cause.Type == policyv1.DisruptionBudgetCause {
				return cause.Message
			}
		}
	}
	return err.Error()
}

func retryAfter(err error) time.Duration {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	return time.Duration(seconds) * time.Second
}

// evictionOptions are the preconditions under which a pod goes: this very pod,
// never its successor under the same name.
func evictionOptions(pod *corev1.Pod, grace *int64) *metav1.DeleteOptions {
	return &metav1.DeleteOptions{
		GracePeriodSeconds: grace,
		Preconditions:      &metav1.Preconditions{UID: &pod.UID},
	}
}
