// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package registry reads plugins.yaml: what each subcommand does, changes,
// needs and returns.
package registry

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	vantiqupgrade "github.com/vantiq-upgrade/kubectl-vantiq-upgrade"
)

// Registry is the content of plugins.yaml.
type Registry struct {
	APIVersion  string       `json:"apiVersion"`
	Kind        string       `json:"kind"`
	Binary      string       `json:"binary"`
	Subcommands []Subcommand `json:"subcommands"`
}

// Subcommand is one entry.
type Subcommand struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Mutates says whether it changes anything in the cluster.
	Mutates bool `json:"mutates"`
	// ExitCodes are those it can end with.
	ExitCodes []int `json:"exitCodes"`
	// RBAC is everything that it asks of the API server.
	RBAC []Rule `json:"rbac"`
	// Flags are those with which it does, and needs, more.
	Flags []Flag `json:"flags,omitempty"`
}

// Flag is a flag with which a subcommand changes something.
type Flag struct {
	Name string `json:"name"`
	// RBAC is what it asks of the API server besides.
	RBAC []Rule `json:"rbac"`
}

// Rule is a rule of a ClusterRole, or of a Role when Namespace is set.
type Rule struct {
	APIGroups []string `json:"apiGroups"`
	// Resources may name a subresource: pods/eviction.
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
	Namespace string   `json:"namespace,omitempty"`
}

// Access is one verb on one resource.
type Access struct {
	Verb, Group, Resource, Subresource, Namespace string
}

// String is how a missing right is shown: create pods/eviction.
func (a Access) String() string {
	s := a.Verb + " " + a.Resource
	if a.Subresource != "" {
		s += "/" + a.Subresource
	}
	if a.Group != "" {
		s += "." + a.Group
	}
	if a.Namespace != "" {
		s += " in namespace " + a.Namespace
	}
	return s
}

// Load reads the embedded registry.
func Load() (*Registry, error) {
	r := &Registry{}
	if err := yaml.UnmarshalStrict(vantiqupgrade.PluginsYAML(), r); err != nil {
		return nil, fmt.Errorf("plugins.yaml: %w", err)
	}
	return r, nil
}

// Subcommand returns an entry by name.
func (r *Registry) Subcommand(name string) (Subcommand, error) {
	for _, s := range r.Subcommands {
		if s.Name == name {
			return s, nil
		}
	}
	return Subcommand{}, fmt.Errorf("plugins.yaml has no subcommand %q", name)
}

// CanMutate reports whether it can change anything, be it by a flag.
func (s Subcommand) CanMutate() bool { return s.Mutates || len(s.Flags) > 0 }

// FlagNames are the flags with which it does, and needs, more.
func (s Subcommand) FlagNames() []string {
	names := make([]string, 0, len(s.Flags))
	for _, flag := range s.Flags {
		names = append(names, flag.Name)
	}
	return names
}

// Accesses lists every single right that the subcommand needs with these flags.
func (s Subcommand) Accesses(flags ...string) []Access {
	rules := slices.Clone(s.RBAC)
	for _, flag := range s.Flags {
		if slices.Contains(flags, flag.Name) {
			rules = append(rules, flag.RBAC...)
		}
	}
	return accesses(rules)
}

// FlagAccesses lists every single right that a flag needs besides.
func (s Subcommand) FlagAccesses(flag string) []Access {
	for i := range s.Flags {
		if s.Flags[i].Name == flag {
			return accesses(s.Flags[i].RBAC)
		}
	}
	return nil
}

func accesses(rules []Rule) []Access {
	var all []Access
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				name, sub, _ := strings.Cut(resource, "/")
				for _, verb := range rule.Verbs {
					all = append(all, Access{Verb: verb, Group: group, Resource: name, Subresource: sub, Namespace: rule.Namespace})
				}
			}
		}
	}
	return all
}
