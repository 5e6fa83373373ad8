// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Findings prints findings: what it is about and the cause on one line, what
// mends it on the next.
func Findings(w io.Writer, findings []v1alpha1.Finding, style Style) {
	for _, f := range findings {
		fmt.Fprintf(w, "%s %s %s: %s\n", style.Severity(f.Severity), f.Code, style.Bold(f.Object), f.Message)
		if f.Remedy != "" {
			fmt.Fprintf(w, "  → %s\n", f.Remedy)
		}
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
