// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Book is the journal as it was read: all its runs. It says what a mark is worth.
type Book []*journal.Run

// Claim says what the journal makes of a mark on an object.
type Claim string

const (
	// Open means that the line which the mark points at is open: it is ours.
	Open Claim = "Open"
	// Unrecorded means that the line is lost, with its run or alone, so that the mark
	// is the only record of the change.
	Unrecorded Claim = "Unrecorded"
	// Stale means that the line is closed, or that the journal never had it: the mark
	// came back after the change was given back.
	Stale Claim = "Stale"
	// Copied means that the mark was written for another object.
	Copied Claim = "Copied"
	// Unreadable means that nobody can tell.
	Unreadable Claim = "Unreadable"
)

// claim judges a mark that can be read.
func (b Book) claim(o journal.Object, live *Live, m Mark) Claim {
	if m.UID != "" && m.UID != live.UID {
		return Copied
	}
	run := journal.Find(b, m.Run)
	if run == nil {
		if m.Run == "" || journal.MayBeLost(b, m.Run) {
			return Unrecorded
		}
		return Stale
	}
	line := lineOf(run, o, m)
	switch {
	case line == nil:
		return Unrecorded // it was written before the mark, and lines are never taken away
	case line.Object != o, line.UID != live.UID && line.Mode != ModeKeepOff:
		return Copied
	case line.IsOpen():
		return Open
	}
	return Stale
}

// lineOf is the line of a run that a mark points at; a cordon's has no number.
func lineOf(run *journal.Run, o journal.Object, m Mark) *journal.Change {
	if m.Mode != drain.ModeCordon {
		return run.Change(m.Number)
	}
	var found *journal.Change
	for i := range run.Changes {
		if c := &run.Changes[i]; c.Mode == drain.ModeCordon && c.Object == o && (found == nil || c.IsOpen()) {
			found = c
		}
	}
	return found
}

// counts reports whether a mark says anything of an object: one that is stale or was
// copied there says nothing.
func (b Book) counts(o journal.Object, live *Live, m Mark) bool {
	switch b.claim(o, live, m) {
	case Stale, Copied:
		return false
	case Open, Unrecorded, Unreadable:
	}
	return true
}

// Believe returns the Snapshot for those who judge by it: without the marks that say
// nothing of their object.
func (b Book) Believe(s *cluster.Snapshot) *cluster.Snapshot {
	return s.WithoutAnnotations(func(object runtime.Object, key string) bool {
		o, _, err := nameOf(object)
		if err != nil || key != Annotation && key != drain.CordonAnnotation {
			return false
		}
		accessor, err := meta.Accessor(object)
		if err != nil {
			return false
		}
		m, err := parseMark(key, accessor.GetAnnotations()[key])
		return err == nil && !b.counts(o, &Live{UID: accessor.GetUID()}, m)
	})
}
