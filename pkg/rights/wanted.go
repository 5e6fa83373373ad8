// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// Asker is who wants rights: a subcommand, or one of its flags.
type Asker struct {
	Name  string
	Needs []registry.Need
}

// Askers are subcommands, and their flags that want more rights.
func Askers(subcommands []registry.Subcommand) []Asker {
	var all []Asker
	for _, s := range subcommands {
		all = append(all, Asker{s.Name, s.Needs()})
		for _, flag := range s.FlagNames() {
			all = append(all, Asker{s.Name + " --" + flag, s.FlagNeeds(flag)})
		}
	}
	return all
}

// ToLook keeps of what is wanted what takes no right to change anything: so much as
// subcommands that only look, and dry runs, want.
func ToLook(askers []Asker) []Asker {
	return keep(askers, func(n registry.Need) bool { return n.Looks })
}

func keep(askers []Asker, wanted func(registry.Need) bool) []Asker {
	all := make([]Asker, 0, len(askers))
	for _, a := range askers {
		kept := Asker{Name: a.Name}
		for _, n := range a.Needs {
			if wanted(n) {
				kept.Needs = append(kept.Needs, n)
			}
		}
		all = append(all, kept)
	}
	return all
}

// Wanted are the rights that are wanted, each once, in the order of their
// namespaces, groups and resources. One in a namespace is left out where somebody
// wants the same in the whole cluster.
func Wanted(askers []Asker) []v1alpha1.Right {
	var all []v1alpha1.Right
	at := map[registry.Access]int{}
	add := func(clusterWide bool) {
		for _, asker := range askers {
			for _, n := range asker.Needs {
				if (n.Namespace == "") != clusterWide {
					continue
				}
				everywhere := n.Access
				everywhere.Namespace = ""
				i, known := at[everywhere]
				if !known {
					i, known = at[n.Access]
				}
				if !known {
					i = len(all)
					at[n.Access] = i
					all = append(all, v1alpha1.Right{Verb: n.Verb, Group: n.Group, Resource: n.Path(), Name: n.Name, Namespace: n.Namespace})
				}
				note(&all[i], asker.Name, n)
			}
		}
	}
	add(true)
	add(false)
	slices.SortFunc(all, func(a, b v1alpha1.Right) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Name, b.Name), compareVerbs(a.Verb, b.Verb))
	})
	return all
}

// note notes who wants a right, and why.
func note(r *v1alpha1.Right, asker string, n registry.Need) {
	if n.IsOptional() {
		r.Without = append(r.Without, v1alpha1.Loss{Subcommand: asker, Loss: n.Without})
	} else if !slices.Contains(r.For, asker) { // it may want the same in a namespace
		r.For = append(r.For, asker)
	}
	r.Why = cmp.Or(r.Why, n.Why)
}

// compareVerbs orders verbs as people list them: what looks before what changes.
func compareVerbs(a, b string) int {
	order := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	return cmp.Or(slices.Index(order, a)-slices.Index(order, b), cmp.Compare(a, b))
}

// Lacks reports whether a right that somebody cannot do without is denied, or may be:
// what is not known is not given. What the server does not have needs no right.
func Lacks(r *v1alpha1.Right) bool {
	return len(r.For) > 0 && (r.State == v1alpha1.RightDenied || r.State == v1alpha1.RightUnknown)
}

// Subcommands say for each asker whether it has all that it cannot do without.
func Subcommands(askers []Asker, all []v1alpha1.Right) []v1alpha1.SubcommandRights {
	list := make([]v1alpha1.SubcommandRights, 0, len(askers))
	for _, asker := range askers {
		lacks := slices.ContainsFunc(all, func(r v1alpha1.Right) bool { return slices.Contains(r.For, asker.Name) && Lacks(&r) })
		list = append(list, v1alpha1.SubcommandRights{Name: asker.Name, Complete: !lacks})
	}
	return list
}

// Without leaves the rights on a resource out, by its name with or without its API
// group. It is an error where somebody cannot do without them, or nobody wants them.
func Without(askers []Asker, resource string) ([]Asker, error) {
	var needed []string
	found := false
	left := keep(askers, func(n registry.Need) bool { return n.Path() != resource && n.Kind() != resource })
	for i, asker := range askers {
		lost := len(asker.Needs) - len(left[i].Needs)
		found = found || lost > 0
		if slices.ContainsFunc(asker.Needs, func(n registry.Need) bool {
			return !n.IsOptional() && (n.Path() == resource || n.Kind() == resource)
		}) {
			needed = append(needed, asker.Name)
		}
	}
	switch {
	case !found:
		return nil, fmt.Errorf("no subcommand asks for rights on %q", resource)
	case len(needed) > 0:
		return nil, fmt.Errorf("%s cannot do without %s", strings.Join(needed, ", "), resource)
	}
	return left, nil
}

// Optional are the resources that Without can leave out.
func Optional(askers []Asker) []string {
	var all []string
	for _, asker := range askers {
		for _, n := range asker.Needs {
			if _, err := Without(askers, n.Path()); err == nil && !slices.Contains(all, n.Path()) {
				all = append(all, n.Path())
			}
		}
	}
	slices.Sort(all)
	return all
}
