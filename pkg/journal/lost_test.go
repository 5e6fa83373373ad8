// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// TestMayBeLost: a run that the journal does not have is lost only where neither
// pruning nor an older run explains it.
func TestMayBeLost(t *testing.T) {
	const id = "20261123-103305-x7k2p"
	ended := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	closed := func(n int) []*journal.Run {
		var runs []*journal.Run
		for i := range n {
			runs = append(runs, &journal.Run{ID: fmt.Sprintf("20261124-0000%02d-aaaaa", i), Ended: &ended, Outcome: journal.OutcomeDone})
		}
		return runs
	}
	tests := map[string]struct {
		runs []*journal.Run
		want bool
	}{
		"no run at all":                  {nil, true},
		"only newer ones":                {closed(3), true},
		"newer ones that are open":       {[]*journal.Run{{ID: "20261124-000000-aaaaa"}}, true},
		"as many as are kept":            {closed(journal.Kept), false},
		"one less than are kept":         {closed(journal.Kept - 1), true},
		"an older one":                   {[]*journal.Run{{ID: "20261101-000000-aaaaa"}}, false},
		"one of the same second":         {[]*journal.Run{{ID: "20261123-103305-aaaaa"}}, false},
		"newer ones and an older one":    {append(closed(2), &journal.Run{ID: "20261101-000000-aaaaa"}), false},
		"a damaged one does not make up": {append(closed(journal.Kept-1), &journal.Run{ID: "20261125-000000-aaaaa", Damaged: true}), true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := journal.MayBeLost(test.runs, id); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
