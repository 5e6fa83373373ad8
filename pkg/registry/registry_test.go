// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// load fails on a field that the registry does not know, too.
func load(t *testing.T) *registry.Registry {
	t.Helper()
	r, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegistry(t *testing.T) {
	r := load(t)
	if r.APIVersion != v1alpha1.GroupVersion().String() || r.Kind != "PluginRegistry" || r.Binary != "kubectl-vantiq_upgrade" {
		t.Errorf("got %s, %s, %s", r.APIVersion, r.Kind, r.Binary)
	}
	seen := map[string]bool{}
	for _, s := range r.Subcommands {
		t.Run(s.Name, func(t *testing.T) {
			if s.Name == "" || s.Summary == "" || seen[s.Name] {
				t.Errorf("no name, no summary, or listed twice: %+v", s)
			}
			seen[s.Name] = true
			if !slices.IsSorted(s.ExitCodes) || !slices.Contains(s.ExitCodes, 0) || !slices.Contains(s.ExitCodes, 1) {
				t.Errorf("exit codes %v: want them in order, with 0 and 1", s.ExitCodes)
			}
			for _, rule := range s.RBAC {
				if len(rule.APIGroups) == 0 || len(rule.Resources) == 0 || len(rule.Verbs) == 0 {
					t.Errorf("a rule without groups, resources or verbs grants nothing: %+v", rule)
				}
				// Least privilege.
				if slices.Contains(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs), "*") {
					t.Errorf("a rule with a wildcard: %+v", rule)
				}
			}
			if changes := changes(s); changes != s.Mutates {
				t.Errorf("mutates is %v, its rights say %v", s.Mutates, changes)
			}
			if changes := changes(s, s.FlagNames()...); changes != s.CanMutate() {
				t.Errorf("with its flags: mutates is %v, its rights say %v", s.CanMutate(), changes)
			}
			// One operator at a time: what changes something takes the lock, and
			// may find it taken.
			locks := slices.Contains(s.Accesses(s.FlagNames()...), registry.Access{Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: "kube-system"})
			if s.CanMutate() != locks || s.CanMutate() != slices.Contains(s.ExitCodes, 4) {
				t.Errorf("mutates %v, may lock %v, exit codes %v", s.CanMutate(), locks, s.ExitCodes)
			}
		})
	}
}

// changes reports whether a subcommand has the right to change anything with these
// flags.
func changes(s registry.Subcommand, flags ...string) bool {
	return slices.ContainsFunc(s.Accesses(flags...), func(a registry.Access) bool {
		return !slices.Contains([]string{"get", "list", "watch"}, a.Verb)
	})
}

func TestSubcommand(t *testing.T) {
	s, err := load(t).Subcommand("drain-pool")
	if err != nil || !s.Mutates {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := load(t).Subcommand("drain"); err == nil || err.Error() != `plugins.yaml has no subcommand "drain"` {
		t.Errorf("got %v", err)
	}
}

func TestAccesses(t *testing.T) {
	s := registry.Subcommand{RBAC: []registry.Rule{
		{APIGroups: []string{""}, Resources: []string{"nodes", "pods/eviction"}, Verbs: []string{"get", "create"}},
		{APIGroups: []string{"apps", "extensions"}, Resources: []string{"deployments"}, Verbs: []string{"list"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"update"}, Namespace: "kube-system"},
	}}
	var got []string
	for _, a := range s.Accesses() {
		got = append(got, a.String())
	}
	want := []string{
		"get nodes", "create nodes", "get pods/eviction", "create pods/eviction",
		"list deployments.apps", "list deployments.extensions",
		"update leases.coordination.k8s.io in namespace kube-system",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if eviction := s.Accesses()[3]; eviction.Resource != "pods" || eviction.Subresource != "eviction" {
		t.Errorf("got %+v", eviction)
	}
	if got := (registry.Subcommand{}).Accesses(); got != nil {
		t.Errorf("no rules give %v", got)
	}
}
