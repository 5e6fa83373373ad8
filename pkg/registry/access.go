// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strings"
)

// Access is one verb on one resource.
type Access struct {
	Verb, Group, Resource, Subresource, Namespace string
	// Name is that of the only object; empty means all.
	Name string
}

// String is how a missing right is shown: create pods/eviction.
func (a Access) String() string {
	s := a.Verb + " " + a.Kind()
	if a.Name != "" {
		s += " named " + a.Name
	}
	if a.Namespace != "" {
		s += " in namespace " + a.Namespace
	}
	return s
}

// Kind is the resource as kubectl names it: poddisruptionbudgets.policy.
func (a Access) Kind() string {
	s := a.Path()
	if a.Group != "" {
		s += "." + a.Group
	}
	return s
}

// Path is the resource as a rule names it: pods/eviction.
func (a Access) Path() string { return strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/") }

// Need is a right that a subcommand asks for.
type Need struct {
	Access
	// Without is what it cannot do without the right; empty where it does nothing
	// at all without it.
	Without string
	// Why explains a right that looks like more than is needed.
	Why string
	// Looks says that the right is wanted for looking: by what changes nothing, or by
	// the dry run of what does.
	Looks bool
}

// IsOptional reports whether a subcommand goes on without the right.
func (n Need) IsOptional() bool { return n.Without != "" }

// Needs are the rights that the subcommand wants with these flags, each once. One
// that is essential for anything is essential.
func (s Subcommand) Needs(flags ...string) []Need {
	all := needs(s.RBAC, s.Mutates)
	for _, flag := range s.Flags {
		if slices.Contains(flags, flag.Name) {
			all = merge(all, needs(flag.RBAC, flag.Mutates))
		}
	}
	return all
}

// FlagNeeds are the rights that a flag wants besides.
func (s Subcommand) FlagNeeds(name string) []Need {
	for _, flag := range s.Flags {
		if flag.Name == name {
			return needs(flag.RBAC, flag.Mutates)
		}
	}
	return nil
}

// Accesses are the rights of Needs.
func (s Subcommand) Accesses(flags ...string) []Access { return accesses(s.Needs(flags...)) }

// FlagAccesses are the rights of FlagNeeds.
func (s Subcommand) FlagAccesses(flag string) []Access { return accesses(s.FlagNeeds(flag)) }

func accesses(needs []Need) []Access {
	all := make([]Access, 0, len(needs))
	for _, n := range needs {
		all = append(all, n.Access)
	}
	return all
}

func needs(rules []Rule, mutates bool) []Need {
	var all []Need
	for _, rule := range rules {
		all = merge(all, rule.needs(mutates))
	}
	return all
}

// needs are the single rights of a rule. A dry run of what changes something lists
// and watches; single objects are read when they are changed.
func (r Rule) needs(mutates bool) []Need {
	names := r.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	all := make([]Need, 0, len(r.APIGroups)*len(r.Resources)*len(r.Verbs)*len(names))
	for _, group := range r.APIGroups {
		for _, path := range r.Resources {
			resource, sub, _ := strings.Cut(path, "/")
			for _, verb := range r.Verbs {
				for _, name := range names {
					all = append(all, Need{
						Access:  Access{Verb: verb, Group: group, Resource: resource, Subresource: sub, Namespace: r.Namespace, Name: name},
						Without: r.Without, Why: r.Why, Looks: !mutates || verb == "list" || verb == "watch",
					})
				}
			}
		}
	}
	return all
}

// merge adds needs that are not there yet.
func merge(all, more []Need) []Need {
	for _, n := range more {
		i := slices.IndexFunc(all, func(have Need) bool { return have.Access == n.Access })
		if i < 0 {
			all = append(all, n)
			continue
		}
		have := &all[i]
		if !n.IsOptional() {
			have.Without = ""
		}
		if have.Why == "" {
			have.Why = n.Why
		}
		have.Looks = have.Looks || n.Looks
	}
	return all
}
