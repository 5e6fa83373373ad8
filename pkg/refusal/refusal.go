// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package refusal reads what the API server says when it refuses a request: who
// refuses it, and in which words. Answers say it, and so do the conditions and
// events of controllers that quote an answer.
package refusal

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// By is who refuses.
type By int

const (
	// Unnamed means that the words do not say who. It is mostly an admission plugin.
	Unnamed By = iota
	// Authorizer means that the user has not the right.
	Authorizer
	// Policy is a ValidatingAdmissionPolicy or a MutatingAdmissionPolicy.
	Policy
	// Webhook is an admission webhook that has said no.
	Webhook
	// WebhookDown is an admission webhook that has to be asked and does not answer.
	WebhookDown
	// Quota is a ResourceQuota that is used up, or wants what the object does not say.
	Quota
	// Limits is a LimitRange.
	Limits
	// PodSecurity is the level of Pod Security of the namespace.
	PodSecurity
	// Account is a ServiceAccount that does not exist.
	Account
)

// Refusal is one refusal.
type Refusal struct {
	By By
	// Kind is that of a policy; empty for what has none.
	Kind string
	// Name is that of the policy, webhook or quota; empty where it is not told.
	Name string
	// Sentence is what it said, on one line.
	Sentence string
}

// form is how somebody refuses. The groups kind, name and said of its pattern
// become the fields of a Refusal.
type form struct {
	by      By
	pattern *regexp.Regexp
}

// forms are those of Kubernetes 1.37: k8s.io/apiserver
// pkg/endpoints/handlers/responsewriters/errors.go (the authorizer),
// pkg/admission/plugin/{policy/validating,policy/generic,webhook/errors,resourcequota},
// pkg/util/webhook/error.go, and plugin/pkg/admission of Kubernetes for the rest.
// They hold as little of a sentence as tells one from another.
func forms() []form {
	of := func(by By, pattern string) form { return form{by, regexp.MustCompile(`(?s)` + pattern)} }
	return []form{
		of(Authorizer, `(?P<said>User "[^"]*" cannot .*)`),
		of(Policy, `(?:(?P<kind>\w+AdmissionPolicy)|policy) ['"](?P<name>[^'"]+)['"](?: with binding ['"][^'"]*['"])? denied request:? ?(?P<said>.*)`),
		of(Webhook, `admission webhook "(?P<name>[^"]+)" (?:denied the request:? ?)?(?P<said>.*)`),
		of(WebhookDown, `failed calling webhook "(?P<name>[^"]+)":? ?(?P<said>.*)`),
		of(Quota, `(?P<said>(?:exceeded|failed) quota: (?P<name>[^,: ]+).*)`),
		of(PodSecurity, `(?P<said>violates PodSecurity .*)`),
		of(Limits, `(?P<said>\[?(?:maximum|minimum) \S+ usage per .*|\[?\S+ max limit to request ratio per .*)`),
		of(Account, `(?P<said>error looking up service account .*)`),
	}
}

// forbidden is what stands before the words of who refuses: pods "x" is forbidden.
const forbidden = " is forbidden: "

// Parse finds a refusal in a text, which may quote it: the one that stands first.
// A text of which no form is known is Unnamed, and false.
func Parse(text string) (Refusal, bool) {
	var found Refusal
	first := -1
	for _, f := range forms() {
		at := f.pattern.FindStringSubmatchIndex(text)
		if at == nil || first >= 0 && at[0] >= first {
			continue
		}
		first = at[0]
		group := func(name string) string { return string(f.pattern.ExpandString(nil, "${"+name+"}", text, at)) }
		found = Refusal{By: f.by, Kind: group("kind"), Name: group("name"), Sentence: oneLine(group("said"))}
	}
	if first >= 0 {
		return found, true
	}
	said := text
	if _, after, cut := strings.Cut(text, forbidden); cut {
		said = after
	}
	return Refusal{Sentence: oneLine(said)}, false
}

// Of is the refusal in an answer of the API server, before anything was done;
// false where the answer is none, or may come after something was done.
func Of(err error) (Refusal, bool) {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return Refusal{}, false
	}
	r, known := Parse(status.Status().Message)
	return r, known || status.Status().Code == http.StatusForbidden
}

// ByAdmission reports whether the user has the right and what the request asks
// for is refused: that may change without anybody giving rights.
func (r Refusal) ByAdmission() bool { return r.By != Authorizer }

// String is the refusal in words: who, and what was said.
func (r Refusal) String() string {
	said := r.Sentence
	if said == "" {
		said = "no reason is given"
	}
	switch r.By {
	case Policy:
		return "denied by " + r.policy() + " " + r.Name + ": " + said
	case Webhook:
		return "denied by the admission webhook " + r.Name + ": " + said
	case WebhookDown:
		return "the admission webhook " + r.Name + " does not answer: " + said
	case Unnamed, Authorizer, Quota, Limits, PodSecurity, Account:
	}
	return said
}

func (r Refusal) policy() string {
	if r.Kind == "" {
		return "MutatingAdmissionPolicy" // which leaves its kind out
	}
	return r.Kind
}

// webhooks lists the webhooks by their names, which are not those of the objects
// that hold them.
const webhooks = "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations " +
	"-o 'custom-columns=KIND:.kind,NAME:.metadata.name,WEBHOOKS:.webhooks[*].name,SERVICE:.webhooks[*].clientConfig.service.name'"

// Command shows what refuses; namespace is that of the object. It is empty where
// there is nothing to show.
func (r Refusal) Command(namespace string) string {
	switch r.By {
	case Policy:
		return "kubectl get " + strings.ToLower(r.policy()) + " " + r.Name + " -o yaml"
	case Webhook, WebhookDown:
		return webhooks
	case Quota:
		return "kubectl describe resourcequota -n " + namespace + " " + r.Name
	case Limits:
		return "kubectl describe limitrange -n " + namespace
	case PodSecurity:
		return "kubectl get namespace " + namespace + " --show-labels"
	case Account:
		return "kubectl get serviceaccounts -n " + namespace
	case Unnamed, Authorizer:
	}
	return ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
