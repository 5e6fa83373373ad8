// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// PauseOutcome is the verdict of a pause or of a restore; it maps one to one to
// the exit code.
type PauseOutcome string

const (
	// PausePlanned is a dry run after which nothing would block (exit 0).
	PausePlanned PauseOutcome = "Planned"
	// PauseDone means that it was done and read back (exit 0).
	PauseDone PauseOutcome = "Done"
	// PauseNothingToDo means that nothing blocks, or nothing is paused (exit 0).
	PauseNothingToDo PauseOutcome = "NothingToDo"
	// PauseBlocked means that something blocks, or conflicts, and was not
	// touched; see the findings (exit 2).
	PauseBlocked PauseOutcome = "Blocked"
	// PauseStopped means that it stopped part-way and can go on (exit 3).
	PauseStopped PauseOutcome = "Stopped"
	// PauseInterrupted means that the operator stopped it (exit 130).
	PauseInterrupted PauseOutcome = "Interrupted"
)

// PauseState says what became of one change of a pause.
type PauseState string

const (
	// PauseStatePlanned is what a dry run would change, or what was written
	// down and not carried out.
	PauseStatePlanned PauseState = "Planned"
	// PauseStateApplied was carried out and read back.
	PauseStateApplied PauseState = "Applied"
	// PauseStateKept was paused by an earlier run already, and is ours still.
	PauseStateKept PauseState = "Kept"
	// PauseStateRestored was given back again, at the end of a drain.
	PauseStateRestored PauseState = "Restored"
	// PauseStateFailed was not carried out; the message says why.
	PauseStateFailed PauseState = "Failed"
)

// PauseReport is the result of `pause-pdb-blockers`; metadata.name is the pool,
// or "cluster".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type PauseReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Outcome PauseOutcome `json:"outcome"`
	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Blockers are the budgets that hold pods, the worst first.
	Blockers []Blocker `json:"blockers"`
	// Paused is what was changed, or would be.
	Paused []PausedField `json:"paused"`
	// Findings are the errors and warnings, worst first.
	Findings []Finding `json:"findings"`
}

// PausedField is one field of one object that a pause changed.
type PausedField struct {
	// Run and Number find the line in the journal.
	Run    string    `json:"run,omitempty"`
	Number int       `json:"number,omitempty"`
	Object ObjectRef `json:"object"`
	UID    types.UID `json:"uid"`
	// Field is the path of the field, e.g. spec.replicas.
	Field string `json:"field"`
	// Before and After are its values; null: the field is absent.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Mode is scale-to-zero, surge or relax.
	Mode string `json:"mode"`
	// Expires is when the pause should have been given back.
	Expires *metav1.Time `json:"expires,omitempty"`
	State   PauseState   `json:"state"`
	Message string       `json:"message,omitempty"`
}
