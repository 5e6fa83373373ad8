// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// Recorder writes down a run; a *journal.Recorder is one.
type Recorder interface {
	Run() *journal.Run
	Plan(ctx context.Context, changes ...journal.Change) ([]journal.Change, error)
	Mark(ctx context.Context, state journal.State, note string, numbers ...int) error
}

// Source is the cluster as the watches show it; a *cluster.Watcher is one.
type Source interface {
	Snapshot() *cluster.Snapshot
	Changed() <-chan struct{}
}

// Pauser carries out the reliefs of blockers and gives them back.
type Pauser struct {
	Keeper Keeper
	Source Source
	Clock  clock.WithTicker
	// Timeout bounds the wait for each workload.
	Timeout time.Duration
	// Tell is told what happens, in words, and TellWait what is waited for; they
	// must not be nil.
	Tell, TellWait func(object, message string)
}

// Pause writes the changes down, makes them, and waits until they have the
// effect that they are made for. One that cannot be made stays with its object, in
// the findings, and the others are made all the same; an error means that it could
// not go on. The fields are those of all changes, also then.
func (p *Pauser) Pause(ctx context.Context, rec Recorder, changes []journal.Change) ([]v1alpha1.PausedField, []v1alpha1.Finding, error) {
	planned, err := p.plan(ctx, rec, changes)
	if err != nil {
		planned = changes // written down or not, none was made
	}
	fields := make([]v1alpha1.PausedField, 0, len(planned))
	for _, c := range planned {
		fields = append(fields, PausedField(rec.Run().ID, c, v1alpha1.PauseStatePlanned))
	}
	var findings []v1alpha1.Finding
	for i := 0; err == nil && i < len(planned); i++ {
		var found []v1alpha1.Finding
		found, err = p.apply(ctx, rec, planned[i], &fields[i])
		findings = append(findings, found...)
	}
	for i := 0; err == nil && i < len(planned); i++ {
		if fields[i].State == v1alpha1.PauseStateApplied {
			var found []v1alpha1.Finding
			found, err = p.settle(ctx, rec, planned[i], &fields[i])
			findings = append(findings, found...)
		}
	}
	for i := 0; err == nil && i < len(planned); i++ {
		if fields[i].State == v1alpha1.PauseStateApplied && fields[i].Message == "" {
			var found []v1alpha1.Finding
			found, err = p.holds(ctx, rec, planned[i], &fields[i])
			findings = append(findings, found...)
		}
	}
	return fields, findings, err
}

// holds looks once more whether a change is still there when all have had their effect:
// GitOps or an autoscaler may have put the value back meanwhile.
func (p *Pauser) holds(ctx context.Context, rec Recorder, c journal.Change, field *v1alpha1.PausedField) ([]v1alpha1.Finding, error) {
	standing, live, err := p.Keeper.Look(ctx, rec.Run().ID, c)
	if err != nil || standing == Ours {
		return nil, err
	}
	now := &ConflictError{Object: c.Object, Field: c.Field, Standing: standing}
	if live != nil {
		now.Now, now.By = live.Value(c.Field), live.setBy(c.Field)
	}
	field.Message = now.Cause()
	return []v1alpha1.Finding{finding.WithSeverity(finding.New(finding.PauseReverted, c.Object.String(),
		"what we had just set does not stay: it "+now.Cause(), "have the owner that is named leave it alone for the time of the upgrade, then run the same command again"), v1alpha1.SeverityError)}, nil
}

// plan writes the changes ahead. Lines that the run has from before it died are
// carried on with.
func (p *Pauser) plan(ctx context.Context, rec Recorder, changes []journal.Change) ([]journal.Change, error) {
	var planned, fresh []journal.Change
	for _, c := range changes {
		if former := FindOpen(rec.Run(), c); former != nil {
			planned = append(planned, *former)
			continue
		}
		fresh = append(fresh, c)
	}
	if len(fresh) == 0 {
		return planned, nil
	}
	added, err := rec.Plan(ctx, fresh...)
	return append(planned, added...), err
}

