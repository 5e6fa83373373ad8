// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rights turns what plugins.yaml says of the subcommands' rights into roles
// and bindings, and into a list of what a user may do. It judges plain values and
// asks nobody.
package rights

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// AppLabel and App mark every object, so that all can be found again.
const (
	AppLabel = "app.kubernetes.io/name"
	App      = "kubectl-vantiq-upgrade"
)

// Annotations tell the one who reads a role what its rules are for.
const (
	NeededByAnnotation = v1alpha1.Group + "/needed-by"
	OptionalAnnotation = v1alpha1.Group + "/optional"
	WhyAnnotation      = v1alpha1.Group + "/why"
)

// Role is a set of rights under one name: a ClusterRole for what is asked of the
// whole cluster, and a Role in each namespace in which more is.
type Role struct {
	Name   string
	Rights []v1alpha1.Right
	// Subjects are who gets it; without any there is no binding.
	Subjects []rbacv1.Subject
}

// Objects are the manifests of a role, in the order in which they can be created.
func (r Role) Objects() []runtime.Object {
	byNamespace := map[string][]v1alpha1.Right{}
	for i := range r.Rights {
		in := r.Rights[i].Namespace
		byNamespace[in] = append(byNamespace[in], r.Rights[i])
	}
	var objects []runtime.Object
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		objects = append(objects, r.role(namespace, byNamespace[namespace]))
		if len(r.Subjects) > 0 {
			objects = append(objects, r.binding(namespace))
		}
	}
	return objects
}

func (r Role) role(namespace string, rights []v1alpha1.Right) runtime.Object {
	meta := r.meta(namespace)
	meta.Annotations = annotations(rights)
	if namespace == "" {
		return &rbacv1.ClusterRole{TypeMeta: typeMeta("ClusterRole"), ObjectMeta: meta, Rules: rules(rights)}
	}
	return &rbacv1.Role{TypeMeta: typeMeta("Role"), ObjectMeta: meta, Rules: rules(rights)}
}

func (r Role) binding(namespace string) runtime.Object {
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: r.Name}
	if namespace == "" {
		return &rbacv1.ClusterRoleBinding{TypeMeta: typeMeta("ClusterRoleBinding"), ObjectMeta: r.meta(""), RoleRef: ref, Subjects: r.Subjects}
	}
	ref.Kind = "Role"
	return &rbacv1.RoleBinding{TypeMeta: typeMeta("RoleBinding"), ObjectMeta: r.meta(namespace), RoleRef: ref, Subjects: r.Subjects}
}

func (r Role) meta(namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: r.Name, Namespace: namespace, Labels: map[string]string{AppLabel: App}}
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// rules puts rights together: one rule for the resources of a group that the same is
// done with. A rule for one object by its name stands by itself.
func rules(rights []v1alpha1.Right) []rbacv1.PolicyRule {
	type resource struct{ group, path, name string }
	verbs := map[resource][]string{}
	for i := range rights {
		r := resource{rights[i].Group, rights[i].Resource, rights[i].Name}
		verbs[r] = append(verbs[r], rights[i].Verb)
	}
	type likeness struct{ group, name, verbs string }
	alike := map[likeness]*rbacv1.PolicyRule{}
	for r, done := range verbs {
		slices.SortFunc(done, compareVerbs)
		key := likeness{r.group, r.name, strings.Join(done, ",")}
		if alike[key] == nil {
			alike[key] = &rbacv1.PolicyRule{APIGroups: []string{r.group}, Verbs: done}
			if r.name != "" {
				alike[key].ResourceNames = []string{r.name}
			}
		}
		alike[key].Resources = append(alike[key].Resources, r.path)
	}
	all := make([]rbacv1.PolicyRule, 0, len(alike))
	for _, rule := range alike {
		slices.Sort(rule.Resources)
		all = append(all, *rule)
	}
	slices.SortFunc(all, func(a, b rbacv1.PolicyRule) int {
		return cmp.Or(slices.Compare(a.APIGroups, b.APIGroups), slices.Compare(a.Resources, b.Resources),
			slices.Compare(a.ResourceNames, b.ResourceNames), slices.Compare(a.Verbs, b.Verbs))
	})
	return all
}
