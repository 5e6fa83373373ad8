// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// RestoreState says what became of one change that was to be given back.
type RestoreState string

const (
	// RestorePlanned is what a dry run would give back.
	RestorePlanned RestoreState = "Planned"
	// RestoreRestored has its former value again, read back.
	RestoreRestored RestoreState = "Restored"
	// RestoreAlreadyBack had its former value already; at most our mark was taken
	// away.
	RestoreAlreadyBack RestoreState = "AlreadyBack"
	// RestoreReturned has its former value again from us; its replicas are still
	// to be waited for.
	RestoreReturned RestoreState = "Returned"
	// RestoreConflict was changed by somebody else meanwhile and was left.
	RestoreConflict RestoreState = "Conflict"
	// RestoreTakenOver is somebody else's now and was left as it is; our line of the
	// journal is closed.
	RestoreTakenOver RestoreState = "TakenOver"
	// RestoreGone means that the object does not exist any more, or that another
	// one has its name.
	RestoreGone RestoreState = "Gone"
	// RestoreNotApplied was written down and never carried out.
	RestoreNotApplied RestoreState = "NotApplied"
	// RestoreNotReady has its former value again, but is not Ready yet.
	RestoreNotReady RestoreState = "NotReady"
	// RestoreFailed could not be given back; the message says why.
	RestoreFailed RestoreState = "Failed"
)

// RestoreReport is the result of `resume-pdb-blockers` and of `abort`;
// metadata.name is the run, or "cluster".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type RestoreReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Outcome PauseOutcome `json:"outcome"`
	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Restored is what was given back, in that order, and what was not.
	Restored []RestoredField `json:"restored"`
	// Findings are the errors and warnings, worst first.
	Findings []Finding `json:"findings"`
}

// RestoredField is one field of one object that was to be given back.
type RestoredField struct {
	// Run and Number find the line in the journal.
	Run    string    `json:"run,omitempty"`
	Number int       `json:"number,omitempty"`
	Object ObjectRef `json:"object"`
	UID    types.UID `json:"uid"`
	// Field is the path of the field, e.g. spec.replicas.
	Field string `json:"field"`
	// From is the value that was found, To the one that was recorded before the
	// change; null: the field is absent.
	From json.RawMessage `json:"from"`
	To   json.RawMessage `json:"to"`
	// Mode is cordon, scale-to-zero, surge or relax.
	Mode    string       `json:"mode"`
	State   RestoreState `json:"state"`
	Message string       `json:"message,omitempty"`
}
