// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"cmp"
	"encoding/json"
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
	// By and Host are who made it.
	By, Host string
	Change   journal.Change
	Standing Standing
	// Live is the object now; nil when there is none.
	Live *Live
}

// IsPause reports whether it is a pause, and no cordon or keep-off pod.
func (h Held) IsPause() bool { return IsPause(h.Change) }

// IsPause reports whether a change is a pause, and no cordon or keep-off pod.
func IsPause(c journal.Change) bool { return c.Mode != drain.ModeCordon && c.Mode != ModeKeepOff }

// Expired reports whether it should have been given back by now.
func (h Held) Expired(now time.Time) bool {
	return h.Change.Expires != nil && now.After(*h.Change.Expires)
}

// Collect finds what is not given back: the open lines of the runs, and the marks
// on objects that no open line tells of. It is in the order in which it is to be
// given back: everything else before cordons, the latest first.
func Collect(runs []*journal.Run, objects []runtime.Object) ([]Held, error) {
	named := namedBy(runs)
	lives := make(map[journal.Object]*Live, len(named))
	var marked []journal.Object
	for _, object := range objects {
		name, ours, err := nameOf(object)
		if err != nil {
			return nil, err
		}
		if !ours && !named[name] {
			continue // most of a cluster is none of our business
		}
		if lives[name], err = NewLive(object); err != nil {
			return nil, err
		}
		if ours && !named[name] {
			marked = append(marked, name)
		}
	}
	var all []Held
	for _, run := range runs {
		for _, c := range run.Changes {
			if !c.IsOpen() {
				continue
			}
			h := Held{Run: run.ID, InJournal: !run.Newer, By: run.Operator, Host: run.Host, Change: c, Live: lives[c.Object]}
			h.Standing = Judge(run.ID, c, h.Live)
			if run.Newer && h.Standing == Untouched {
				continue // given back; the version that made the run closes the line
			}
			all = append(all, h)
		}
	}
	for _, name := range marked {
		all = append(all, fromMarks(name, lives[name])...)
	}
	slices.SortStableFunc(all, inOrderOfRestore)
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

// fromMarks reads the changes that only the marks of an object tell of.
func fromMarks(o journal.Object, live *Live) []Held {
	var all []Held
	if value, marked := live.Annotations[Annotation]; marked {
		if m, err := parseMark(value); err == nil && m.Field != "" {
			c := journal.Change{
				Number: m.Number, Time: m.At, Object: o, UID: live.UID, Field: m.Field,
				Before: m.Before, After: m.After, Mode: m.Mode, Expires: m.Expires, State: journal.Applied,
			}
			all = append(all, Held{Run: m.Run, By: m.By, Host: m.Host, Change: c, Live: live, Standing: Judge(m.Run, c, live)})
		}
	}
	if value, marked := live.Annotations[drain.CordonAnnotation]; marked && o.Kind == "Node" {
		var m drain.Mark
		_ = json.Unmarshal([]byte(value), &m) // what cannot be read is still our cordon
		c := journal.Change{
			Time: m.At, Object: o, UID: live.UID, Field: drain.CordonField,
			Before: json.RawMessage("null"), After: json.RawMessage("true"), Mode: drain.ModeCordon, State: journal.Applied,
		}
		all = append(all, Held{Run: m.Run, By: m.By, Host: m.By, Change: c, Live: live, Standing: Judge(m.Run, c, live)})
	}
	return all
}
