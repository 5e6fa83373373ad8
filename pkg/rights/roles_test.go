// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package rights_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

// subcommands look, change, and do either by a flag.
func subcommands() []registry.Subcommand {
	lock := registry.Rule{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"update"}, Namespace: "kube-system", ResourceNames: []string{"lock"}}
	return []registry.Subcommand{
		{Name: "look", RBAC: []registry.Rule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}},
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}, Without: "no releases", Why: "nothing smaller"},
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}, Namespace: "kube-system"},
		}},
		{Name: "drain", Mutates: true, RBAC: []registry.Rule{
			{APIGroups: []string{""}, Resources: []string{"pods", "nodes"}, Verbs: []string{"watch", "list"}},
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"patch", "get"}},
			{APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}},
			lock,
		}, Flags: []registry.Flag{{Name: "pause", Mutates: true, RBAC: []registry.Rule{
			{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		}}}},
	}
}

func TestObjects(t *testing.T) {
	role := rights.Role{
		Name: "operator", Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "ann"}},
		Rights: rights.Wanted(rights.Askers(subcommands())),
	}
	objects := role.Objects()
	if len(objects) != 4 {
		t.Fatalf("%d objects", len(objects))
	}
	cluster, is := objects[0].(*rbacv1.ClusterRole)
	if !is {
		t.Fatalf("%T", objects[0])
	}
	// The pods of kube-system are among those of the cluster.
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch", "patch"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
	}
	if diff := cmp.Diff(want, cluster.Rules); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for annotation, lines := range map[string]string{
		rights.NeededByAnnotation: "list nodes,pods: drain, look\n",
		rights.OptionalAnnotation: "list secrets: look: no releases\nto leave rules out: kubectl vantiq-upgrade rbac --without RESOURCE,...\n",
		rights.WhyAnnotation:      "list secrets: nothing smaller\n",
	} {
		if got := cluster.Annotations[annotation]; !strings.Contains(got, lines) || strings.Contains(got, "drain --pause, ") {
			t.Errorf("%s:\n%s", annotation, got)
		}
	}
	inside, is := objects[2].(*rbacv1.Role)
	if diff := cmp.Diff([]rbacv1.PolicyRule{{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"lock"}, Verbs: []string{"update"}}}, inside.Rules); diff != "" || !is {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(inside.Annotations) != 1 || inside.Namespace != "kube-system" || inside.Labels[rights.AppLabel] != rights.App {
		t.Errorf("%+v", inside.ObjectMeta)
	}
	binding, is := objects[3].(*rbacv1.RoleBinding)
	if !is || binding.Namespace != "kube-system" || binding.RoleRef.Kind != "Role" || binding.RoleRef.Name != "operator" || binding.Subjects[0].Name != "ann" {
		t.Errorf("%+v", objects[3])
	}
	role.Subjects = nil
	if n := len(role.Objects()); n != 2 {
		t.Errorf("without subjects: %d objects", n)
	}
}

// TestToLook: who may only look may make dry runs, and change nothing.
func TestToLook(t *testing.T) {
	var got []string
	for _, r := range rights.Wanted(rights.ToLook(rights.Askers(subcommands()))) {
		got = append(got, r.Verb+" "+rights.Kind(&r)+" "+r.Namespace)
	}
	want := []string{"list nodes ", "watch nodes ", "list pods ", "watch pods ", "list secrets ", "list deployments.apps "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestLacks: a right is lacked where somebody cannot do without it, and the server does
// not say yes.
func TestLacks(t *testing.T) {
	askers := rights.Askers(subcommands())
	all := rights.Wanted(askers)
	tests := []struct {
		resource string
		state    v1alpha1.RightState
		cannot   []string
	}{
		{"nodes", v1alpha1.RightAllowed, nil},
		{"nodes", v1alpha1.RightDenied, []string{"look", "drain"}},
		{"deployments", v1alpha1.RightUnknown, []string{"drain --pause"}},
		{"deployments", v1alpha1.RightNotApplicable, nil},
		{"secrets", v1alpha1.RightDenied, nil},
		{"pods/eviction", v1alpha1.RightUnknown, []string{"drain"}},
	}
	for _, tt := range tests {
		checked := slices.Clone(all)
		for i := range checked {
			checked[i].State = v1alpha1.RightAllowed
			if checked[i].Resource == tt.resource {
				checked[i].State = tt.state
			}
		}
		var cannot []string
		for _, s := range rights.Subcommands(askers, checked) {
			if !s.Complete {
				cannot = append(cannot, s.Name)
			}
		}
		if diff := cmp.Diff(tt.cannot, cannot); diff != "" {
			t.Errorf("%s %s, -want +got:\n%s", tt.resource, tt.state, diff)
		}
	}
}

func TestWithout(t *testing.T) {
	askers := rights.Askers(subcommands())
	if got := rights.Optional(askers); !slices.Equal(got, []string{"secrets"}) {
		t.Errorf("optional: %v", got)
	}
	left, err := rights.Without(askers, "secrets")
	if err != nil || slices.ContainsFunc(rights.Wanted(left), func(r v1alpha1.Right) bool { return r.Resource == "secrets" }) || len(rights.Wanted(left))+1 != len(rights.Wanted(askers)) {
		t.Errorf("%v, %v", left, err)
	}
	for resource, words := range map[string]string{"deployments.apps": "drain --pause cannot do without deployments.apps", "secret": `no subcommand asks for rights on "secret"`} {
		if _, err := rights.Without(askers, resource); err == nil || err.Error() != words {
			t.Errorf("%s: %v", resource, err)
		}
	}
}
