// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// likeLines is how many differences of the same kind of object, field and values
// are put together on one line.
const likeLines = 3

// differenceGroups are the groups, in the order in which an operator looks at them;
// one that is not known comes last.
func differenceGroups(differences []v1alpha1.Difference) []v1alpha1.DifferenceGroup {
	groups := []v1alpha1.DifferenceGroup{
		v1alpha1.DifferenceNodes, v1alpha1.DifferenceWorkloads, v1alpha1.DifferencePods, v1alpha1.DifferenceStorage,
		v1alpha1.DifferenceNetwork, v1alpha1.DifferencePolicy, v1alpha1.DifferenceExtras,
	}
	for i := range differences {
		if !slices.Contains(groups, differences[i].Group) {
			groups = append(groups, differences[i].Group)
		}
	}
	return groups
}

// differencesOf are those of a group: unless all are wanted, with many alike ones
// put together.
func differencesOf(group v1alpha1.DifferenceGroup, differences []v1alpha1.Difference, all bool) []v1alpha1.Difference {
	var own []v1alpha1.Difference
	for i := range differences {
		if differences[i].Group == group {
			own = append(own, differences[i])
		}
	}
	if all {
		return own
	}
	return together(own)
}

// together replaces differences that are alike but for their object by one that
// says of how many objects, at the place of the first.
func together(differences []v1alpha1.Difference) []v1alpha1.Difference {
	alike := map[v1alpha1.Difference]int{}
	for i := range differences {
		alike[anyObject(differences[i])]++
	}
	out := make([]v1alpha1.Difference, 0, len(differences))
	for _, d := range differences {
		kind := anyObject(d)
		switch n := alike[kind]; {
		case n == 0: // told already
			continue
		case n >= likeLines:
			d.Object = fmt.Sprintf("%d %s", n, several(kind.Object))
			delete(alike, kind)
		}
		out = append(out, d)
	}
	return out
}

// anyObject is a difference of any object of its kind.
func anyObject(d v1alpha1.Difference) v1alpha1.Difference {
	d.Object, _, _ = strings.Cut(d.Object, "/")
	return d
}

// several is the plural of a kind.
func several(kind string) string {
	resource, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Kind: kind})
	return resource.Resource
}

// printDifferences has a table for every group, which its first column names.
func printDifferences(w io.Writer, r *v1alpha1.VerifyReport, style Style, wide bool) error {
	for _, group := range differenceGroups(r.Differences) {
		own := differencesOf(group, r.Differences, wide)
		if len(own) == 0 {
			continue
		}
		t := newTable("^"+strings.ToUpper(oneLine(string(group))), "~FIELD", "^BEFORE", "^-> AFTER", "CODE")
		n := shown(len(own), wide)
		for i := range own[:n] {
			d := &own[i]
			t.add(differing(d.Object, wide), oneLine(d.Field), orNone(oneLine(d.Before)), "-> "+orNone(oneLine(d.After)), d.Code)
		}
		if err := printApart(w, t, style, wide); err != nil {
			return err
		}
		tail(w, len(own)-n, "difference")
	}
	return nil
}

// printApart prints a table below an empty line.
func printApart(w io.Writer, t *table, style Style, wide bool) error {
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return t.print(w, style, wide)
}

// differing is how a table names an object: kind/namespace/name as findings have
// it, a node by its short name.
func differing(name string, wide bool) string {
	if node, isNode := strings.CutPrefix(name, "node/"); isNode {
		return "node/" + shortNode(oneLine(node), wide)
	}
	return oneLine(name)
}
