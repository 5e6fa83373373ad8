// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestBudgetsThatNeverAllow are refused before a node is cordoned.
func TestBudgetsThatNeverAllow(t *testing.T) {
	t.Parallel()
	everything := &metav1.LabelSelector{}
	tests := []struct {
		name                         string
		replicas                     int32
		minAvailable, maxUnavailable string
		selector                     *metav1.LabelSelector
		second                       bool
		code                         string
		words                        []string
	}{
		{name: "max-unavailable-zero", replicas: 3, maxUnavailable: "0", code: "VU-201", words: []string{"maxUnavailable 0"}},
		{name: "max-unavailable-zero-percent", replicas: 3, maxUnavailable: "0%", code: "VU-201", words: []string{"maxUnavailable 0%"}},
		{name: "min-available-all", replicas: 3, minAvailable: "100%", code: "VU-201", words: []string{"minAvailable 100%"}},
		{name: "min-available-replicas", replicas: 2, minAvailable: "2", code: "VU-202", words: []string{"minAvailable 2 of 2"}},
		{name: "rounds-up", replicas: 3, minAvailable: "67%", code: "VU-202", words: []string{"67%", "rounded up to 3"}},
		{name: "selects-everything", replicas: 2, minAvailable: "2", selector: everything, code: "VU-202", words: []string{"pdb/"}},
		{name: "two-budgets", replicas: 3, maxUnavailable: "1", second: true, code: "VU-203", words: []string{"app and other", "kubectl delete pdb"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := shared.Get(t).NewScope(t, "budget-"+tt.name)
			c.Pool("pdb", 3)
			c.Pool("spare", 3)
			c.StatefulSet("app", tt.replicas, harness.OnPool("pdb"), quick)
			c.Ready("app", int(tt.replicas))
			c.PDB("app", tt.minAvailable, tt.maxUnavailable, tt.selector)
			if tt.second {
				c.PDB("other", "", "1", everything)
			}
			c.Ready("app", int(tt.replicas))
			report := drainReport(t, c.Plugin(t, "drain-pool", "pdb", "--yes", "-o", "json").Want(t, 2))
			if report.Outcome != "Blocked" {
				t.Errorf("outcome %s", report.Outcome)
			}
			wantFinding(t, report.Findings, tt.code, tt.words...)
			if n, err := c.CordonedNodes(t.Context(), "pdb"); err != nil || n != 0 {
				t.Errorf("%d nodes were cordoned (%v)", n, err)
			}
		})
	}
}

// TestBudgetsThatAllow are kept to the last pod.
func TestBudgetsThatAllow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                         string
		minAvailable, maxUnavailable string
		selector                     *metav1.LabelSelector
		floor                        int
	}{
		{name: "max-unavailable-one", maxUnavailable: "1", floor: 5},
		{name: "percent-rounds-up", maxUnavailable: "1%", floor: 5},
		{name: "min-available", minAvailable: "4", floor: 5}, // the update strategy is stricter: 25 % of 6, rounded down
		{name: "selects-everything", maxUnavailable: "1", selector: &metav1.LabelSelector{}, floor: 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := shared.Get(t).NewScope(t, "allow-"+tt.name)
			c.Pool("pdb", 2)
			c.Deployment("app", 6, harness.Annotate("sandbox.upgrade.vantiq.com/stop-fast", "100ms"), harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "500ms"))
			c.Ready("app", 6)
			c.Pool("spare", 2)
			c.PDB("app", tt.minAvailable, tt.maxUnavailable, tt.selector)
			c.Ready("app", 6)
			pods := c.Record(t, c.Name, "app=app")
			report := drainReport(t, c.Plugin(t, "drain-pool", "pdb", "--yes", "-o", "json").Want(t, 0))
			if got := report.Result.Workloads[0]; got.Floor != tt.floor || pods.Lowest() < tt.floor || got.LowestReady < tt.floor {
				t.Errorf("floor %d, want %d; lowest seen %d, reported %d", got.Floor, tt.floor, pods.Lowest(), got.LowestReady)
			}
			if len(report.Plan.Waves) != 6 {
				t.Errorf("%d waves for 6 pods of which 1 may be away", len(report.Plan.Waves))
			}
		})
	}
}
