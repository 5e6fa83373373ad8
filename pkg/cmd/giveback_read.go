// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// foundOurs is what a command is about, and the journal.
type foundOurs struct {
	relief.Inventory
	runs []*journal.Run
	// findings are about the journal, not about objects.
	findings []v1alpha1.Finding
}

// question asks before anything is given back. Where the journal is lost it says so:
// then the operator's word stands for it.
func (g *giveBack) question(found foundOurs) string {
	unrecorded := 0
	for _, h := range found.Held {
		if h.Unrecorded {
			unrecorded++
		}
	}
	what := "Give back " + counted(len(found.Held), "change")
	if unrecorded > 0 {
		what += fmt.Sprintf(" (of %d the journal knows nothing, only the mark on the object)", unrecorded)
	}
	if len(found.Held) == 0 && slices.ContainsFunc(found.Strays, relief.Stray.CanGo) {
		what = "Remove marks that say nothing any more"
	}
	return what + " in " + g.conn.describe() + "?"
}

// read finds what is to be given back. Marks that are not acted on are told.
func (g *giveBack) read(ctx context.Context, book *notebook) (*v1alpha1.RestoreReport, foundOurs, error) {
	runs, all, findings, err := book.held(ctx)
	if err != nil {
		return nil, foundOurs{}, err
	}
	chosen, err := g.choose(runs, all)
	if err != nil {
		return nil, foundOurs{}, err
	}
	out := g.emptyReport()
	out.Findings = append(out.Findings, slices.Concat(findings, relief.StrayFindings(chosen.Strays))...)
	for _, h := range chosen.Held {
		out.Restored = append(out.Restored, relief.RestoredField(h))
		if h.Unrecorded {
			out.Findings = append(out.Findings, h.MarkOnly())
		}
	}
	finding.Sort(out.Findings)
	return out, foundOurs{Inventory: chosen, runs: runs, findings: findings}, nil
}

// markOnly tells of what only marks told of, as it stands now.
func markOnly(held []relief.Held, fields []v1alpha1.RestoredField) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for i, h := range held {
		switch {
		case !h.Unrecorded:
		case isTouched(fields[i]):
			findings = append(findings, h.MarkOnlyGivenBack())
		default:
			findings = append(findings, h.MarkOnly())
		}
	}
	return findings
}
