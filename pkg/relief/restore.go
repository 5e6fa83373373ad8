// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Recorders opens the record of a run; nil when the journal does not have it.
type Recorders func(ctx context.Context, run string) (Recorder, error)

// Restore gives changes back in their order, marks their lines, and then waits
// until the workloads among them are Ready. What somebody else has changed is
// left as it is, unless force is given. It goes on after what it cannot give
// back; an error means that it could not go on at all.
func (p *Pauser) Restore(ctx context.Context, open Recorders, held []Held, force bool) ([]v1alpha1.RestoredField, []v1alpha1.Finding, error) {
	fields := make([]v1alpha1.RestoredField, 0, len(held))
	var findings []v1alpha1.Finding
	for _, h := range held {
		field := RestoredField(h)
		found, err := p.giveBack(ctx, open, h, force, &field)
		fields, findings = append(fields, field), append(findings, found...)
		if err != nil {
			return fields, findings, err
		}
	}
	found, err := p.AwaitRestored(ctx, held, fields)
	return fields, append(findings, found...), err
}

// giveBack restores one change and marks its line.
func (p *Pauser) giveBack(ctx context.Context, open Recorders, h Held, force bool, field *v1alpha1.RestoredField) ([]v1alpha1.Finding, error) {
	stood, err := p.Keeper.Restore(ctx, h.Run, h.Change, force)
	conflict, conflicts := errors.AsType[*ConflictError](err)
	if err != nil && !conflicts {
		field.State, field.Message = v1alpha1.RestoreFailed, err.Error()
		return nil, err
	}
	state, note := journal.Restored, ""
	var findings []v1alpha1.Finding
	switch {
	case conflicts && stood == Gone:
		field.State, state, note = v1alpha1.RestoreGone, journal.Dropped, conflict.Error()
		if h.IsPause() {
			findings = append(findings, finding.New(finding.PauseUnknown, h.Change.Object.String(), conflict.Error()+"; there is nothing to give back", ""))
		}
	case conflicts:
		field.State, field.Message = v1alpha1.RestoreConflict, conflict.Error()
		return []v1alpha1.Finding{p.conflictFinding(h, conflict)}, nil // the line stays open
	case stood == Untouched && h.Change.State == journal.Planned:
		field.State, state = v1alpha1.RestoreNotApplied, journal.Dropped
	case stood == Untouched, stood == Reverted:
		field.State = v1alpha1.RestoreAlreadyBack
	default:
		field.State = v1alpha1.RestoreRestored
		if stood != Ours {
			findings = append(findings, finding.New(finding.RestoreForced, h.Change.Object.String(),
				fmt.Sprintf("%s was %s by somebody else's hand, and is %s again by --force", h.Change.Field, h.from(), h.Change.Before), ""))
		}
		p.Tell(h.Change.Object.String(), strings.TrimPrefix(h.Change.Field, "spec.")+" "+string(h.from())+" → "+string(h.Change.Before)+" (given back)")
	}
	field.Message = note
	return findings, mark(ctx, open, h, state, note)
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
		fmt.Sprintf("%s; we had set %s from %s to %s, and left it alone", conflict, h.Change.Field, h.Change.Before, h.Change.After),
		remedyFor(h)+" --force # puts back "+string(h.Change.Before))
}

// AwaitRestored waits until the workloads that were given back have their Ready
// replicas again.
func (p *Pauser) AwaitRestored(ctx context.Context, held []Held, fields []v1alpha1.RestoredField) ([]v1alpha1.Finding, error) {
	var findings []v1alpha1.Finding
	for i, h := range held {
		back := fields[i].State == v1alpha1.RestoreRestored || fields[i].State == v1alpha1.RestoreAlreadyBack
		if !back || h.Change.Field != "spec.replicas" {
			continue
		}
		wanted := number(h.Change.Before)
		why, err := p.await(ctx, func(s *cluster.Snapshot) progress {
			w := s.FindWorkload(h.Change.Object.Kind, h.Change.Object.Namespace, h.Change.Object.Name)
			if w == nil {
				return progress{failed: "it was deleted"}
			}
			if w.Replicas < wanted {
				return progress{object: w.String(), waits: "the watch does not show it yet"}
			}
			return readiness(w, wanted)
		})
		if err != nil {
			return findings, err
		}
		if why != "" {
			fields[i].State, fields[i].Message = v1alpha1.RestoreNotReady, why
			findings = append(findings, finding.New(finding.RestoreNotReady, h.Change.Object.String(), "given back, but not Ready: "+why, "kubectl describe "+describable(h.Change.Object)))
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
	case Untouched:
		f.State = v1alpha1.RestoreNotApplied
	case Ours, Reverted:
	}
	return f
}
