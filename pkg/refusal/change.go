// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package refusal

import (
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// OverruledError says that the API server took a change and wrote another value:
// a mutating admission webhook or policy wants it otherwise.
type OverruledError struct {
	Object, Field string
	// Wanted and Got are values as JSON.
	Wanted, Got string
}

// Error implements error.
func (e *OverruledError) Error() string {
	return fmt.Sprintf("the API server set %s of %s to %s, not to %s: an admission webhook changes it", e.Field, e.Object, e.Got, e.Wanted)
}

// Is reports whether an error is an answer that stands and that is about one object
// only: asking once more does not help before something is mended, and another object
// may be answered otherwise, so that the rest of a batch is still tried. A server that
// is away, or does not know the user, concerns every change. Admission may choose any
// code for its No.
func Is(err error) bool {
	if _, overruled := errors.AsType[*OverruledError](err); overruled {
		return true
	}
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return false
	}
	if r, known := Of(err); known && r.By != Unnamed {
		return true
	}
	switch code := status.Status().Code; code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

// Sentence is what the API server says, in its own words: they name the admission
// policy, webhook or quota. What the program adds around it is left out.
func Sentence(err error) string {
	status := apierrors.APIStatus(nil)
	if errors.As(err, &status) && status.Status().Message != "" {
		return shorten(status.Status().Message)
	}
	return err.Error()
}

// longest bounds a sentence of the API server, in characters: of a value that it cannot
// decode it quotes the whole object. What it is about stands first, and why at the end.
const longest, fromStart, fromEnd = 600, 350, 200

func shorten(text string) string {
	runes := []rune(text)
	if len(runes) <= longest {
		return text
	}
	return string(runes[:fromStart]) + " [...] " + string(runes[len(runes)-fromEnd:])
}

// Remedy is the command that shows who refuses a change of an object in a namespace
// (empty for none); behind the # what is to be done about it.
func Remedy(err error, namespace string) string {
	const then = ", then run the same command again"
	r, _ := Parse(Sentence(err))
	command := r.Command(namespace)
	switch r.By {
	case Authorizer:
		return "kubectl vantiq-upgrade rbac # prints the role to ask for" + then
	case Webhook, WebhookDown:
		return command + " # find " + r.Name + " and have it let this change pass" + then
	case Policy:
		return command + " # have it let this change pass" + then
	case Quota, Limits:
		return command + " # make room in it" + then
	case Unnamed, PodSecurity, Account:
	}
	if command == "" {
		return "mend what the API server names" + then
	}
	return command + " # mend what the API server names" + then
}
