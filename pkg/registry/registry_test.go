// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
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
			rules := s.RBAC
			for _, flag := range s.Flags {
				rules = append(slices.Clip(rules), flag.RBAC...)
				if got := slices.ContainsFunc(s.FlagAccesses(flag.Name), isChange); got != flag.Mutates {
					t.Errorf("--%s: mutates is %v, its rights say %v", flag.Name, flag.Mutates, got)
				}
			}
			for _, rule := range rules {
				if len(rule.APIGroups) == 0 || len(rule.Resources) == 0 || len(rule.Verbs) == 0 {
					t.Errorf("a rule without groups, resources or verbs grants nothing: %+v", rule)
				}
				// Least privilege.
				if slices.Contains(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs), "*") {
					t.Errorf("a rule with a wildcard: %+v", rule)
				}
			}
			if s.CanMutate() != slices.Contains(s.ExitCodes, 4) {
				t.Errorf("mutates %v, exit codes %v", s.CanMutate(), s.ExitCodes)
			}
			all := s.Accesses(s.FlagNames()...)
			if s.Delegates { // it has no rights to change anything of its own
				if !s.Mutates || slices.ContainsFunc(all, isChange) {
					t.Errorf("mutates %v, rights %v", s.Mutates, all)
				}
				return
			}
			if changes := slices.ContainsFunc(s.Accesses(), isChange); changes != s.Mutates {
				t.Errorf("mutates is %v, its rights say %v", s.Mutates, changes)
			}
			// One operator at a time: what changes something takes the lock, and
			// may find it taken.
			locks := slices.Contains(all, registry.Access{Verb: "update", Group: "coordination.k8s.io", Resource: "leases", Namespace: journal.Namespace, Name: journal.LeaseName})
			if s.CanMutate() != locks {
				t.Errorf("mutates %v, may lock %v", s.CanMutate(), locks)
			}
		})
	}
}

// isChange reports whether a right is one to change something.
func isChange(a registry.Access) bool {
	return !slices.Contains([]string{"get", "list", "watch"}, a.Verb)
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
	if got := (registry.Subcommand{}).Accesses(); len(got) != 0 {
		t.Errorf("no rules give %v", got)
	}
}

// TestNeeds: what is essential for anything is essential; what a dry run wants is what
// lists and watches.
func TestNeeds(t *testing.T) {
	list := func(without string) registry.Rule {
		return registry.Rule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"list"}, Namespace: "one", Without: without, Why: "why"}
	}
	s := registry.Subcommand{RBAC: []registry.Rule{list("nobody is reminded")}, Flags: []registry.Flag{
		{Name: "move", Mutates: true, RBAC: []registry.Rule{list(""), {APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "delete", "watch"}, ResourceNames: []string{"a", "b"}}}},
		{Name: "wait", RBAC: []registry.Rule{{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get"}}}},
	}}
	if n := s.Needs(); len(n) != 1 || !n[0].IsOptional() || n[0].Why != "why" || !n[0].Looks {
		t.Errorf("%+v", n)
	}
	if !s.CanMutate() || s.Mutates {
		t.Errorf("%+v", s)
	}
	n := s.Needs("move", "wait")
	var all []string
	for _, need := range n {
		all = append(all, fmt.Sprintf("%s optional=%t looks=%t", need.Access, need.IsOptional(), need.Looks))
	}
	want := []string{
		"list configmaps in namespace one optional=false looks=true",
		"get pods named a optional=false looks=false", "get pods named b optional=false looks=false",
		"delete pods named a optional=false looks=false", "delete pods named b optional=false looks=false",
		"watch pods named a optional=false looks=true", "watch pods named b optional=false looks=true",
		"get deployments.apps optional=false looks=true",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := s.FlagAccesses("wait"); len(n) != 1 || n[0].Kind() != "deployments.apps" {
		t.Errorf("%+v", n)
	}
	if n := s.FlagAccesses("no"); len(n) != 0 {
		t.Errorf("%+v", n)
	}
}