// FindOpen returns the line of a run that makes the same change and was not given
// back; nil when there is none.
func FindOpen(run *journal.Run, c journal.Change) *journal.Change {
	for i := range run.Changes {
		if l := &run.Changes[i]; l.IsOpen() && l.State != journal.Returned && l.Object == c.Object && l.UID == c.UID && l.Field == c.Field {
			return l
		}
	}
	return nil
}

// apply makes one change. One that cannot be made is closed in the journal: nothing
// of it is ours.
func (p *Pauser) apply(ctx context.Context, rec Recorder, c journal.Change, field *v1alpha1.PausedField) ([]v1alpha1.Finding, error) {
	err := p.Keeper.Apply(ctx, rec.Run(), c)
	if conflict, is := errors.AsType[*ConflictError](err); is {
		field.State, field.Message = v1alpha1.PauseStateFailed, conflict.Error()
		return []v1alpha1.Finding{finding.New(finding.PauseConflict, c.Object.String(), conflict.Cause(), conflict.Remedy())},
			rec.Mark(ctx, journal.Dropped, "not carried out: "+conflict.Error(), c.Number)
	}
	if refusal.Is(err) {
		field.State, field.Message = v1alpha1.PauseStateFailed, refusal.Sentence(err)
		return []v1alpha1.Finding{PauseRefused(c, err)}, p.drop(ctx, rec, c, err)
	}
	if err != nil {
		return nil, err
	}
	if err := rec.Mark(ctx, journal.Applied, "", c.Number); err != nil {
		return nil, err
	}
	field.State = v1alpha1.PauseStateApplied
	if c.State == journal.Applied {
		return nil, nil // told by the attempt that made it
	}
	p.Tell(c.Object.String(), c.Words()+" ("+c.Mode+")")
	return nil, nil
}

// drop closes the line of a change that was refused, once the object was seen to be
// as before: a webhook may have had another value written, and then it is not.
func (p *Pauser) drop(ctx context.Context, rec Recorder, c journal.Change, refused error) error {
	standing, _, err := p.Keeper.Look(ctx, rec.Run().ID, c)
	if err != nil || standing != Untouched && standing != Gone {
		return err
	}
	return rec.Mark(ctx, journal.Dropped, "not carried out: "+refusal.Sentence(refused), c.Number)
}

// settle waits for the effect. A surge whose replica finds no place is given
// back at once.
func (p *Pauser) settle(ctx context.Context, rec Recorder, c journal.Change, field *v1alpha1.PausedField) ([]v1alpha1.Finding, error) {
	stands := func(ctx context.Context) bool {
		standing, _, err := p.Keeper.Look(ctx, rec.Run().ID, c)
		return err == nil && standing == Ours
	}
	why, err := p.await(ctx, stands, func(s *cluster.Snapshot) progress { return pauseProgress(s, c) })
	if err != nil || why == "" {
		return nil, err
	}
	field.Message = why
	if c.Mode != string(disruption.Surge) {
		return []v1alpha1.Finding{finding.New(finding.PauseNoEffect, c.Object.String(), why, "kubectl describe "+Describable(c.Object))}, nil
	}
	field.State = v1alpha1.PauseStateFailed
	found := []v1alpha1.Finding{finding.New(finding.ReliefRefused, c.Object.String(), why, "choose another --mode for it; the extra replica was given back")}
	if _, err := p.Keeper.Restore(ctx, rec.Run().ID, c, false); err != nil {
		if refusal.Is(err) { // it stays ours
			field.State = v1alpha1.PauseStateApplied
			return []v1alpha1.Finding{RestoreRefused(c, c.After, err)}, nil
		}
		return found, err
	}
	return found, rec.Mark(ctx, journal.Restored, why, c.Number)
}

// Describable names an object for kubectl describe.
func Describable(o journal.Object) string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " -n " + o.Namespace + " " + o.Name
}

// PausedField shows a change of a run.
func PausedField(run string, c journal.Change, state v1alpha1.PauseState) v1alpha1.PausedField {
	f := v1alpha1.PausedField{
		Run: run, Number: c.Number, Object: v1alpha1.ObjectRef(c.Object), UID: c.UID,
		Field: c.Field, Before: c.Before, After: c.After, Mode: c.Mode, State: state,
	}
	if c.Expires != nil {
		f.Expires = &metav1.Time{Time: *c.Expires}
	}
	return f
}
