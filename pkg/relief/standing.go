// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"encoding/json"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Standing is how an object stands to a change of ours.
type Standing string

const (
	// Ours means that the field has the value that we gave it.
	Ours Standing = "Ours"
	// Untouched means that the field is as it was before, and nothing on the object is
	// ours; or that a cordon which was still to be made is there without us.
	Untouched Standing = "Untouched"
	// Reverted means that the field is as it was before, but our mark is still there: a
	// controller or a person has put it back.
	Reverted Standing = "Reverted"
	// Changed means that the field has a third value, or another run has it.
	Changed Standing = "Changed"
	// TakenOver means that somebody else has made it theirs: they have set another
	// value and removed our mark, or lifted our cordon and set one of their own.
	TakenOver Standing = "TakenOver"
	// Replaced means that another object has the name now.
	Replaced Standing = "Replaced"
	// Back means that we have given it back, and that its replicas are still
	// waited for. What others do to the field now is their business.
	Back Standing = "Back"
	// Gone means that there is no such object.
	Gone Standing = "Gone"
)

// Judge says how an object stands to a change. live is nil when there is no such
// object.
func (b Book) Judge(run string, c journal.Change, live *Live) Standing {
	if live == nil {
		return Gone
	}
	returned := c.State == journal.Returned
	if live.UID != c.UID && c.Mode != ModeKeepOff { // its uid is not known ahead
		if returned || c.Mode == drain.ModeCordon {
			return Gone // an upgrade has replaced the node, and the cordon went with it
		}
		return Replaced
	}
	if returned {
		return Back
	}
	marked, others := b.marks(run, c, live)
	isAfter, isBefore := live.has(c.Field, c.After), live.has(c.Field, c.Before)
	switch {
	case others:
		return Changed
	case isAfter && marked && live.isTakenOver(c.Field):
		if c.Mode == drain.ModeCordon {
			return TakenOver
		}
		return Changed
	case isAfter && !marked && c.Mode == drain.ModeCordon && c.State == journal.Planned:
		return Untouched // somebody else was first
	case isAfter && !marked && c.Mode == drain.ModeCordon:
		return TakenOver // a cordon without our mark is somebody else's
	case isAfter:
		// A workload whose mark was dropped, as a tool may that applies its own
		// copy, has our value all the same.
		return Ours
	case isBefore && marked:
		return Reverted
	case isBefore:
		return Untouched
	case marked, c.State == journal.Planned, !json.Valid(c.Before), !json.Valid(c.After):
		return Changed
	}
	return TakenOver
}

// marks reports whether an object carries the mark of a change, and whether it
// carries that of another one. One that nobody can read is taken for its own.
func (b Book) marks(run string, c journal.Change, live *Live) (own, others bool) {
	if _, marked := live.Annotations[annotationOf(c.Mode)]; !marked {
		return false, false
	}
	m, err := live.mark(c)
	if err != nil || m.isOf(run, c, live) {
		return true, false
	}
	return false, b.counts(c.Object, live, m)
}

// isOf reports whether a mark is that of a change. The oldest ones of cordons name no
// run.
func (m Mark) isOf(run string, c journal.Change, live *Live) bool {
	return (m.Run == run || m.Run == "") && (m.Number == c.Number || m.Number == 0) && (m.UID == "" || m.UID == live.UID)
}

// markedBy is the run that an object's mark names; empty when that cannot be read.
func markedBy(c journal.Change, live *Live) string {
	m, _ := live.mark(c)
	return m.Run
}

// isAsMarked reports whether a field has the value that the object's mark tells of.
func (l *Live) isAsMarked(c journal.Change) bool {
	m, err := l.mark(c)
	return err == nil && m.Field == c.Field && l.has(c.Field, m.After)
}

// mark reads the mark that an object has for the mode of a change.
func (l *Live) mark(c journal.Change) (Mark, error) {
	annotation := annotationOf(c.Mode)
	return parseMark(annotation, l.Annotations[annotation])
}
