// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// environment answers getenv with the given variables.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// terminal opens a pseudo terminal, or skips the test where there is none.
func terminal(t *testing.T) *os.File {
	t.Helper()
	file, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if !IsTerminal(file) {
		t.Skip("/dev/ptmx is no terminal here")
	}
	return file
}

func TestNewStyle(t *testing.T) {
	none := environment(nil)
	if !NewStyle("always", io.Discard, environment(map[string]string{"NO_COLOR": "1"})).on {
		t.Error("always is not always")
	}
	for _, mode := range []string{"auto", ""} {
		if NewStyle(mode, &strings.Builder{}, none).on {
			t.Errorf("mode %q colours what is no terminal", mode)
		}
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	if NewStyle("auto", writer, none).on {
		t.Error("auto colours a pipe")
	}
}

func TestNewStyleOnATerminal(t *testing.T) {
	file := terminal(t)
	tests := map[string]struct {
		mode        string
		environment map[string]string
		want        bool
	}{
		"auto":                        {"auto", nil, true},
		"auto, TERM set":              {"auto", map[string]string{"TERM": "xterm"}, true},
		"auto, NO_COLOR":              {"auto", map[string]string{"NO_COLOR": "0"}, false},
		"auto, NO_COLOR set to empty": {"auto", map[string]string{"NO_COLOR": ""}, true},
		"auto, dumb terminal":         {"auto", map[string]string{"TERM": "dumb"}, false},
		"never":                       {"never", nil, false},
		"always, dumb terminal":       {"always", map[string]string{"TERM": "dumb"}, true},
	}
	if got := NewStyle("never", file, environment(nil)).width; got != usualWidth {
		t.Errorf("%d columns", got)
	}
	for name, test := range tests {
		if got := NewStyle(test.mode, file, environment(test.environment)).on; got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestStyle(t *testing.T) {
	on, off := Style{on: true}, Style{}
	tests := map[string]struct{ got, want string }{
		"bold":    {on.Bold("x"), "\x1b[1mx\x1b[0m"},
		"red":     {on.Red("x"), "\x1b[31mx\x1b[0m"},
		"yellow":  {on.Yellow("x"), "\x1b[33mx\x1b[0m"},
		"green":   {on.Green("x"), "\x1b[32mx\x1b[0m"},
		"faint":   {on.Faint("x"), "\x1b[2mx\x1b[0m"},
		"off":     {off.Bold("x") + off.Red("x") + off.Severity(v1alpha1.SeverityError), "xxError"},
		"error":   {on.Severity(v1alpha1.SeverityError), on.Red("Error")},
		"warning": {on.Severity(v1alpha1.SeverityWarning), on.Yellow("Warning")},
		"info":    {on.Severity(v1alpha1.SeverityInfo), on.Faint("Info")},
	}
	for name, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", name, test.got, test.want)
		}
	}
}
