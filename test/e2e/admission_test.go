// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// within is a match on the namespace of a scope.
func within(c *harness.Scope) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: c.Name}}
}

// deny makes a ValidatingAdmissionPolicy, called like the scope, that refuses to
// create a resource there where condition holds; it goes with the test. A policy
// takes a moment to be effective: probe is asked until it is refused.
func deny(t *testing.T, c *harness.Scope, resource, condition, message string, probe func(context.Context) error) {
	t.Helper()
	client := c.Client.AdmissionregistrationV1()
	t.Cleanup(func() {
		_ = client.ValidatingAdmissionPolicyBindings().Delete(context.Background(), c.Name, metav1.DeleteOptions{})
		_ = client.ValidatingAdmissionPolicies().Delete(context.Background(), c.Name, metav1.DeleteOptions{})
	})
	_, err := client.ValidatingAdmissionPolicies().Create(t.Context(), &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: creating(resource)}}},
			MatchConditions:  []admissionregistrationv1.MatchCondition{{Name: "chosen", Expression: condition}},
			Validations:      []admissionregistrationv1.Validation{{Expression: "false", Message: message, Reason: new(metav1.StatusReasonForbidden)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ValidatingAdmissionPolicyBindings().Create(t.Context(), &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: c.Name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			MatchResources: &admissionregistrationv1.MatchResources{NamespaceSelector: within(c)},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	effective(c, probe)
}

// effective waits until admission refuses what probe asks for.
func effective(c *harness.Scope, probe func(context.Context) error) {
	c.Eventually("admission refuses", func(ctx context.Context) (bool, error) {
		err := probe(ctx)
		return err != nil && !apierrors.IsNotFound(err), nil
	})
}

func creating(resource string) admissionregistrationv1.RuleWithOperations {
	return admissionregistrationv1.RuleWithOperations{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{resource}},
	}
}

// tryEviction is a probe that evicts nothing.
func tryEviction(c *harness.Scope, pod string) func(context.Context) error {
	return func(ctx context.Context) error {
		return c.Client.PolicyV1().Evictions(c.Name).Evict(ctx, &policyv1.Eviction{
			ObjectMeta: metav1.ObjectMeta{Namespace: c.Name, Name: pod}, DeleteOptions: &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}},
		})
	}
}

// TestOperatorRollsItsPods: a policy denies each eviction, with the code of a
// missing right, and the operator moves its pods itself, as drain cleaners have it
// done. The drain waits, says for whom, and ends well.
func TestOperatorRollsItsPods(t *testing.T) {
	c := twoPools(t, "rolls", quick)
	deny(t, c, "pods/eviction", "true", "the operator rolls its pods itself", tryEviction(c, "db-0"))
	pods := c.Record(t, c.Name, "app=db")
	drain := c.StartPlugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=1m")
	c.Eventually("the denial is told", func(context.Context) (bool, error) {
		return strings.Contains(drain.Told(), "denied by ValidatingAdmissionPolicy rolls: the operator rolls its pods itself"), nil
	})
	for _, name := range []string{"db-2", "db-1", "db-0"} {
		if err := c.Client.CoreV1().Pods(c.Name).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		c.Eventually(name+" has moved", func(ctx context.Context) (bool, error) {
			pod, err := c.Client.CoreV1().Pods(c.Name).Get(ctx, name, metav1.GetOptions{})
			return err == nil && harness.IsServing(pod) && strings.Contains(pod.Spec.NodeName, "-spare-"), nil
		})
	}
	report := drainReport(t, drain.Wait().Want(t, 0))
	if report.Outcome != "Done" || len(report.Result.Left) > 0 || pods.Lowest() < 2 {
		t.Errorf("outcome %s, left %v, lowest %d", report.Outcome, report.Result.Left, pods.Lowest())
	}
}

// TestWebhooksThatDeny: whatever code a webhook chooses, and also where it cannot
// be reached, its name and its words are told while it denies and in the finding,
// and nothing of readiness or of a busy server. Once it lets the pods go the same
// command goes on.
func TestWebhooksThatDeny(t *testing.T) {
	c := shared.Get(t).NewScope(t, "webhooks")
	c.Pool("old", 2)
	for _, app := range []string{"a500", "a429", "away"} {
		c.StatefulSet(app, 2, quick)
	}
	for _, app := range []string{"a500", "a429", "away"} {
		c.Ready(app, 2)
	}
	c.Pool("spare", 2)
	allows := hook(t, c)

	r := c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=6s").Want(t, 3)
	report := drainReport(t, r)
	for app, words := range map[string][]string{
		"a500": {"refused ", " times in ", "denied by the admission webhook a500.example.com: backup is under way"},
		"a429": {"refused ", "denied by the admission webhook a429.example.com: backup is under way"},
		"away": {"refused ", "the admission webhook away.example.com does not answer: ", "connection refused"},
	} {
		wantFinding(t, report.Findings, "VU-238", append(words, "pod/webhooks/"+app, "kubectl get validatingwebhookconfigurations")...)
		if !strings.Contains(r.Stderr, "admission webhook "+app+".example.com") {
			t.Errorf("%s is not told meanwhile:\n%s", app, r.Stderr)
		}
	}
	if strings.Contains(r.Stderr, "1 of 2 Ready") || strings.Contains(r.Stderr, "busy") {
		t.Errorf("told of what is not so:\n%s", r.Stderr)
	}
	for _, w := range report.Result.Workloads {
		if w.LowestReady != 2 {
			t.Errorf("%+v", w)
		}
	}
	command, _, _ := strings.Cut(report.Findings[0].Remedy, " #")
	if out := c.Kubectl(t, commandArgs(command)...).Want(t, 0).Stdout; !strings.Contains(out, "a500.example.com") {
		t.Errorf("%s shows\n%s", command, out)
	}

	allows()
	if again := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json").Want(t, 0)); again.Outcome != "Done" {
		t.Errorf("outcome %s", again.Outcome)
	}
}

