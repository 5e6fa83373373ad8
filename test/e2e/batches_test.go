// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// apps are the workloads of which one is frozen.
func apps() []string { return []string{"a", "b", "c", "d", "e"} }

// rule is an admission policy that refuses changes.
type rule struct {
	group, resource string
	// holds is what has to hold, in CEL; words is what the API server says else.
	holds, words string
	// namespaced keeps it to the namespace of the scope.
	namespaced bool
}

// enforce makes an admission policy of the scope's name, waits until it denies what
// denied tries as a dry run, and returns what lifts it.
func enforce(t *testing.T, c *harness.Scope, r rule, denied func(context.Context) error) (lift func()) {
	t.Helper()
	policies, bindings := c.Client.AdmissionregistrationV1().ValidatingAdmissionPolicies(), c.Client.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
	match := &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Update, admissionv1.Create},
		Rule:       admissionv1.Rule{APIGroups: []string{r.group}, APIVersions: []string{"v1"}, Resources: []string{r.resource}},
	}}}}
	if r.namespaced {
		match.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": c.Name}}
	}
	_, err := policies.Create(t.Context(), &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: match, Validations: []admissionv1.Validation{{Expression: r.holds, Message: r.words}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	remove := func() {
		_ = bindings.Delete(context.Background(), c.Name, metav1.DeleteOptions{})
		_ = policies.Delete(context.Background(), c.Name, metav1.DeleteOptions{})
	}
	t.Cleanup(remove)
	_, err = bindings.Create(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: c.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Eventually("the policy denies", func(ctx context.Context) (bool, error) {
		return apierrors.IsInvalid(denied(ctx)) || apierrors.IsForbidden(denied(ctx)), nil
	})
	return func() {
		remove()
		c.Eventually("the policy is lifted", func(ctx context.Context) (bool, error) { return denied(ctx) == nil, nil })
	}
}

// freeze has a policy keep the replicas of a Deployment as they are.
func freeze(t *testing.T, c *harness.Scope, name string) (lift func()) {
	t.Helper()
	r := rule{
		"apps", "deployments", fmt.Sprintf("object.metadata.name != %q || object.spec.replicas == oldObject.spec.replicas", name),
		"the replicas of " + name + " are frozen", true,
	}
	return enforce(t, c, r, func(ctx context.Context) error {
		body := `{"spec":{"replicas":9}}`
		_, err := c.Client.AppsV1().Deployments(c.Name).Patch(ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
}

// five makes a scope with a pool of two nodes and on it five single replicas, each
// under a budget that never opens.
func five(t *testing.T, scope string) *harness.Scope {
	t.Helper()
	c := shared.Get(t).NewScope(t, scope)
	c.Pool(scope, 2)
	for _, app := range apps() {
		c.Deployment(app, 1, quick)
		c.PDB(app, "1", "", nil)
	}
	for _, app := range apps() {
		c.Ready(app, 1)
	}
	return c
}

// named are the five by the names that commands take.
func named(c *harness.Scope) []string {
	var names []string
	for _, app := range apps() {
		names = append(names, "deployment/"+c.Name+"/"+app)
	}
	return names
}

// wantFive fails unless the five have so many replicas, but for one of them.
func wantFive(t *testing.T, c *harness.Scope, replicas int32, but string, its int32) {
	t.Helper()
	for _, app := range apps() {
		want := replicas
		if app == but {
			want = its
		}
		if got := *deployment(t, c, app).Spec.Replicas; got != want {
			t.Errorf("%s has %d replicas, want %d", app, got, want)
		}
	}
}

// TestOneRefusedGiveBack leaves the others no worse: every batch tries every item,
// and counts what was read back only.
func TestOneRefusedGiveBack(t *testing.T) {
	c := five(t, "frozen")
	zero := append([]string{"--mode=scale-to-zero"}, named(c)...)
	pause(t, c, 0, zero...)
	lift := freeze(t, c, "c")

	dry := giveBack(t, c, 2, "--dry-run=server")
	wantFinding(t, dry.Findings, "VU-329", "deployment/frozen/c", "'frozen'")
	out := giveBack(t, c, 3)
	wantFive(t, c, 1, "c", 0)
	wantFinding(t, out.Findings, "VU-329", "deployment/frozen/c", "replicas 0 → 1", "ValidatingAdmissionPolicy 'frozen'", "the replicas of c are frozen", "kubectl get validatingadmissionpolicy frozen -o yaml")
	for _, f := range out.Restored {
		want := v1alpha1.RestoreRestored
		if f.Object.Name == "c" {
			want = v1alpha1.RestoreFailed
		}
		if f.State != want {
			t.Errorf("%s is %s, want %s", f.Object.Name, f.State, want)
		}
	}
	wantChange(t, status(t, c, 0), v1alpha1.ChangeOurs)
	text := own(t, c, "resume-pdb-blockers", "--yes").Want(t, 2).Stdout
	if !containsAll(text, []string{"Nothing given back: 1 left", "mend what is named above"}) || strings.Contains(text, "To go on:") {
		t.Errorf("the second attempt says\n%s", text)
	}
	lift()
	giveBack(t, c, 0)
	wantFive(t, c, 1, "", 0)
	wantClean(t, c)

	// Pausing five of which one is frozen: none vanishes, and what was not made is not ours.
	lift = freeze(t, c, "c")
	paused := pause(t, c, 3, zero...)
	wantFive(t, c, 0, "c", 1)
	wantFinding(t, paused.Findings, "VU-328", "deployment/frozen/c", "replicas 1 → 0", "the replicas of c are frozen")
	if len(paused.Paused) != 5 || slices.ContainsFunc(paused.Findings, func(f v1alpha1.Finding) bool { return f.Code == "VU-311" }) {
		t.Errorf("paused %+v, findings %+v", paused.Paused, paused.Findings)
	}
	if s := status(t, c, 0); len(s.Changes) != 4 {
		t.Errorf("%d changes are ours, want 4: %+v", len(s.Changes), s.Changes)
	}
	lift()
	own(t, c, "abort", "--all", "--yes").Want(t, 0)
	wantFive(t, c, 1, "", 0)
}

// TestOneRefusedInAnAbort leaves no node cordoned, and no other workload stopped; and a
// drain gives back what it has paused, however one of it is refused.
func TestOneRefusedInAnAbort(t *testing.T) {
	c := five(t, "frozenabort")
	own(t, c, "drain-pool", "frozenabort", "--yes", "--pause-pdb-blockers=scale-to-zero", "--keep-paused").Want(t, 0)
	lift := freeze(t, c, "c")
	out := read[v1alpha1.RestoreReport](t, own(t, c, "abort", "--all", "--yes", "-o", "json").Want(t, 3))
	wantFive(t, c, 1, "c", 0)
	if n, err := c.CordonedNodes(t.Context(), "frozenabort"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned (%v)", n, err)
	}
	wantFinding(t, out.Findings, "VU-329", "deployment/frozenabort/c", "frozen")
	lift()
	own(t, c, "abort", "--all", "--yes").Want(t, 0)
	wantFive(t, c, 1, "", 0)
	wantClean(t, c)

	// c may be stopped, but not started again.
	lift = enforce(t, c, rule{
		"apps", "deployments", "object.metadata.name != 'c' || object.spec.replicas <= oldObject.spec.replicas", "c is not started", true,
	}, func(ctx context.Context) error {
		_, err := c.Client.AppsV1().Deployments(c.Name).Patch(ctx, "c", types.MergePatchType, []byte(`{"spec":{"replicas":9}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
	report := drainReport(t, own(t, c, "drain-pool", "frozenabort", "--yes", "--pause-pdb-blockers=scale-to-zero", "--pod-timeout=5s", "-o", "json").Want(t, 3))
	wantFive(t, c, 1, "c", 0)
	wantFinding(t, report.Findings, "VU-329", "deployment/frozenabort/c", "c is not started")
	for _, p := range report.Paused {
		if applied := p.State == v1alpha1.PauseStateApplied; applied != (p.Object.Name == "c") {
			t.Errorf("%s is %s", p.Object.Name, p.State)
		}
	}
	lift()
}

// TestOneRefusedCordon stops the drain before an eviction, and is told before, by a dry
// run: nothing contradicts what is there, and the cordon that was made is the one of ours.
func TestOneRefusedCordon(t *testing.T) {
	c := shared.Get(t).NewScope(t, "nocordon")
	c.Pool("nocordon", 2)
	c.Deployment("web", 4, quick)
	c.Ready("web", 4)
	node := func(i int) string { return fmt.Sprintf("aks-nocordon-12345678-vmss%06d", i) }
	cordon := func(i int, value string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Client.CoreV1().Nodes().Patch(ctx, node(i), types.MergePatchType, []byte(`{"spec":{"unschedulable":`+value+`}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
			return err
		}
	}
	lift := enforce(t, c, rule{
		"", "nodes", fmt.Sprintf("object.metadata.name != %q || !has(object.spec.unschedulable) || !object.spec.unschedulable", node(1)), "this node stays", false,
	}, cordon(1, "true"))

	dry := own(t, c, "drain-pool", "nocordon", "--dry-run=server").Want(t, 2).Stdout
	if !containsAll(dry, []string{"VU-224", "node/" + node(1), "this node stays", "Blocked by 1 finding"}) || strings.Contains(dry, "Nothing stands") {
		t.Errorf("the dry run says\n%s", dry)
	}
	text := own(t, c, "drain-pool", "nocordon", "--yes").Want(t, 3).Stdout
	if !containsAll(text, []string{"VU-224", "'nocordon'", "1 node cordoned by this run", "4 still there", "mend what is named above"}) || strings.Contains(text, "To go on:") {
		t.Errorf("the drain says\n%s", text)
	}
	wantChange(t, status(t, c, 0), v1alpha1.ChangeOurs)
	lift()

	// The other way: a node that must not be given back keeps no other one.
	own(t, c, "drain-pool", "nocordon", "--yes", "--unschedulable-timeout=1s").Want(t, 3) // there is no other node
	lift = enforce(t, c, rule{
		"", "nodes", fmt.Sprintf("object.metadata.name != %q || has(object.spec.unschedulable) && object.spec.unschedulable", node(0)), "not yet", false,
	}, cordon(0, "false"))
	out := read[v1alpha1.UncordonReport](t, own(t, c, "uncordon-pool", "nocordon", "-o", "json").Want(t, 3))
	wantFinding(t, out.Findings, "VU-329", "node/"+node(0), "not yet")
	if out.Nodes[0].Action != "refused" || out.Nodes[1].Action != "uncordoned" || c.Node(node(1)).Spec.Unschedulable || !c.Node(node(0)).Spec.Unschedulable {
		t.Errorf("given back: %+v", out.Nodes)
	}
	if s := status(t, c, 0); len(s.Changes) != 1 || s.Changes[0].Object.Name != node(0) {
		t.Errorf("status: %+v", s.Changes)
	}
	lift()
	own(t, c, "uncordon-pool", "nocordon").Want(t, 0)
}

// TestRefusedKeepOff moves nothing that might come back to a wrong node, and leaves
// nothing behind.
func TestRefusedKeepOff(t *testing.T) {
	c, profile := swapped(t, "nokeepoff")
	lift := enforce(t, c, rule{
		"", "pods", "!has(object.metadata.labels) || !('upgrade.vantiq.com/keep-off' in object.metadata.labels)", "no such pods here", true,
	}, func(ctx context.Context) error {
		pod := c.Pods("vantiq")[0]
		pod.ObjectMeta = metav1.ObjectMeta{Name: "probe", Namespace: c.Name, Labels: map[string]string{"upgrade.vantiq.com/keep-off": "x"}}
		_, err := c.Client.CoreV1().Pods(c.Name).Create(ctx, &pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
	out := relocate(t, c, 3, profile)
	wantFinding(t, out.Findings, "VU-331", "pod/nokeepoff/", "'nokeepoff'", "no such pods here")
	wantPool(t, c, "vantiq-0", "metricsnp")
	wantPool(t, c, "metrics-collector-0", "vantiqnp")
	wantClean(t, c)
	lift()
}
