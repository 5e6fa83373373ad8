// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// PausedAnnotation marks an object that is changed for a time; pkg/relief writes
// it.
const PausedAnnotation = v1alpha1.Group + "/paused"

// KeepOffLabel is on the pods that keep another pod off nodes; its value is the
// run.
const KeepOffLabel = v1alpha1.Group + "/keep-off"

// Object names an object of the cluster.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// String returns kind/namespace/name as findings name the object: the kind in
// lower case, pdb for a disruption budget, no namespace where there is none.
func (o Object) String() string {
	kind := strings.ToLower(o.Kind)
	if o.Kind == "PodDisruptionBudget" {
		kind = "pdb"
	}
	if o.Namespace == "" {
		return kind + "/" + o.Name
	}
	return kind + "/" + o.Namespace + "/" + o.Name
}

// State is how far a change has come.
type State string

// The states of a change, in the order in which it can pass through them. The
// last two are final: nothing is left to give back.
const (
	// Planned is written ahead; whether it was carried out is not known.
	Planned State = "Planned"
	// Applied is carried out and read back.
	Applied State = "Applied"
	// Returned has its former value again, and the replicas of its workload are
	// still waited for. It stays open, so that whoever goes on waits too.
	Returned State = "Returned"
	// Restored is given back: nothing of it is left.
	Restored State = "Restored"
	// Dropped was never carried out, or its object is gone, or the operator gave
	// it up: there is nothing to give back.
	Dropped State = "Dropped"
)

// rank orders the states; a change never goes to a lower one. A state that this
// version does not know may be anything: every other one may follow it.
func (s State) rank() int {
	switch s {
	case Applied:
		return 1
	case Returned:
		return 2
	case Restored, Dropped:
		return 3
	default:
		return 0
	}
}

// isKnown reports whether s is one of the states above.
func (s State) isKnown() bool {
	return slices.Contains([]State{Planned, Applied, Returned, Restored, Dropped}, s)
}

// Change is one line of the journal: one field of one object.
type Change struct {
	// Number counts the changes of a run, from 1.
	Number int `json:"n"`
	// Run, Operator and Host are those of the run, so that a line says all by
	// itself; a recorder fills them in.
	Run      string `json:"run,omitempty"`
	Operator string `json:"operator,omitempty"`
	Host     string `json:"host,omitempty"`
	// Time is when it was written ahead, in UTC.
	Time   time.Time `json:"time"`
	Object Object    `json:"object"`
	UID    types.UID `json:"uid,omitempty"`
	// Field is the path of the field: spec.replicas, spec.unschedulable.
	Field string `json:"field"`
	// Before and After are its values as JSON; null is a field that is absent.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Mode is how the change relieves: cordon, scale-to-zero, surge, relax.
	Mode string `json:"mode,omitempty"`
	// Expires is when a pause is to be over; nil for what is no pause.
	Expires *time.Time `json:"expires,omitempty"`
	State   State      `json:"state"`
	// Note is a short sentence about the state, for the operator.
	Note string `json:"note,omitempty"`
}

// Words says in a few words what the change is: replicas 1 → 0.
func (c Change) Words() string { return Step(c.Field, c.Before, c.After) }

// Step says in a few words how a field goes from one value to another.
func Step(field string, from, to json.RawMessage) string {
	return strings.TrimPrefix(field, "spec.") + " " + Text(from) + " → " + Text(to)
}

// Text is a value for people.
func Text(value json.RawMessage) string {
	if text := string(value); text != "" && text != "null" {
		return text
	}
	return "unset"
}

// IsOpen reports whether something of the change may be left to give back. An
// unknown state counts as open.
func (c Change) IsOpen() bool { return c.State != Restored && c.State != Dropped }

// isSame reports whether two lines tell of the same change, however far each has
// come.
func (c Change) isSame(other Change) bool {
	return c.Number == other.Number && c.Time.Equal(other.Time) && c.Object == other.Object && c.UID == other.UID &&
		c.Field == other.Field && c.Mode == other.Mode && bytes.Equal(c.Before, other.Before) && bytes.Equal(c.After, other.After)
}
