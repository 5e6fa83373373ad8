// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package relief changes one field of one object for a time, and gives it back:
// a paused workload, a relaxed disruption budget, a cordon. Every change is in
// the journal before it is made, and on the object itself from the same patch
// on.
package relief

import (
	"encoding/json"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Annotation marks an object that we changed for a time. It is written in the
// same patch as the change and holds all that is needed to give it back, for us
// or for a person with kubectl, should the journal be lost.
const Annotation = journal.PausedAnnotation

// Mark is the value of Annotation. It may have come to an object otherwise than by us:
// the deployment controller copies annotations to ReplicaSets, `kubectl rollout undo`
// copies them back, and people copy whole objects. So it is believed only as far as
// the journal bears it out; see Book.
type Mark struct {
	// Run and Number point at the line of the journal.
	Run    string `json:"run"`
	Number int    `json:"n"`
	// UID is that of the object it was written for; empty for one that was made
	// with the mark, and in marks of older versions.
	UID types.UID `json:"uid,omitempty"`
	// By is the user of the cluster, Host user@host of the machine.
	By   string    `json:"by"`
	Host string    `json:"host"`
	At   time.Time `json:"at"`
	Mode string    `json:"mode"`
	// Field had the value Before and was set to After; null is an absent field.
	Field   string          `json:"field"`
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
	Expires *time.Time      `json:"expires,omitempty"`
}

// newMark is the mark of a change.
func newMark(run *journal.Run, c journal.Change) Mark {
	return Mark{
		Run: run.ID, Number: c.Number, UID: c.UID, By: run.Operator, Host: run.Host, At: c.Time.UTC().Truncate(time.Second), Mode: c.Mode,
		Field: c.Field, Before: c.Before, After: c.After, Expires: c.Expires,
	}
}

// parseMark reads a mark, of a pause or of a cordon. One that does not say all that
// is needed to give back cannot be read.
func parseMark(annotation, value string) (Mark, error) {
	if annotation == drain.CordonAnnotation {
		return parseCordon(value)
	}
	var m Mark
	if err := json.Unmarshal([]byte(value), &m); err != nil {
		return Mark{}, err
	}
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"run", !journal.IsID(m.Run)},
		{"field", m.Field == ""},
		{"before", m.Before == nil},
		{"after", m.After == nil},
	} {
		if field.missing {
			return Mark{}, fmt.Errorf("%s is missing or none", field.name)
		}
	}
	return m, nil
}

// parseCordon reads the mark of a cordon, which says less: what it changes is known.
func parseCordon(value string) (Mark, error) {
	m, err := drain.ParseMark(value)
	if err != nil {
		return Mark{}, err
	}
	return Mark{
		Run: m.Run, UID: m.UID, By: m.By, Host: m.By, At: m.At, Mode: drain.ModeCordon,
		Field: drain.CordonField, Before: json.RawMessage("null"), After: json.RawMessage("true"),
	}, nil
}

// change is the line of the journal that a mark stands for.
func (m Mark) change(o journal.Object, uid types.UID) journal.Change {
	return journal.Change{
		Number: m.Number, Time: m.At, Object: o, UID: uid, Field: m.Field,
		Before: m.Before, After: m.After, Mode: m.Mode, Expires: m.Expires, State: journal.Applied,
	}
}

// annotationOf is the annotation that marks objects changed in a mode; a cordon
// has drain's own.
func annotationOf(mode string) string {
	if mode == drain.ModeCordon {
		return drain.CordonAnnotation
	}
	return Annotation
}