// commandArgs are the arguments of a printed kubectl command; one that is quoted has
// no blank in it.
func commandArgs(command string) []string {
	return strings.Fields(strings.ReplaceAll(strings.TrimPrefix(command, "kubectl "), "'", ""))
}

// hook makes webhooks that deny the evictions of the pods that are called like them,
// with the code in the name, and one that nobody answers for. The function that it
// returns has them allow all.
func hook(t *testing.T, c *harness.Scope) (allow func()) {
	t.Helper()
	var allows atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		code := int32(http.StatusInternalServerError)
		if r.URL.Path == "/a429" {
			code = http.StatusTooManyRequests
		}
		review.Response = &admissionv1.AdmissionResponse{
			UID: review.Request.UID, Allowed: allows.Load(), Result: &metav1.Status{Code: code, Message: "backup is under way"},
		}
		_ = json.NewEncoder(w).Encode(review)
	}))
	t.Cleanup(server.Close)
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: c.Name}}
	for app, url := range map[string]string{"a500": server.URL + "/a500", "a429": server.URL + "/a429", "away": "https://127.0.0.1:1"} {
		configuration.Webhooks = append(configuration.Webhooks, admissionregistrationv1.ValidatingWebhook{
			Name: app + ".example.com", AdmissionReviewVersions: []string{"v1"}, NamespaceSelector: within(c),
			Rules:           []admissionregistrationv1.RuleWithOperations{creating("pods/eviction")},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "chosen", Expression: "request.name.startsWith('" + app + "-')"}},
			SideEffects:     new(admissionregistrationv1.SideEffectClassNone), FailurePolicy: new(admissionregistrationv1.Fail), TimeoutSeconds: new(int32(5)),
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				URL: &url, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
		})
	}
	hooks := c.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if _, err := hooks.Create(t.Context(), configuration, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	remove := func() { _ = hooks.Delete(context.Background(), c.Name, metav1.DeleteOptions{}) }
	t.Cleanup(remove)
	for _, app := range []string{"a500", "a429", "away"} {
		effective(c, tryEviction(c, app+"-0"))
	}
	return func() {
		allows.Store(true)
		remove() // for the one that nobody answers for
		c.Eventually("nobody denies", func(ctx context.Context) (bool, error) { return tryEviction(c, "away-0")(ctx) == nil, nil })
	}
}

// TestRightLostMeanwhile: a right that is taken away in the middle is final, and told
// at once with the command that shows it.
func TestRightLostMeanwhile(t *testing.T) {
	c := twoPools(t, "right-lost", harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "4s"), harness.Annotate("sandbox.upgrade.vantiq.com/stop-fast", "100ms"))
	u := newUsers(t, c)
	all := declared(t, "drain-pool")
	var kept, evict []registry.Access
	for _, a := range all {
		if a.Subresource == "eviction" {
			evict = append(evict, a)
		} else {
			kept = append(kept, a)
		}
	}
	u.grant(t, "loses", kept)
	u.grant(t, "loses-evict", evict)
	u.also(t, "loses", "loses-evict")
	u.known(t, "loses", all)
	u.known(t, "loses", evict)
	drain := c.StartPlugin(t, "drain-pool", "old", "--yes", "-o", "json", "--as", "loses", "--pod-timeout=1m")
	c.Eventually("a pod is evicted", func(context.Context) (bool, error) { return strings.Contains(drain.Told(), "evicted"), nil })
	if err := c.Client.RbacV1().ClusterRoles().Delete(t.Context(), "loses-evict", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r := drain.Wait().Want(t, 3)
	wantFinding(t, drainReport(t, r).Findings, "VU-235", `User "loses" cannot create resource "pods/eviction"`, "kubectl auth can-i create pods --subresource=eviction -n right-lost")
	if r.Took > 40*time.Second {
		t.Errorf("given up after %s", r.Took)
	}
}
