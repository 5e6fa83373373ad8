// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// TestNextSteps: after a drain that is done the pool is to be given back, once, as
// long as a cordon of it is ours.
func TestNextSteps(t *testing.T) {
	done := func(id string, command ...string) *journal.Run {
		return &journal.Run{ID: id, Command: command, Outcome: journal.OutcomeDone}
	}
	cordon := func(run string, state v1alpha1.ChangeState) v1alpha1.ChangeStatus {
		return v1alpha1.ChangeStatus{Run: run, Mode: "cordon", State: state}
	}
	stopped := done("s", "drain-pool", "vantiqnp")
	stopped.Outcome = journal.OutcomeStopped
	ours := []v1alpha1.ChangeStatus{cordon("a", v1alpha1.ChangeOurs), cordon("b", v1alpha1.ChangeOurs), cordon("c", v1alpha1.ChangeOurs), cordon("s", v1alpha1.ChangeOurs)}
	tests := map[string]struct {
		changes []v1alpha1.ChangeStatus
		runs    []*journal.Run
		want    []string
	}{
		"a drain":                 {ours, []*journal.Run{done("a", "drain-pool", "metricsnp", "--pod-timeout=1m")}, []string{"uncordon-pool metricsnp"}},
		"by a selector":           {ours, []*journal.Run{done("a", "drain-pool", "--selector=a=b", "--force")}, []string{"uncordon-pool --selector=a=b"}},
		"two of a pool":           {ours, []*journal.Run{done("a", "drain-pool", "x"), done("b", "drain-pool", "x"), done("c", "drain-pool", "y")}, []string{"uncordon-pool x", "uncordon-pool y"}},
		"one that stopped":        {ours, []*journal.Run{stopped}, nil},
		"given back":              {nil, []*journal.Run{done("a", "drain-pool", "x")}, nil},
		"uncordoned by others":    {[]v1alpha1.ChangeStatus{cordon("a", v1alpha1.ChangeReverted)}, []*journal.Run{done("a", "drain-pool", "x")}, nil},
		"a pause":                 {[]v1alpha1.ChangeStatus{{Run: "a", Mode: "surge", State: v1alpha1.ChangeOurs}}, []*journal.Run{done("a", "pause-pdb-blockers")}, nil},
		"a run without a command": {ours, []*journal.Run{done("a")}, nil},
	}
	o := &statusOptions{command: func(subcommand string, args ...string) string {
		return strings.Join(append([]string{subcommand}, args...), " ")
	}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, o.nextSteps(test.changes, test.runs)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
