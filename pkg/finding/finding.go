// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package finding holds the one table of finding codes and builds findings
// from it, so that every message of the suite carries a code, an object, a
// cause and the command that mends it.
package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// New returns a finding of code with its default severity. Newlines in the
// message (server errors have them) become spaces: tables cut at a newline.
func New(code Code, object, message, remedy string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Code:     string(code),
		Severity: describe(code).Severity,
		Object:   object,
		Message:  oneLine(message),
		Remedy:   oneLine(remedy),
	}
}

// Newf is New with a formatted message and no remedy.
func Newf(code Code, object, format string, args ...any) v1alpha1.Finding {
	return New(code, object, fmt.Sprintf(format, args...), "")
}

// WithSeverity returns f with another severity, for the few codes whose weight
// depends on a flag (a permission given by --force is a warning, not a blocker).
func WithSeverity(f v1alpha1.Finding, s v1alpha1.Severity) v1alpha1.Finding {
	f.Severity = s
	return f
}

// HasErrors reports whether any finding blocks.
func HasErrors(findings []v1alpha1.Finding) bool {
	return slices.ContainsFunc(findings, func(f v1alpha1.Finding) bool {
		return f.Severity == v1alpha1.SeverityError
	})
}

// Sort orders findings: errors first, then by code and object.
func Sort(findings []v1alpha1.Finding) {
	slices.SortStableFunc(findings, func(a, b v1alpha1.Finding) int {
		return cmp.Or(
			cmp.Compare(rank(a.Severity), rank(b.Severity)),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Object, b.Object),
		)
	})
}

func rank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityError:
		return 0
	case v1alpha1.SeverityWarning:
		return 1
	case v1alpha1.SeverityInfo:
		return 2
	}
	return 3
}

func describe(code Code) Entry {
	for _, e := range Table() {
		if e.Code == code {
			return e
		}
	}
	// A code outside the table is a programming error that the test of this
	// package finds; at night it must still block rather than pass.
	return Entry{Code: code, Severity: v1alpha1.SeverityError}
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
