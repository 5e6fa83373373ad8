// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import "testing"

// TestMissingRightsError: one right a line, each in the words of the findings.
func TestMissingRightsError(t *testing.T) {
	err := &missingRightsError{subcommand: "uncordon-pool", rights: []string{"patch nodes", "get leases.coordination.k8s.io in namespace kube-system"}}
	want := `2 rights missing; nothing was touched
  the current user may not patch nodes
  the current user may not get leases.coordination.k8s.io in namespace kube-system
ask for the role that this prints: kubectl vantiq-upgrade rbac uncordon-pool`
	if got := err.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if code := ErrorCode(&ExitError{Code: codeBlocked, Err: err}); code != "VU-217" {
		t.Errorf("its code is %q", code)
	}
}
