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
	if len(r.Differences) > 0 {
		heading := "Changed since the snapshot; what has a code is a finding, the rest is as an upgrade has it:"
		fmt.Fprintln(w, "\n"+wrapped(heading, style.room(), 0, ""))
	}
	for _, group := range differenceGroups(r.Differences) {
		own := differencesOf(group, r.Differences, wide)
		if len(own) == 0 {
			continue
		}
		n := shown(len(own), wide)
		t := differencesTable(group, own[:n], wide, false)
		if !wide && style.width > 0 && !t.fits(style.width) {
			t = differencesTable(group, own[:n], wide, true)
		}
		if err := printApart(w, t, style, wide); err != nil {
			return err
		}
		tail(w, len(own)-n, "difference")
	}
	return nil
}

// differencesTable is the table of a group. On a narrow terminal kinds are short,
// and what both values begin with is left away.
func differencesTable(group v1alpha1.DifferenceGroup, own []v1alpha1.Difference, wide, short bool) *table {
	t := newTable("^"+strings.ToUpper(oneLine(string(group))), "~FIELD", "^BEFORE", "^-> AFTER", "CODE")
	for i := range own {
		d := &own[i]
		name, before, after := differing(d.Object, wide), oneLine(d.Before), oneLine(d.After)
		if short {
			name = shortKind(name)
			before, after = withoutBeginning(before, after)
		}
		t.add(name, oneLine(d.Field), orNone(before), "-> "+orNone(after), d.Code)
	}
	return t
}

// shortKind names a workload the way that the other tables do: sts app/mongodb.
func shortKind(name string) string {
	kind, rest, _ := strings.Cut(name, "/")
	namespace, own, namespaced := strings.Cut(rest, "/")
	if !namespaced {
		return name
	}
	return workload(kindOf(kind), namespace, own)
}

// withoutBeginning takes away what two values begin with, up to a slash, a colon or
// an at sign: of two images of one repository the tags are left.
func withoutBeginning(before, after string) (string, string) {
	same := 0
	for same < min(len(before), len(after)) && before[same] == after[same] {
		same++
	}
	end := strings.LastIndexAny(before[:same], "/:@") + 1
	if end < leastCutWidth || end == len(before) || end == len(after) {
		return before, after
	}
	return before[end:], after[end:]
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
