// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// hanging begins the further lines of a finding on a terminal, where it is broken
// between words.
const hanging = "    "

// Findings prints findings: what it is about and the cause on one line, what
// mends it on the next; and at their end, once, what tells more about a code.
func Findings(w io.Writer, findings []v1alpha1.Finding, style Style) {
	findingLines(w, findings, style)
	explainFirst(w, findings, style)
}

// firstFindings prints as many of the findings as a table has rows, and says how
// many are left out.
func firstFindings(w io.Writer, findings []v1alpha1.Finding, style Style, wide bool) {
	n := shown(len(findings), wide)
	findingLines(w, findings[:n], style)
	tail(w, len(findings)-n, "finding")
	explainFirst(w, findings, style)
}

func findingLines(w io.Writer, findings []v1alpha1.Finding, style Style) {
	for _, f := range findings {
		line := fmt.Sprintf("%s %s %s: %s", style.Severity(f.Severity), f.Code, style.Bold(oneLine(f.Object)), oneLine(f.Message))
		fmt.Fprintln(w, wrappedCommands(line, style.room(), 0, hanging))
		if f.Remedy != "" {
			fmt.Fprintln(w, "  "+wrappedCommands("→ "+oneLine(f.Remedy), style.room(), len("  "), hanging))
		}
	}
}

// explainFirst names the command that explains the first of the codes; how it
// explains the others is seen from it.
func explainFirst(w io.Writer, findings []v1alpha1.Finding, style Style) {
	if len(findings) > 0 {
		fmt.Fprintln(w, style.Faint("About a code: kubectl vantiq-upgrade explain "+findings[0].Code))
	}
}

// counts says how many errors and warnings there are.
func counts(findings []v1alpha1.Finding) (errors, warnings int) {
	for _, f := range findings {
		switch f.Severity {
		case v1alpha1.SeverityError:
			errors++
		case v1alpha1.SeverityWarning:
			warnings++
		case v1alpha1.SeverityInfo:
		}
	}
	return errors, warnings
}

// plural writes a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
