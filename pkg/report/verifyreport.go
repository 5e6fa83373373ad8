// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// VerifyReport prints whether all is as it was, for people: the verdict, the
// checks, what was found, what changed, what was left out, and what a person has to
// look at. With -o wide nothing is left out or put together.
func VerifyReport(w io.Writer, r *v1alpha1.VerifyReport, next Next, style Style, wide bool) error {
	word, rest := verifyVerdict(r)
	fmt.Fprintf(w, "%s: %s\n", verdictColour(r.Outcome, style)(word), wrapped(rest, style.room(), len(word)+len(": "), ""))
	if r.Looks != nil {
		fmt.Fprintf(w, "Waited: %s\n", waited(r.Looks))
	}
	fmt.Fprintln(w)
	if err := printChecks(w, r.Checks, style, wide); err != nil {
		return err
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(w)
		firstFindings(w, r.Findings, style, wide)
	}
	printIgnored(w, r.Ignored, style, wide)
	for _, part := range []func(io.Writer, *v1alpha1.VerifyReport, Style, bool) error{printDifferences, printTrouble, printProbes} {
		if err := part(w, r, style, wide); err != nil {
			return err
		}
	}
	printChecklist(w, r.Checklist, style)
	printVerifyNext(w, r, next)
	return nil
}

// verifyVerdict is the verdict in a sentence, its first word apart.
func verifyVerdict(r *v1alpha1.VerifyReport) (word, rest string) {
	n := countChecks(r.Checks)
	var said []string
	switch r.Outcome {
	case v1alpha1.VerifyPassed:
		word, said = "Passed", append(said, plural(n.made, "check"))
	case v1alpha1.VerifyFailed:
		word, said = "Failed", append(said, fmt.Sprintf("%d of %s", n.failed, plural(n.made+n.unmade, "check")))
		if n.failed == 0 { // only what is outside the checks has an error
			errors, _ := counts(r.Findings)
			said[0] = plural(errors, "error")
		}
	case v1alpha1.VerifyNotChecked:
		word, said = "Not checked", append(said, fmt.Sprintf("%d of %s could not be made", n.unmade, plural(n.made+n.unmade, "check")))
	}
	if n.unmade > 0 && r.Outcome != v1alpha1.VerifyNotChecked {
		said = append(said, fmt.Sprintf("%d could not be made", n.unmade))
	}
	if n.warned > 0 {
		said = append(said, fmt.Sprintf("%d with warnings", n.warned))
	}
	if len(r.Ignored) > 0 {
		said = append(said, plural(len(r.Ignored), "finding")+" ignored")
	}
	return word, strings.Join(said, ", ") + "; " + comparedWith(r)
}

