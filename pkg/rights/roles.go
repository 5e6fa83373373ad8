// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rights turns what plugins.yaml says of the subcommands' rights into roles
// and bindings, and into a list of what a user may do. It judges plain values and
// asks nobody.
package rights

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// Role is a set of rights under one name: a ClusterRole for what is asked of the
// whole cluster, and a Role in each namespace in which more is.
type Role struct {
	Name     string
	Accesses []registry.Access
	// Subjects are who gets it; without any there is no binding.
	Subjects []rbacv1.Subject
}

// Objects are the manifests of a role, in the order in which they can be created.
func (r Role) Objects() []runtime.Object {
	byNamespace := map[string][]registry.Access{}
	for _, a := range r.Accesses {
		byNamespace[a.Namespace] = append(byNamespace[a.Namespace], a)
	}
	var objects []runtime.Object
	for _, namespace := range sortedKeys(byNamespace) {
		objects = append(objects, r.role(namespace, rules(byNamespace[namespace])))
		if len(r.Subjects) > 0 {
			objects = append(objects, r.binding(namespace))
		}
	}
	return objects
}

func (r Role) role(namespace string, rules []rbacv1.PolicyRule) runtime.Object {
	if namespace == "" {
		return &rbacv1.ClusterRole{TypeMeta: typeMeta("ClusterRole"), ObjectMeta: metav1.ObjectMeta{Name: r.Name}, Rules: rules}
	}
	return &rbacv1.Role{TypeMeta: typeMeta("Role"), ObjectMeta: metav1.ObjectMeta{Name: r.Name, Namespace: namespace}, Rules: rules}
}

func (r Role) binding(namespace string) runtime.Object {
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: r.Name}
	if namespace == "" {
		return &rbacv1.ClusterRoleBinding{TypeMeta: typeMeta("ClusterRoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: r.Name}, RoleRef: ref, Subjects: r.Subjects}
	}
	ref.Kind = "Role"
	return &rbacv1.RoleBinding{TypeMeta: typeMeta("RoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: r.Name, Namespace: namespace}, RoleRef: ref, Subjects: r.Subjects}
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// rules puts rights together: one rule for the resources of a group that the same is
// done with.
func rules(accesses []registry.Access) []rbacv1.PolicyRule {
	type resource struct{ group, name string }
	verbs := map[resource][]string{}
	for _, a := range accesses {
		r := resource{a.Group, strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")}
		if !slices.Contains(verbs[r], a.Verb) {
			verbs[r] = append(verbs[r], a.Verb)
		}
	}
	alike := map[string]*rbacv1.PolicyRule{}
	for r, done := range verbs {
		slices.SortFunc(done, compareVerbs)
		key := r.group + " " + strings.Join(done, ",")
		if alike[key] == nil {
			alike[key] = &rbacv1.PolicyRule{APIGroups: []string{r.group}, Verbs: done}
		}
		alike[key].Resources = append(alike[key].Resources, r.name)
	}
	all := make([]rbacv1.PolicyRule, 0, len(alike))
	for _, key := range sortedKeys(alike) {
		slices.Sort(alike[key].Resources)
		all = append(all, *alike[key])
	}
	return all
}

// compareVerbs orders verbs as people list them: what looks before what changes.
func compareVerbs(a, b string) int {
	order := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	return cmp.Or(slices.Index(order, a)-slices.Index(order, b), strings.Compare(a, b))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
