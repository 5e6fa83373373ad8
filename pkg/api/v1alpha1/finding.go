// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Severity says what a finding does to the verdict.
type Severity string

const (
	// SeverityError blocks: the command ends with exit code 2 or 3.
	SeverityError Severity = "Error"
	// SeverityWarning is shown and does not block.
	SeverityWarning Severity = "Warning"
	// SeverityInfo is shown for completeness.
	SeverityInfo Severity = "Info"
)

// Finding is one thing that the operator should know, on one line: what it is
// about, the cause, and the command that mends it. Codes are listed in
// docs/codes.md.
type Finding struct {
	// Code is stable across releases, e.g. "VU-201".
	Code string `json:"code"`
	// Severity is Error, Warning or Info.
	Severity Severity `json:"severity"`
	// Object names what the finding is about as kind/namespace/name, or
	// kind/name where there is no namespace.
	Object string `json:"object"`
	// Message is the cause, one line.
	Message string `json:"message"`
	// Remedy is a command or an action that mends it, one line.
	Remedy string `json:"remedy,omitempty"`
}
