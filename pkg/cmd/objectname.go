// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import "strings"

// canonicalName turns the name of an object as kubectl takes it into ours, which
// the journal and the findings have: deploy/a/b and Deployments.apps/a/b become
// deployment/a/b. Without a group a kind is one of Kubernetes' own; those of other
// groups keep it, as cluster.Kind does: StatefulSets.apps.kruise.io/a/b becomes
// statefulset.apps.kruise.io/a/b. What is of another kind is left as it is.
func canonicalName(name string) string {
	kind, rest, isObject := strings.Cut(name, "/")
	if !isObject {
		return name
	}
	plain, group, _ := strings.Cut(strings.ToLower(kind), ".")
	for _, known := range objectKinds() {
		for _, word := range known.words {
			switch {
			case word != plain:
			case known.hasGroup(group):
				return known.name + "/" + rest
			default:
				return known.name + "." + group + "/" + rest
			}
		}
	}
	if group != "" {
		return plain + "." + group + "/" + rest
	}
	return name
}

// canonicalNames does so for a list.
func canonicalNames(names []string) []string {
	canonical := make([]string, 0, len(names))
	for _, name := range names {
		canonical = append(canonical, canonicalName(name))
	}
	return canonical
}

// objectKind is a kind of object: our name of it, and how kubectl knows it.
type objectKind struct {
	name  string
	words []string
	group string
}

func objectKinds() []objectKind {
	return []objectKind{
		{name: "deployment", words: []string{"deployment", "deployments", "deploy"}, group: "apps"},
		{name: "statefulset", words: []string{"statefulset", "statefulsets", "sts"}, group: "apps"},
		{name: "replicaset", words: []string{"replicaset", "replicasets", "rs"}, group: "apps"},
		{name: "daemonset", words: []string{"daemonset", "daemonsets", "ds"}, group: "apps"},
		{name: "job", words: []string{"job", "jobs"}, group: "batch"},
		{name: "pdb", words: []string{"pdb", "poddisruptionbudget", "poddisruptionbudgets"}, group: "policy"},
		{name: "node", words: []string{"node", "nodes", "no"}},
	}
}

// hasGroup reports whether what stands behind the first dot of a kind is its
// group, perhaps with a version before it: apps, v1.apps. Mostly there is nothing.
func (k objectKind) hasGroup(group string) bool {
	_, unversioned, versioned := strings.Cut(group, ".")
	return group == "" || group == k.group || versioned && unversioned == k.group
}
