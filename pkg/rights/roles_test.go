// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package rights_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

func TestObjects(t *testing.T) {
	role := rights.Role{
		Name: "operator", Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "ann"}},
		Accesses: []registry.Access{
			{Verb: "watch", Resource: "pods"}, {Verb: "list", Resource: "pods"}, {Verb: "list", Resource: "nodes"}, {Verb: "watch", Resource: "nodes"},
			{Verb: "list", Resource: "pods"}, // another subcommand wants it too
			{Verb: "create", Resource: "pods", Subresource: "eviction"},
			{Verb: "list", Group: "apps", Resource: "deployments"},
			{Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-system"},
		},
	}
	objects := role.Objects()
	if len(objects) != 4 {
		t.Fatalf("%d objects", len(objects))
	}
	cluster, is := objects[0].(*rbacv1.ClusterRole)
	if !is {
		t.Fatalf("%T", objects[0])
	}
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods/eviction"}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"nodes", "pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
	}
	if diff := cmp.Diff(want, cluster.Rules); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	binding, is := objects[3].(*rbacv1.RoleBinding)
	if !is || binding.Namespace != "kube-system" || binding.RoleRef.Kind != "Role" || binding.Subjects[0].Name != "ann" {
		t.Errorf("%+v", objects[3])
	}
	role.Subjects = nil
	if n := len(role.Objects()); n != 2 {
		t.Errorf("without subjects: %d objects", n)
	}
}
