// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// Recorders opens the record of a run; nil when the journal does not have it.
type Recorders func(ctx context.Context, run string) (Recorder, error)

// Restore gives changes back in their order, and then waits until the workloads
// among them are Ready; only then their lines are closed, so that whoever goes on
// after an interrupt waits too. What somebody else has changed is left as it is,
// and what does not become Ready stays open, unless force is given. It goes on
// after what it cannot give back; an error means that it could not go on at all.
func (p *Pauser) Restore(ctx context.Context, open Recorders, held []Held, force bool) ([]v1alpha1.RestoredField, []v1alpha1.Finding, error) {
	fields := make([]v1alpha1.RestoredField, 0, len(held))
	for _, h := range held {
		fields = append(fields, RestoredField(h))
	}
	var findings []v1alpha1.Finding
	for i, h := range held {
		found, err := p.giveBack(ctx, open, h, force, &fields[i])
		findings = append(findings, found...)
		if err != nil {
			return fields, findings, err
		}
	}
	found, err := p.awaitRestored(ctx, open, held, force, fields)
	return fields, append(findings, found...), err
}

// giveBack restores one change and marks its line.
func (p *Pauser) giveBack(ctx context.Context, open Recorders, h Held, force bool, field *v1alpha1.RestoredField) ([]v1alpha1.Finding, error) {
	stood, err := p.Keeper.Restore(ctx, h.Run, h.Change, force)
	conflict, conflicts := errors.AsType[*ConflictError](err)
	switch {
	case refusal.Is(err):
		field.State, field.Message = v1alpha1.RestoreFailed, refusal.Sentence(err)
		return []v1alpha1.Finding{RestoreRefused(h.Change, h.from(), err)}, nil // the line stays open
	case err != nil && !conflicts:
		field.Message = err.Error()
		return nil, err
	}
	state, note := journal.Restored, ""
	if h.isAwaited() {
		state = journal.Returned
	}
	var findings []v1alpha1.Finding
	switch {
	case conflicts && stood == Gone:
		field.State, state, note = v1alpha1.RestoreGone, journal.Dropped, conflict.Error()
		if h.IsPause() && h.Change.State != journal.Returned {
			findings = append(findings, finding.New(finding.PauseUnknown, h.Change.Object.String(), conflict.Error()+"; there is nothing to give back", ""))
		}
	case conflicts:
		field.State, field.Message = v1alpha1.RestoreConflict, conflict.Error()
		return []v1alpha1.Finding{p.conflictFinding(h, conflict)}, nil // the line stays open
	case stood == Untouched && h.Change.State == journal.Planned:
		field.State, state = v1alpha1.RestoreNotApplied, journal.Dropped
	case stood == TakenOver && !force:
		field.State, state, note = v1alpha1.RestoreTakenOver, journal.Dropped, "somebody else's now, left as it is"
		findings = append(findings, h.takenOver(""))
	case stood == Back:
		field.State = v1alpha1.RestoreRestored
	case stood == Untouched, stood == Reverted:
		field.State = v1alpha1.RestoreAlreadyBack
	default:
		field.State = v1alpha1.RestoreRestored
		if stood != Ours {
			findings = append(findings, finding.New(finding.RestoreForced, h.Change.Object.String(),
				fmt.Sprintf("%s was %s by somebody else's hand, and is %s again by --force", h.Change.Field, journal.Text(h.from()), journal.Text(h.Change.Before)), ""))
		}
		p.Tell(h.Change.Object.String(), journal.Step(h.Change.Field, h.from(), h.Change.Before)+" (given back)")
	}
	field.Message = note
	found, err := p.note(ctx, open, h, state, note)
	return append(findings, found...), err
}

// note marks the line of a change that was given back. Where only the journal refuses
// that, the others are given back all the same: they need no writing ahead.
func (p *Pauser) note(ctx context.Context, open Recorders, h Held, state journal.State, words string) ([]v1alpha1.Finding, error) {
	err := mark(ctx, open, h, state, words)
	if !refusal.Is(err) {
		return nil, err
	}
	return []v1alpha1.Finding{finding.New(finding.RestoreUnnoted, h.Change.Object.String(),
		"given back, but the API server refuses to have it written down: "+refusal.Sentence(err), refusal.Remedy(err, ""))}, nil
}

func mark(ctx context.Context, open Recorders, h Held, state journal.State, note string) error {
	if !h.InJournal {
		return nil
	}
	rec, err := open(ctx, h.Run)
	if err != nil || rec == nil {
		return err
	}
	return rec.Mark(ctx, state, note, h.Change.Number)
}

