// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report prints results: tables for people, every kubectl output format
// for programs.
package report

import (
	"os"

	"golang.org/x/term"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Style is how a stream is written: words in colour or as they are, and tables
// that keep to its width.
type Style struct {
	on bool
	// width is that of the terminal; 0 for what is none, where nothing is cut.
	width int
}

// NewStyle decides about a stream. Its colour: mode is auto, always or never.
// auto colours a terminal unless NO_COLOR is set to something (no-color.org) or
// TERM is dumb.
func NewStyle(mode string, stream any, getenv func(string) string) Style {
	style := Style{}
	if IsTerminal(stream) {
		style.width, _ = TerminalSize(stream)()
	}
	switch mode {
	case "always":
		style.on = true
	case "never":
	default:
		style.on = style.width > 0 && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	return style
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	file, isFile := stream.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd()))
}

func (s Style) paint(code, text string) string {
	if !s.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold is for names.
func (s Style) Bold(text string) string { return s.paint("1", text) }

// Red is for what blocks.
func (s Style) Red(text string) string { return s.paint("31", text) }

// Yellow is for warnings.
func (s Style) Yellow(text string) string { return s.paint("33", text) }

// Green is for what went well.
func (s Style) Green(text string) string { return s.paint("32", text) }

// Faint is for what matters less.
func (s Style) Faint(text string) string { return s.paint("2", text) }

// Severity colours a severity by its weight.
func (s Style) Severity(severity v1alpha1.Severity) string {
	switch severity {
	case v1alpha1.SeverityError:
		return s.Red(string(severity))
	case v1alpha1.SeverityWarning:
		return s.Yellow(string(severity))
	case v1alpha1.SeverityInfo:
	}
	return s.Faint(string(severity))
}
