// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package registry reads plugins.yaml: what each subcommand does, changes,
// needs and returns.
package registry

import (
	"fmt"
	"slices"

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
	// Delegates says that it changes things by running another subcommand, with the
	// rights of that one.
	Delegates bool `json:"delegates,omitempty"`
	// ExitCodes are those it can end with.
	ExitCodes []int `json:"exitCodes"`
	// RBAC is everything that it asks of the API server.
	RBAC []Rule `json:"rbac"`
	// Flags are those with which it needs more.
	Flags []Flag `json:"flags,omitempty"`
}

// Flag is a flag with which a subcommand does more, and needs more rights.
type Flag struct {
	Name string `json:"name"`
	// Mutates says whether it changes anything in the cluster.
	Mutates bool `json:"mutates"`
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
	// ResourceNames are the only objects that it is for; none means all.
	ResourceNames []string `json:"resourceNames,omitempty"`
	// Without makes the rule optional: it says what the subcommand, which goes on
	// without these rights, cannot do then, and how it tells. A rule without it is
	// essential.
	Without string `json:"without,omitempty"`
	// Why explains a right that looks like more than is needed.
	Why string `json:"why,omitempty"`
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
func (s Subcommand) CanMutate() bool {
	return s.Mutates || slices.ContainsFunc(s.Flags, func(f Flag) bool { return f.Mutates })
}

// FlagNames are the flags with which it needs more.
func (s Subcommand) FlagNames() []string {
	names := make([]string, 0, len(s.Flags))
	for _, flag := range s.Flags {
		names = append(names, flag.Name)
	}
	return names
}