func (p *Pauser) conflictFinding(h Held, conflict *ConflictError) v1alpha1.Finding {
	return finding.New(finding.PauseConflict, h.Change.Object.String(),
		fmt.Sprintf("%s; we had set %s from %s to %s, and left it alone", conflict.Cause(), h.Change.Field, journal.Text(h.Change.Before), journal.Text(h.Change.After)),
		remedyFor(h)+" --force # puts back "+journal.Text(h.Change.Before))
}

// isAwaited reports whether more than the value has to come back: replicas take
// their time.
func (h Held) isAwaited() bool { return h.Change.Field == disruption.FieldReplicas }

// awaitRestored waits until the workloads that were given back have their Ready
// replicas again, and closes their lines.
func (p *Pauser) awaitRestored(ctx context.Context, open Recorders, held []Held, force bool, fields []v1alpha1.RestoredField) ([]v1alpha1.Finding, error) {
	var findings []v1alpha1.Finding
	for i, h := range held {
		field := &fields[i]
		back := field.State == v1alpha1.RestoreRestored || field.State == v1alpha1.RestoreAlreadyBack
		if !back || !h.isAwaited() {
			continue
		}
		why, err := p.await(ctx, func(context.Context) bool { return false }, func(s *cluster.Snapshot) progress { return restoreProgress(s, h.Change) })
		if err != nil {
			field.State, field.Message = v1alpha1.RestoreNotReady, "not waited for to the end"
			return findings, err
		}
		if why != "" {
			field.State, field.Message = v1alpha1.RestoreNotReady, why
			findings = append(findings, finding.New(finding.RestoreNotReady, h.Change.Object.String(), "given back, but not Ready: "+why, "kubectl describe "+Describable(h.Change.Object)))
			if !force {
				continue // whoever comes next waits again
			}
		} else if p.isEnding(h.Change) {
			field.Message = ending
			findings = append(findings, finding.New(finding.PauseUnknown, h.Change.Object.String(), ending+"; its value was given back, and it is not waited for", ""))
		}
		found, err := p.note(ctx, open, h, journal.Restored, field.Message)
		if findings = append(findings, found...); err != nil {
			return findings, err
		}
	}
	return findings, nil
}

// isEnding reports whether the workload of a change is being deleted.
func (p *Pauser) isEnding(c journal.Change) bool {
	w := p.Source.Snapshot().FindWorkload(c.Object.Kind, c.Object.Namespace, c.Object.Name)
	return w != nil && w.IsEnding()
}

// Supersede closes earlier lines of what is to be changed again: a pause that
// somebody else has put back, of which only our mark is left, and one whose
// replicas are not waited for any more. What the API server refuses is in the
// findings; its object cannot be changed again before that is mended.
func (p *Pauser) Supersede(ctx context.Context, open Recorders, held []Held) ([]v1alpha1.Finding, error) {
	var findings []v1alpha1.Finding
	for _, h := range held {
		_, err := p.Keeper.Restore(ctx, h.Run, h.Change, false)
		if refusal.Is(err) {
			findings = append(findings, RestoreRefused(h.Change, h.from(), err))
			continue
		}
		if err != nil {
			return findings, err
		}
		found, err := p.note(ctx, open, h, journal.Restored, "paused again")
		if findings = append(findings, found...); err != nil {
			return findings, err
		}
	}
	return findings, nil
}

// from is the value that is given back from.
func (h Held) from() json.RawMessage {
	if h.Live == nil {
		return h.Change.After
	}
	return h.Live.Value(h.Change.Field)
}

// RestoredField shows a change that is to be given back.
func RestoredField(h Held) v1alpha1.RestoredField {
	f := v1alpha1.RestoredField{
		Run: h.Run, Number: h.Change.Number, Object: v1alpha1.ObjectRef(h.Change.Object), UID: h.Change.UID,
		Field: h.Change.Field, From: h.from(), To: h.Change.Before, Mode: h.Change.Mode, State: v1alpha1.RestorePlanned,
	}
	switch h.Standing {
	case Gone:
		f.State = v1alpha1.RestoreGone
	case Replaced, Changed:
		f.State = v1alpha1.RestoreConflict
	case TakenOver:
		f.State = v1alpha1.RestoreTakenOver
	case Untouched:
		if f.State = v1alpha1.RestoreNotApplied; h.Change.State == journal.Applied {
			f.State = v1alpha1.RestoreAlreadyBack
		}
	case Back:
		f.State = v1alpha1.RestoreReturned
	case Ours, Reverted:
	}
	return f
}
