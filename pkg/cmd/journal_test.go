// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"strings"
	"testing"
)

func TestIsSameWork(t *testing.T) {
	tests := []struct {
		one, other string
		same       bool
	}{
		{"drain-pool old", "drain-pool old", true},
		{"drain-pool old --timeout=5m0s", "drain-pool old --timeout=1h0m0s", true},
		{"drain-pool old", "drain-pool old --pod-timeout=1h0m0s --unschedulable-timeout=1m0s", true},
		{"drain-pool old", "drain-pool new", false},
		{"drain-pool old --force", "drain-pool old", false},
		{"drain-pool old --max-unavailable=1", "drain-pool old --max-unavailable=2", false},
	}
	for _, tt := range tests {
		if got := isSameWork(strings.Fields(tt.one), strings.Fields(tt.other)); got != tt.same {
			t.Errorf("%q and %q: %t", tt.one, tt.other, got)
		}
	}
}
