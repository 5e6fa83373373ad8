// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// goOn makes ready for changes: it closes what is left of earlier pauses of the
// same, and adds what an earlier attempt of the run has begun. The findings name
// what somebody else has changed of that meanwhile, and what the API server refuses to
// close; it is left alone.
func (h *hunt) goOn(ctx context.Context, book *notebook, t *talk, run *journal.Run, changes []journal.Change) ([]journal.Change, []v1alpha1.Finding, error) {
	_, held, _, err := book.held(ctx)
	if err != nil {
		return nil, nil, err
	}
	refused, err := h.pauser(t, 0).Supersede(ctx, book.recorders, superseded(held, changes))
	if err != nil {
		return nil, nil, err
	}
	all := slices.Clone(changes)
	var foreign []relief.Held
	for _, earlier := range held {
		switch {
		case earlier.Run != run.ID || !earlier.InJournal || !earlier.IsPause() || earlier.Standing == relief.Back, isAmong(earlier.Change, changes):
		case earlier.Change.State == journal.Planned, earlier.Standing == relief.Ours:
			all = append(all, earlier.Change)
		default:
			foreign = append(foreign, earlier)
		}
	}
	return all, append(refused, relief.Findings(foreign, h.now())...), nil
}

// superseded are the earlier pauses of what is to be paused again of which no
// more is left than a mark, or a wait: the value is back.
func superseded(held []relief.Held, changes []journal.Change) []relief.Held {
	return slices.DeleteFunc(slices.Clone(held), func(earlier relief.Held) bool {
		back := earlier.Standing == relief.Reverted || earlier.Standing == relief.Back
		return !back || !isAmong(earlier.Change, changes)
	})
}

// isAmong reports whether one of the changes is of the same field of the same
// object.
func isAmong(c journal.Change, changes []journal.Change) bool {
	return slices.ContainsFunc(changes, func(other journal.Change) bool {
		return other.Object == c.Object && other.UID == c.UID && other.Field == c.Field
	})
}

// keptFields are the pauses that are ours already and not among those that are
// to be made.
func keptFields(held []relief.Held, paused []v1alpha1.PausedField, names []string) []v1alpha1.PausedField {
	kept := []v1alpha1.PausedField{}
	for _, h := range held {
		name := h.Change.Object.String()
		isNew := !slices.ContainsFunc(paused, func(p v1alpha1.PausedField) bool { return p.UID == h.Change.UID && p.Field == h.Change.Field })
		if h.IsPause() && h.Standing == relief.Ours && isNew && (len(names) == 0 || slices.Contains(names, name)) {
			kept = append(kept, relief.PausedField(h.Run, h.Change, v1alpha1.PauseStateKept))
		}
	}
	return kept
}
