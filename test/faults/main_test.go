// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package faults drains through a proxy that answers, delays and breaks what
// passes, kills drains, and changes the cluster under them. It has sandboxes of
// its own, so that it can run beside test/e2e.
package faults

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// lanes are how many tests go on side by side. The longest tests are split among
// them.
const lanes = 3

// shared are the sandboxes of all tests.
var shared = harness.NewLanes(lanes)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := shared.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// proxyTo starts a proxy before the sandbox's API server.
func proxyTo(t *testing.T, s *harness.Sandbox) *faultproxy.Proxy {
	t.Helper()
	cert, err := os.ReadFile(filepath.Join(s.Dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(s.Dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	return faultproxy.Start(t, s.Config, cert, key)
}

// number reads a number from the environment.
func number(t *testing.T, variable string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
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
		missing := false
		for _, word := range words {
			missing = missing || !strings.Contains(text, word)
		}
		if f.Code == code && !missing {
			return
		}
	}
	t.Errorf("no finding %s with %q in %+v", code, words, findings)
}

// split runs a test in parts that go on side by side, each in a lane of its own,
// and returns when all have ended.
func split(t *testing.T, parts int, run func(t *testing.T, part int)) {
	t.Helper()
	t.Run("parts", func(t *testing.T) {
		for part := range parts {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				run(t, part)
			})
		}
	})
}
