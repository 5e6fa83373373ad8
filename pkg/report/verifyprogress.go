// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// firstOnes is how many findings are told of one look.
const firstOnes = 10

// VerifyProgress gives the lines of the living area between two looks: how many
// looks there were and how many in a row held, the time left, the checks that do
// not hold, and the first findings.
func VerifyProgress(r *v1alpha1.VerifyReport, left time.Duration, width, height int, style Style) []string {
	var text strings.Builder
	fmt.Fprintln(&text, lookLine(r, left))
	checks := missing(r.Checks)
	longest := 0
	for i := range checks {
		longest = max(longest, visible(checkWord(checks[i].State)))
	}
	for i := range checks {
		c := &checks[i]
		word := checkWord(c.State)
		line := strings.Repeat(" ", longest-visible(word)+1) + oneLine(c.Title)
		if c.Detail != "" {
			line += ": " + oneLine(c.Detail)
		}
		fmt.Fprintln(&text, checkColour(c.State, style)(word)+line)
	}
	// The first line, the checks, and one that says how many more there are.
	n := min(len(r.Findings), firstOnes, max(height-len(checks)-3, 0))
	for i := range r.Findings[:n] {
		f := &r.Findings[i]
		fmt.Fprintf(&text, "%s %s %s: %s\n", style.Severity(f.Severity), f.Code, oneLine(f.Object), oneLine(f.Message))
	}
	if more := len(r.Findings) - n; more > 0 {
		fmt.Fprintf(&text, "and %s\n", plural(more, "more finding"))
	}
	return Screen(text.String(), width, height)
}

// VerifyChanges writes what another look has shown: a line for the look when
// something is another than before, and a line for every change. before is nil for
// the first one. It reports whether there was anything to write.
func VerifyChanges(w io.Writer, before, after *v1alpha1.VerifyReport, left time.Duration) bool {
	if before == nil {
		before = &v1alpha1.VerifyReport{}
	}
	lines := append(changedChecks(before.Checks, after.Checks), changedFindings(before.Findings, after.Findings)...)
	if len(lines) == 0 && inARow(before) == inARow(after) && before.Looks != nil {
		return false
	}
	VerifyStands(w, after, left)
	for _, line := range lines {
		fmt.Fprintln(w, after.Time.Local().Format(time.TimeOnly)+"   "+line)
	}
	return true
}

// VerifyStands writes how a look stands, in one line.
func VerifyStands(w io.Writer, r *v1alpha1.VerifyReport, left time.Duration) {
	fmt.Fprintln(w, r.Time.Local().Format(time.TimeOnly)+" "+lookLine(r, left))
}

// lookLine says how the looks stand: all holds, 2 of 3 in a row; 12m left. Looks are
// not numbered: those on a change, between two that count, would look like holes.
func lookLine(r *v1alpha1.VerifyReport, left time.Duration) string {
	state := plural(len(missing(r.Checks)), "check") + " not as wanted"
	errors, _ := counts(r.Findings)
	switch {
	case r.Outcome == v1alpha1.VerifyPassed:
		state = "all holds"
	case len(missing(r.Checks)) == 0: // only what is outside the checks has an error
		state = plural(errors, "error")
	}
	line := state
	if l := r.Looks; l != nil {
		line = fmt.Sprintf("%s, %d of %d in a row", state, l.InARow, l.Wanted)
	}
	return line + "; " + max(left, 0).Round(time.Second).String() + " left"
}

func inARow(r *v1alpha1.VerifyReport) int {
	if r.Looks == nil {
		return 0
	}
	return r.Looks.InARow
}

// missing are the checks that do not hold, those that block first.
func missing(checks []v1alpha1.Check) []v1alpha1.Check {
	var out []v1alpha1.Check
	for i := range checks {
		switch checks[i].State {
		case v1alpha1.CheckFailed, v1alpha1.CheckNotChecked, v1alpha1.CheckWarning:
			out = append(out, checks[i])
		case v1alpha1.CheckOK, v1alpha1.CheckSkipped:
		}
	}
	slices.SortStableFunc(out, func(a, b v1alpha1.Check) int { return cmp.Compare(weight(a.State), weight(b.State)) })
	return out
}

// weight puts a warning behind what blocks.
func weight(state v1alpha1.CheckState) int {
	if state == v1alpha1.CheckWarning {
		return 1
	}
	return 0
}

// changedChecks has a line for every check whose state is another one, or that
// does not hold and has another detail.
func changedChecks(before, after []v1alpha1.Check) []string {
	was := make(map[string]v1alpha1.Check, len(before))
	for i := range before {
		was[before[i].Name] = before[i]
	}
	var lines []string
	for i := range after {
		c := &after[i]
		old, known := was[c.Name]
		holds := c.State == v1alpha1.CheckOK || c.State == v1alpha1.CheckSkipped
		if old == *c || holds && (!known || old.State == c.State) {
			continue
		}
		state := checkWord(c.State)
		if known && old.State != c.State {
			state = checkWord(old.State) + " -> " + state
		}
		line := oneLine(c.Title) + ": " + state
		if c.Detail != "" {
			line += ", " + oneLine(c.Detail)
		}
		lines = append(lines, line)
	}
	return lines
}

// changedFindings has a line for every finding that is new, as far as there are not
// too many, and for every one that is gone.
func changedFindings(before, after []v1alpha1.Finding) []string {
	lines := limited(without(after, before), "new:  ")
	return append(lines, limited(without(before, after), "gone: ")...)
}

func limited(findings []v1alpha1.Finding, word string) []string {
	var lines []string
	for i := range findings[:min(len(findings), firstOnes)] {
		f := &findings[i]
		lines = append(lines, fmt.Sprintf("%s%s %s %s: %s", word, f.Severity, f.Code, oneLine(f.Object), oneLine(f.Message)))
	}
	if more := len(findings) - len(lines); more > 0 {
		lines = append(lines, word+plural(more, "more finding"))
	}
	return lines
}

// without are the findings about objects and codes that the others are not about:
// what a message says (for how long, how many) may change from look to look.
func without(findings, others []v1alpha1.Finding) []v1alpha1.Finding {
	type about struct{ code, object string }
	told := make(map[about]bool, len(others))
	for i := range others {
		told[about{others[i].Code, others[i].Object}] = true
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f v1alpha1.Finding) bool { return told[about{f.Code, f.Object}] })
}
