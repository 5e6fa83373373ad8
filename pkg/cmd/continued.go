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

// ready is what a command is about to change.
type ready struct {
	changes []journal.Change
	// foreign names what somebody else has changed of what an earlier attempt of the
	// run has begun, and what the API server refuses to close; it is left alone.
	foreign []v1alpha1.Finding
	// withheld says why other changes are not made.
	withheld []v1alpha1.Finding
}

// goOn makes ready for changes: it closes what is left of earlier pauses of the
// same, and adds what an earlier attempt of the run has begun.
func (h *hunt) goOn(ctx context.Context, book *notebook, t *talk, run *journal.Run, changes []journal.Change) (ready, error) {
	runs, all, _, err := book.held(ctx)
	if err != nil {
		return ready{}, err
	}
	h.runs = runs
	out := ready{}
	out.changes, out.withheld = withhold(run.ID, all, changes)
	refused, err := h.pauser(t, 0).Supersede(ctx, book.recorders, superseded(all.Held, out.changes))
	if err != nil {
		return ready{}, err
	}
	var foreign []relief.Held
	for _, earlier := range all.Held {
		switch {
		case earlier.Run != run.ID || !earlier.InJournal || !earlier.IsPause() || earlier.Standing == relief.Back, isAmong(earlier.Change, changes):
		case earlier.Change.State == journal.Planned, earlier.Standing == relief.Ours:
			out.changes = append(out.changes, earlier.Change)
		default:
			foreign = append(foreign, earlier)
		}
	}
	out.foreign = slices.Concat(refused, relief.Findings(foreign, h.now()))
	return out, nil
}

// withhold keeps back the changes that cannot be made as things stand, and says why:
// an earlier run's is in the way that somebody else has changed meanwhile, or a mark
// that nobody can read. A mark that says nothing any more is written over, and told.
func withhold(run string, all relief.Inventory, changes []journal.Change) ([]journal.Change, []v1alpha1.Finding) {
	kept := make([]journal.Change, 0, len(changes))
	var findings []v1alpha1.Finding
	for _, c := range changes {
		earlier := slices.IndexFunc(all.Held, func(h relief.Held) bool {
			return h.Run != run && h.Standing == relief.Changed && isAmong(h.Change, []journal.Change{c})
		})
		stray := slices.IndexFunc(all.Strays, func(s relief.Stray) bool {
			return s.IsPause() && s.Object == c.Object && s.Live.UID == c.UID && s.Recorded == ""
		})
		if earlier >= 0 {
			findings = append(findings, all.Held[earlier].InTheWay())
			continue
		}
		if stray >= 0 {
			findings = append(findings, all.Strays[stray].Finding())
			if all.Strays[stray].IsUnreadable() {
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept, findings
}

// superseded are the earlier pauses of what is to be paused again of which no
// more is left than a mark, or a wait: the value is back, or somebody else's.
func superseded(held []relief.Held, changes []journal.Change) []relief.Held {
	return slices.DeleteFunc(slices.Clone(held), func(earlier relief.Held) bool {
		back := slices.Contains([]relief.Standing{relief.Reverted, relief.TakenOver, relief.Back}, earlier.Standing)
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
