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

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Annotation marks an object that we changed for a time. It is written in the
// same patch as the change and holds all that is needed to give it back, for us
// or for a person with kubectl, should the journal be lost.
const Annotation = journal.PausedAnnotation

// Mark is the value of Annotation.
type Mark struct {
	// Run and Number point at the line of the journal.
	Run    string `json:"run"`
	Number int    `json:"n"`
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
		Run: run.ID, Number: c.Number, By: run.Operator, Host: run.Host, At: c.Time.UTC().Truncate(time.Second), Mode: c.Mode,
		Field: c.Field, Before: c.Before, After: c.After, Expires: c.Expires,
	}
}

// parseMark reads a mark. One that cannot be read is still somebody's mark.
func parseMark(value string) (Mark, error) {
	var m Mark
	if err := json.Unmarshal([]byte(value), &m); err != nil {
		return Mark{}, fmt.Errorf("annotation %s: %w", Annotation, err)
	}
	return m, nil
}

// annotationOf is the annotation that marks objects changed in a mode; a cordon
// has drain's own.
func annotationOf(mode string) string {
	if mode == drain.ModeCordon {
		return drain.CordonAnnotation
	}
	return Annotation
}