// waited says how --wait looked, and how many of the last looks held.
func waited(l *v1alpha1.Looks) string {
	took := time.Duration(l.Seconds * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s in %s; the last %d in a row held, of %d wanted", plural(l.Total, "look"), took, l.InARow, l.Wanted)
}

// checkCounts counts checks by their states; made are those that were not skipped
// and could be made.
type checkCounts struct {
	made, failed, warned, unmade int
}

func countChecks(checks []v1alpha1.Check) checkCounts {
	var n checkCounts
	for i := range checks {
		switch checks[i].State {
		case v1alpha1.CheckOK:
			n.made++
		case v1alpha1.CheckFailed:
			n.made++
			n.failed++
		case v1alpha1.CheckWarning:
			n.made++
			n.warned++
		case v1alpha1.CheckNotChecked:
			n.unmade++
		case v1alpha1.CheckSkipped:
		}
	}
	return n
}

func comparedWith(r *v1alpha1.VerifyReport) string {
	if r.Baseline == nil {
		return "compared with no snapshot"
	}
	text := "compared with " + oneLine(r.Baseline.Source) + " of " + bothZones(r.Baseline.Time.Time)
	if r.Baseline.Version != "" {
		text += ", " + oneLine(r.Baseline.Version) + " then"
	}
	return text
}

func verdictColour(outcome v1alpha1.VerifyOutcome, style Style) func(string) string {
	if outcome == v1alpha1.VerifyPassed {
		return style.Green
	}
	return style.Red
}

// checkWord is the state of a check as tables have it.
func checkWord(state v1alpha1.CheckState) string {
	if state == v1alpha1.CheckNotChecked {
		return "Not checked"
	}
	return string(state)
}

// checkColour colours the state of a check by its weight.
func checkColour(state v1alpha1.CheckState, style Style) func(string) string {
	switch state {
	case v1alpha1.CheckOK:
		return style.Green
	case v1alpha1.CheckFailed, v1alpha1.CheckNotChecked:
		return style.Red
	case v1alpha1.CheckWarning:
		return style.Yellow
	case v1alpha1.CheckSkipped:
	}
	return style.Faint
}

// printChecks has a row for every check, with its state in colour.
func printChecks(w io.Writer, checks []v1alpha1.Check, style Style, wide bool) error {
	t := newTable("STATE", "~CHECK", "~DETAIL", "+NAME")
	for i := range checks {
		c := &checks[i]
		t.add(checkWord(c.State), oneLine(c.Title), oneLine(c.Detail), c.Name)
	}
	var plain bytes.Buffer
	if err := t.print(&plain, style, wide); err != nil {
		return err
	}
	header, rows, _ := strings.Cut(plain.String(), "\n")
	fmt.Fprintln(w, header)
	// The table pads by bytes, so the colour comes afterwards.
	for i, row := range strings.SplitAfter(rows, "\n") {
		if i < len(checks) {
			word := checkWord(checks[i].State)
			row = checkColour(checks[i].State, style)(word) + strings.TrimPrefix(row, word)
		}
		fmt.Fprint(w, row)
	}
	return nil
}

// printIgnored shows what --ignore took out of the verdict, and why.
func printIgnored(w io.Writer, ignored []v1alpha1.IgnoredFinding, style Style, wide bool) {
	if len(ignored) == 0 {
		return
	}
	fmt.Fprintln(w, "\nLeft out of the verdict by --ignore:")
	n := shown(len(ignored), wide)
	for i := range ignored[:n] {
		f := &ignored[i].Finding
		fmt.Fprintf(w, "%s %s %s: %s\n", style.Faint(string(f.Severity)), f.Code, oneLine(f.Object), oneLine(f.Message))
		fmt.Fprintf(w, "  %s: %s\n", oneLine(ignored[i].Rule), oneLine(ignored[i].Reason))
	}
	tail(w, len(ignored)-n, "finding")
}

// printChecklist shows what only a person can look at.
func printChecklist(w io.Writer, items []v1alpha1.ChecklistItem, style Style) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintln(w, "\nFor a person to look at:")
	const mark = "[ ] "
	for _, item := range items {
		text := mark + oneLine(item.Text)
		if item.Where != "" {
			text = mark + oneLine(item.Where) + ": " + oneLine(item.Text)
		}
		fmt.Fprintln(w, wrapped(text, style.room(), 0, strings.Repeat(" ", len(mark))))
	}
}

// printVerifyNext says on the last lines what to do next.
func printVerifyNext(w io.Writer, r *v1alpha1.VerifyReport, next Next) {
	var todo string
	switch r.Outcome {
	case v1alpha1.VerifyFailed:
		todo = "mend what is named above"
	case v1alpha1.VerifyNotChecked:
		todo = "ask for what is missing above"
	case v1alpha1.VerifyPassed:
		printPassed(w, r)
		return
	}
	if next.Again == "" {
		fmt.Fprintf(w, "\nNext: %s.\n", todo)
		return
	}
	fmt.Fprintf(w, "\nNext: %s, then %s\n", todo, next.Again)
}

// printPassed says what follows a cluster that is well. That the upgrade is done can
// be said only where it is known what it was to lead to.
func printPassed(w io.Writer, r *v1alpha1.VerifyReport) {
	switch {
	case len(r.Checklist) == 0:
	case r.Baseline == nil:
		fmt.Fprintln(w, "\nNext: go through the list above. Before an upgrade: kubectl vantiq-upgrade snapshot")
	case r.Target == "":
		fmt.Fprintln(w, "\nNext: go through the list above.")
	default:
		fmt.Fprintln(w, "\nNext: go through the list above; then the upgrade is done.")
	}
}
