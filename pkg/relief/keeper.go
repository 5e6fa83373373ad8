// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// Keeper makes changes and gives them back.
type Keeper struct {
	Client kubernetes.Interface
	// Retry repeats a request that failed for a passing reason.
	Retry func(context.Context, func() error) error
	// Book is the journal as it was read when the command began: it says whether
	// the mark of another run counts.
	Book Book
	// DryRun asks the server without a change.
	DryRun bool
}

// ConflictError says that an object is not as it should be for a change, so that
// it was left alone.
type ConflictError struct {
	Object   journal.Object
	Field    string
	Standing Standing
	// Run is the run of ours that has it; empty when it is none.
	Run string
	// By says who has set the value that is there over that of Run; empty when Run
	// has.
	By string
	// Now is the value of the field; nil when the object is gone or replaced.
	Now json.RawMessage
}

func (e *ConflictError) Error() string { return e.Object.String() + " " + e.Cause() }

// Cause is the error without the object, for a finding that names it already.
func (e *ConflictError) Cause() string {
	switch e.Standing {
	case Gone:
		return "does not exist any more"
	case Replaced:
		return "was deleted and made again by somebody else"
	case Ours, Untouched, Reverted, Changed, TakenOver, Back:
	}
	now := fmt.Sprintf("%s is %s now", e.Field, journal.Text(e.Now))
	switch {
	case e.Run == "":
		return "was changed by " + cmp.Or(e.By, "somebody else") + ": " + now
	case e.By == "":
		return "was changed by run " + e.Run + ": " + now
	}
	return "was changed by " + e.By + " after run " + e.Run + " had changed it: " + now
}

// Remedy is what to do about it before the same change is tried again.
func (e *ConflictError) Remedy() string {
	if e.Run == "" {
		return "look at it, then run the same command again"
	}
	remedy := giveBack + " " + e.Object.String()
	if e.By != "" {
		remedy += " --force"
	}
	return remedy + " # puts back what run " + e.Run + " found; then run the same command again"
}

// Look reads the object of a change and says how it stands.
func (k Keeper) Look(ctx context.Context, run string, c journal.Change) (Standing, *Live, error) {
	at, err := apiOf(k.Client, c.Object.Kind)
	if err != nil {
		return "", nil, err
	}
	var live *Live
	err = k.Retry(ctx, func() error {
		var err error
		live, err = at.read(ctx, c.Object)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return k.Book.Judge(run, c, live), live, nil
}

// Apply makes a change that the journal has. It holds only for the object as it
// was planned for: the same uid, the value Before. Otherwise it returns a
// *ConflictError. A change that was made already is none.
func (k Keeper) Apply(ctx context.Context, run *journal.Run, c journal.Change) error {
	mark, err := json.Marshal(newMark(run, c))
	if err != nil {
		return err
	}
	return k.change(ctx, run.ID, c, func(at api, standing Standing, live *Live) error {
		switch standing {
		case Ours:
			return nil // the answer was lost
		case Untouched:
			return k.set(ctx, at, c, live, c.After, string(mark))
		case Reverted, Changed, TakenOver, Replaced, Gone, Back:
		}
		return k.conflict(run.ID, c, standing, live)
	})
}

// Restore gives a change back: exactly the value Before, and only where the
// value is still ours. With force it also does so where somebody has changed it,
// or made the object again. It returns how the object stood before; where that
// allows nothing, a *ConflictError beside it.
func (k Keeper) Restore(ctx context.Context, run string, c journal.Change, force bool) (Standing, error) {
	if c.Mode == ModeKeepOff {
		return k.remove(ctx, run, c)
	}
	var stood Standing
	sent := false
	err := k.change(ctx, run, c, func(at api, standing Standing, live *Live) error {
		if sent && standing == Untouched {
			return nil // it was us: the answer was lost
		}
		stood, sent = standing, standing != Untouched && standing != Back
		switch {
		case standing == Untouched, standing == Back:
			return nil
		case standing == TakenOver && !force, standing == Reverted:
			if _, marked := live.Annotations[annotationOf(c.Mode)]; !marked {
				return nil
			}
			_, err := k.write(ctx, at, c, live, "", nil, nil)
			return err
		case standing == Ours, force && standing != Gone:
			return k.set(ctx, at, c, live, c.Before, nil)
		}
		return k.conflict(run, c, standing, live)
	})
	return stood, err
}

// mostOvertaken bounds how often a change is tried on an object that has changed in
// between: somebody else may write it each time, and a webhook may answer so for ever.
const mostOvertaken = 50

// change looks and writes, and does so again when the object has changed in
// between. Only the requests are repeated while the API server does not answer:
// a verdict stands.
func (k Keeper) change(ctx context.Context, run string, c journal.Change, write func(api, Standing, *Live) error) error {
	at, err := apiOf(k.Client, c.Object.Kind)
	if err != nil {
		return err
	}
	for range mostOvertaken {
		var standing Standing
		var live *Live
		if standing, live, err = k.Look(ctx, run, c); err != nil {
			return err
		}
		if err = write(at, standing, live); !apierrors.IsConflict(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// write sends a change, again while the API server does not answer. Where only
// the answer was lost that ends in a conflict.
func (k Keeper) write(ctx context.Context, at api, c journal.Change, live *Live, field string, value json.RawMessage, mark any) (*Live, error) {
	var after *Live
	err := k.Retry(ctx, func() error {
		var err error
		after, err = at.write(ctx, c.Object, live, field, value, annotationOf(c.Mode), mark, k.DryRun)
		return err
	})
	return after, err
}

// set writes a value and reads it back from the answer.
func (k Keeper) set(ctx context.Context, at api, c journal.Change, live *Live, value json.RawMessage, mark any) error {
	after, err := k.write(ctx, at, c, live, c.Field, value, mark)
	if err != nil {
		return err
	}
	if !after.has(c.Field, value) {
		return &refusal.OverruledError{Object: c.Object.String(), Field: c.Field, Wanted: string(value), Got: string(after.Value(c.Field))}
	}
	return nil
}

func (k Keeper) conflict(run string, c journal.Change, standing Standing, live *Live) error {
	e := &ConflictError{Object: c.Object, Field: c.Field, Standing: standing}
	if live == nil {
		return e
	}
	e.Now, e.By = live.Value(c.Field), live.setBy(c.Field)
	if _, others := k.Book.marks(run, c, live); others {
		e.Run = markedBy(c, live)
		if live.isAsMarked(c) {
			e.By = ""
		}
	}
	return e
}
