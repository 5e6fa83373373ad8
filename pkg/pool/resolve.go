// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// UnknownError says that no pool has a name, and which there are.
type UnknownError struct {
	Name       string
	Candidates []string
}

func (e *UnknownError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("no pool %q: no node of this cluster carries a pool label; choose the nodes with --selector", e.Name)
	}
	return fmt.Sprintf("no pool %q; this cluster has: %s", e.Name, strings.Join(e.Candidates, ", ")) + spelling.DidYouMean(e.Name, e.Candidates)
}

// AmbiguousError says that a name fits several pools.
type AmbiguousError struct {
	Name       string
	Candidates []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("pool %q is ambiguous: %s; give the exact name, or choose the nodes with --selector", e.Name, strings.Join(e.Candidates, ", "))
}

// Resolve finds the pool that name means: by its exact name, else without
// regard to case, else also without the suffix "-nodegroup".
func Resolve(pools []Pool, name string) (Pool, error) {
	ways := []func(pool string) bool{
		func(pool string) bool { return pool == name },
		func(pool string) bool { return strings.EqualFold(pool, name) },
		func(pool string) bool { return profile.NormalPoolName(pool) == profile.NormalPoolName(name) },
	}
	for _, fits := range ways {
		var found []Pool
		for _, p := range pools {
			if p.Name != "" && fits(p.Name) {
				found = append(found, p)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return Pool{}, &AmbiguousError{Name: name, Candidates: candidates(found, true)}
		}
	}
	return Pool{}, &UnknownError{Name: name, Candidates: candidates(pools, false)}
}

// Select makes a pool of the nodes that a label selector matches. It has a role
// when all of them belong to pools of one role.
func Select(nodes []*corev1.Node, selector labels.Selector, p *profile.Profile) (Pool, error) {
	selected := Pool{Name: selector.String(), Provider: providerSelector}
	for _, node := range nodes {
		if selector.Matches(labels.Set(node.Labels)) {
			selected.Nodes = append(selected.Nodes, node)
		}
	}
	if len(selected.Nodes) == 0 {
		return Pool{}, fmt.Errorf("no node matches the selector %q", selector.String())
	}
	selected = finish(selected, nil)
	for i, pool := range List(selected.Nodes, p) {
		if i > 0 && pool.Role != selected.Role {
			selected.Role = ""
			break
		}
		selected.Role = pool.Role
	}
	return selected, nil
}

func candidates(pools []Pool, withProvider bool) []string {
	var names []string
	for _, p := range pools {
		switch {
		case p.Name == "":
		case withProvider:
			names = append(names, p.Name+" ("+p.Provider+")")
		default:
			names = append(names, p.Name)
		}
	}
	return names
}
