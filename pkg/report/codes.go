// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Codes lists codes, one line each.
func Codes(w io.Writer, codes []v1alpha1.FindingCode, style Style, wide bool) error {
	t := newTable("CODE", "SEVERITY", "~MEANING", "+WHY", "+MEND")
	for i := range codes {
		c := &codes[i]
		t.add(c.Name, c.Severity, c.Meaning, c.Why, c.Mend)
	}
	return t.print(w, style, wide)
}

// Explain says all about codes, in running text.
func Explain(w io.Writer, codes []v1alpha1.FindingCode, style Style) {
	for i := range codes {
		if i > 0 {
			fmt.Fprintln(w)
		}
		c := &codes[i]
		column := len(c.Name) + len(c.Severity) + len("  :")
		fmt.Fprintf(w, "%s %s: %s\n", style.Bold(c.Name), style.Severity(c.Severity), wrapped(c.Meaning, style.textWidth(), column, strings.Repeat(" ", len(c.Name)+1)))
		paragraph(w, "Why it matters: ", c.Why, style)
		paragraph(w, "How to mend it: ", c.Mend, style)
	}
}

// paragraph writes text beside its heading.
func paragraph(w io.Writer, heading, text string, style Style) {
	const margin = "  "
	indent := margin + strings.Repeat(" ", len(heading))
	fmt.Fprintln(w, margin+style.Faint(heading)+wrapped(text, style.textWidth(), len(indent), indent))
}
