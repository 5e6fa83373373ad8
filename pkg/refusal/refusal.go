// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package refusal reads the API server's No to one change. It tells it from a
// server that is away or does not know the user, which concerns every change: of a
// batch, the others are still tried after a refusal.
package refusal

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

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
// may be answered otherwise.
func Is(err error) bool {
	if _, overruled := errors.AsType[*OverruledError](err); overruled {
		return true
	}
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return false
	}
	switch code := status.Status().Code; code {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	case http.StatusInternalServerError:
		// A webhook that is down is asked about some objects only.
		return unserved.MatchString(status.Status().Message)
	default:
		return code >= http.StatusBadRequest && code < http.StatusInternalServerError
	}
}

// Sentence is what the API server says, in its own words: they name the admission
// policy, webhook or quota. What the program adds around it is left out.
func Sentence(err error) string {
	status := apierrors.APIStatus(nil)
	if errors.As(err, &status) && status.Status().Message != "" {
		return status.Status().Message
	}
	return err.Error()
}

// The words by which API servers name who refuses: those of
// k8s.io/apiserver/pkg/admission/plugin and of its quota.
var (
	policy   = regexp.MustCompile(`(Validating|Mutating)AdmissionPolicy '([^']+)'`)
	webhook  = regexp.MustCompile(`admission webhook "([^"]+)"`)
	unserved = regexp.MustCompile(`failed calling webhook "([^"]+)"`)
	quota    = regexp.MustCompile(`exceeded quota: ([^ ,]+)`)
)

// Remedy is the command that shows who refuses a change of an object in a namespace
// (empty for none); behind the # what is to be done about it.
func Remedy(err error, namespace string) string {
	const then = ", then run the same command again"
	text := err.Error()
	if found := policy.FindStringSubmatch(text); found != nil {
		return "kubectl describe " + strings.ToLower(found[1]) + "admissionpolicy " + found[2] + " # have it let this change pass" + then
	}
	for _, words := range []*regexp.Regexp{webhook, unserved} {
		if found := words.FindStringSubmatch(text); found != nil {
			return "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations # find " + found[1] + " and have it let this change pass" + then
		}
	}
	switch found := quota.FindStringSubmatch(text); {
	case found != nil && namespace != "":
		return "kubectl describe resourcequota -n " + namespace + " " + found[1] + " # make room in it" + then
	case apierrors.IsForbidden(err) && strings.Contains(text, " cannot "):
		return "kubectl vantiq-upgrade rbac # prints the role to ask for" + then
	}
	return "mend what the API server names" + then
}
