// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

// Rights lists rights by resource: the verbs on it, and who wants them.
func Rights(w io.Writer, all []v1alpha1.Right, style Style, wide bool) error {
	t := newTable("^RESOURCE", "VERBS", "NAMESPACE", "NEEDED", "+WANTED BY")
	for _, line := range rightLines(all) {
		t.add(line.resource, strings.Join(line.verbs, ","), line.namespace, line.needed, strings.Join(line.wantedBy, ", "))
	}
	return t.print(w, style, wide)
}

// RightsReport lists what the current user lacks, and with -o wide every right. grant
// is the command that prints the roles.
func RightsReport(w io.Writer, r *v1alpha1.RightsReport, grant string, style Style, wide bool) error {
	word := style.Bold(style.Green("Complete"))
	if !r.Complete {
		word = style.Bold(style.Red("Incomplete"))
	}
	fmt.Fprintf(w, "%s: %s\n", word, countStates(r.Rights))
	shown := r.Rights
	if !wide {
		shown = slices.DeleteFunc(slices.Clone(shown), func(one v1alpha1.Right) bool { return one.State == v1alpha1.RightAllowed })
	}
	if len(shown) > 0 {
		fmt.Fprintln(w)
		t := newTable("STATE", "VERBS", "^RESOURCE", "NAMESPACE", "NEEDED", "+WANTED BY", "+REASON")
		for _, line := range rightLines(shown) {
			t.add(line.state, strings.Join(line.verbs, ","), line.resource, line.namespace, line.needed, strings.Join(line.wantedBy, ", "), line.reason)
		}
		if err := t.print(w, style, wide); err != nil {
			return err
		}
	}
	usable(w, r, style)
	goingWithout(w, r, style)
	if !r.Complete {
		fmt.Fprintf(w, "\nNext: an administrator of the cluster applies what this prints:\n  %s\n", style.Bold(grant+" --operator=user:NAME"))
	}
	return nil
}

// countStates says how many rights are in which state.
func countStates(all []v1alpha1.Right) string {
	counts := map[v1alpha1.RightState]int{}
	for i := range all {
		counts[all[i].State]++
	}
	var parts []string
	for _, state := range []v1alpha1.RightState{v1alpha1.RightAllowed, v1alpha1.RightDenied, v1alpha1.RightUnknown, v1alpha1.RightNotApplicable} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	return strings.Join(parts, ", ")
}

// usable names the subcommands that can be used, and those that cannot.
func usable(w io.Writer, r *v1alpha1.RightsReport, style Style) {
	var can, cannot []string
	for _, s := range r.Subcommands {
		if s.Complete {
			can = append(can, s.Name)
		} else {
			cannot = append(cannot, s.Name)
		}
	}
	fmt.Fprintln(w)
	const label, indent = "%-9s", "         "
	for _, line := range []struct {
		label string
		names []string
	}{{"Can use:", can}, {"Cannot:", cannot}} {
		if len(line.names) > 0 {
			fmt.Fprintf(w, label+"%s\n", line.label, wrapped(strings.Join(line.names, ", "), style.textWidth(), len(indent), indent))
		}
	}
}

// goingWithout says what is lost without the optional rights that are missing.
func goingWithout(w io.Writer, r *v1alpha1.RightsReport, style Style) {
	type lost struct{ verb, loss string }
	var losses []lost
	resources := map[lost][]string{}
	for i := range r.Rights {
		right := &r.Rights[i]
		if right.State != v1alpha1.RightDenied && right.State != v1alpha1.RightUnknown {
			continue
		}
		for _, loss := range right.Without {
			l := lost{right.Verb, loss.Loss}
			if resources[l] == nil {
				losses = append(losses, l)
			}
			if !slices.Contains(resources[l], rights.Kind(right)) {
				resources[l] = append(resources[l], rights.Kind(right))
			}
		}
	}
	if len(losses) > 0 {
		fmt.Fprintln(w)
	}
	for _, l := range losses {
		fmt.Fprintln(w, wrapped(fmt.Sprintf("Without %s %s: %s", l.verb, strings.Join(resources[l], ", "), l.loss), style.textWidth(), 0, "  "))
	}
}

// rightLine are the rights on one resource in one place that are in one state.
type rightLine struct {
	resource, namespace, needed, reason string
	state                               v1alpha1.RightState
	verbs, wantedBy                     []string
}

// rightLines put the verbs together on which the same is to be said.
func rightLines(all []v1alpha1.Right) []rightLine {
	var lines []rightLine
	for i := range all {
		line := newRightLine(&all[i])
		at := slices.IndexFunc(lines, func(l rightLine) bool {
			return l.resource == line.resource && l.namespace == line.namespace && l.needed == line.needed && l.reason == line.reason &&
				l.state == line.state && slices.Equal(l.wantedBy, line.wantedBy)
		})
		if at < 0 {
			lines = append(lines, line)
		} else {
			lines[at].verbs = append(lines[at].verbs, line.verbs...)
		}
	}
	return lines
}

func newRightLine(r *v1alpha1.Right) rightLine {
	line := rightLine{
		resource: rights.Kind(r), namespace: r.Namespace, needed: "yes", reason: r.Reason,
		state: r.State, verbs: []string{r.Verb}, wantedBy: rights.WantedBy(r),
	}
	if r.Name != "" {
		line.resource += "/" + r.Name
	}
	if line.namespace == "" {
		line.namespace = "<all>"
	}
	if len(r.For) == 0 {
		line.needed = "optional"
	}
	return line
}
