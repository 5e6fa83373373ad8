// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e holds the suite against a real control plane: the real eviction
// API, disruption controller, StatefulSet controller and scheduler.
package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// lanes are how many tests with nodes and pods of their own go on side by side.
const lanes = 3

// shared are the sandboxes of tests that bring their own nodes and pods. The tests
// of a layout take turns beside them, with a sandbox each.
var shared, layouts = harness.NewLanes(lanes), harness.NewLanes(2)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// drainReport reads a DrainReport from a result's stdout.
func drainReport(t *testing.T, r harness.Result) *v1alpha1.DrainReport {
	t.Helper()
	report := &v1alpha1.DrainReport{}
	if err := json.Unmarshal([]byte(r.Stdout), report); err != nil {
		t.Fatalf("stdout is no DrainReport: %v\nstdout:\n%s\nstderr:\n%s", err, r.Stdout, r.Stderr)
	}
	return report
}

// wantFinding fails unless a finding has the code and its text all the words.
func wantFinding(t *testing.T, findings []v1alpha1.Finding, code string, words ...string) {
	t.Helper()
	for _, f := range findings {
		text := f.Object + " " + f.Message + " " + f.Remedy
		if f.Code == code && containsAll(text, words) {
			return
		}
	}
	t.Errorf("no finding %s with %q in %+v", code, words, findings)
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// wantOneLine fails unless stderr is a single line with all the words.
func wantOneLine(t *testing.T, r harness.Result, words ...string) {
	t.Helper()
	text := strings.TrimSuffix(r.Stderr, "\n")
	if strings.Contains(text, "\n") || !containsAll(text, words) {
		t.Errorf("stderr should be one line with %q:\n%s", words, r.Stderr)
	}
}
