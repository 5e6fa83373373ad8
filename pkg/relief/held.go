// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Held is a change that is not given back, as the journal knows it or, where the
// journal is lost, the mark on the object.
type Held struct {
	// Run is its id; InJournal is false when only the mark tells of it, or when
	// its line is not ours to write.
	Run       string
	InJournal bool
	// Unrecorded: the mark on the object is the only record.
	Unrecorded bool
	// By and Host are who made it.
	By, Host string
	Change   journal.Change
	Standing Standing
	// Live is the object now; nil when there is none.
	Live *Live
}

// Inventory is what there is of us on the objects of a cluster.
type Inventory struct {
	// Held are in the order in which they are to be given back: everything else
	// before cordons, the latest first.
	Held []Held
	// Strays are marks that are not acted on.
	Strays []Stray
}

// IsPause reports whether it is a pause, and no cordon or keep-off pod.
func (h Held) IsPause() bool { return IsPause(h.Change) }

// IsPause reports whether a change is a pause, and no cordon or keep-off pod.
func IsPause(c journal.Change) bool { return c.Mode != drain.ModeCordon && c.Mode != ModeKeepOff }

// Expired reports whether it should have been given back by now.
func (h Held) Expired(now time.Time) bool {
	return h.Change.Expires != nil && now.After(*h.Change.Expires)
}

// Collect finds what is not given back: the open lines of the runs, and the changes
// of which the mark is the only record. Marks that the journal does not bear out are
// apart.
func Collect(runs []*journal.Run, objects []runtime.Object) (Inventory, error) {
	book, named := Book(runs), namedBy(runs)
	lives := make(map[journal.Object]*Live, len(named))
	var all Inventory
	for _, object := range objects {
		name, ours, err := nameOf(object)
		if err != nil {
			return Inventory{}, err
		}
		if !ours && !named[name] {
			continue // most of a cluster is none of our business
		}
		if lives[name], err = NewLive(object); err != nil {
			return Inventory{}, err
		}
		held, strays := book.fromMarks(name, lives[name])
		all.Held, all.Strays = append(all.Held, held...), append(all.Strays, strays...)
	}
	for _, run := range runs {
		for _, c := range run.Changes {
			if !c.IsOpen() {
				continue
			}
			h := Held{Run: run.ID, InJournal: !run.Newer, By: run.Operator, Host: run.Host, Change: c, Live: lives[c.Object]}
			h.Standing = book.Judge(run.ID, c, h.Live)
			if run.Newer && h.Standing == Untouched {
				continue // given back; the version that made the run closes the line
			}
			all.Held = append(all.Held, h)
		}
	}
	slices.SortStableFunc(all.Held, inOrderOfRestore)
	return all, nil
}

// namedBy are the objects that open lines are about.
func namedBy(runs []*journal.Run) map[journal.Object]bool {
	named := map[journal.Object]bool{}
	for _, run := range runs {
		for _, c := range run.Changes {
			if c.IsOpen() {
				named[c.Object] = true
			}
		}
	}
	return named
}

func inOrderOfRestore(a, b Held) int {
	cordons := func(h Held) int {
		if h.Change.Mode == drain.ModeCordon {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(cordons(a), cordons(b)), b.Change.Time.Compare(a.Change.Time), cmp.Compare(b.Change.Number, a.Change.Number))
}

// nameOf names an object and reports whether it carries a mark of ours. Objects
// that come out of a typed list say nothing of their kind.
func nameOf(object runtime.Object) (journal.Object, bool, error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return journal.Object{}, false, err
	}
	o := journal.Object{Namespace: accessor.GetNamespace(), Name: accessor.GetName()}
	o.APIVersion, o.Kind = kindOf(object)
	_, paused := accessor.GetAnnotations()[Annotation]
	_, cordoned := accessor.GetAnnotations()[drain.CordonAnnotation]
	return o, paused || cordoned, nil
}

// fromMarks sorts the marks of an object: those that are the only record of a change,
// and those that are not acted on. Of an open line the journal tells.
func (b Book) fromMarks(o journal.Object, live *Live) (held []Held, strays []Stray) {
	for _, annotation := range []string{Annotation, drain.CordonAnnotation} {
		value, marked := live.Annotations[annotation]
		if !marked || annotation == drain.CordonAnnotation && o.Kind != "Node" {
			continue
		}
		m, err := parseMark(annotation, value)
		claim := Unreadable
		if err == nil {
			claim = b.claim(o, live, m)
		}
		switch {
		case claim == Open:
		case claim == Unrecorded, o.Kind == "Pod" && claim != Unreadable: // a keep-off pod is the change itself
			c := m.change(o, live.UID)
			held = append(held, Held{Run: m.Run, Unrecorded: true, By: m.By, Host: m.Host, Change: c, Live: live, Standing: b.Judge(m.Run, c, live)})
		default:
			strays = append(strays, Stray{
				Object: o, Annotation: annotation, Claim: claim, Mark: m, Err: err, Raw: value, Live: live,
				Recorded: b.recordedBy(o, live, annotation),
			})
		}
	}
	return held, strays
}

// recordedBy is a run with an open line for an object, of a mode that the annotation
// marks; empty when there is none.
func (b Book) recordedBy(o journal.Object, live *Live, annotation string) string {
	for _, run := range b {
		if slices.ContainsFunc(run.Changes, func(c journal.Change) bool {
			return c.IsOpen() && c.Object == o && c.UID == live.UID && annotationOf(c.Mode) == annotation
		}) {
			return run.ID
		}
	}
	return ""
}
