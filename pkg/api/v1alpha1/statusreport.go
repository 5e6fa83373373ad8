// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ChangeState says how a change of ours stands in the cluster now.
type ChangeState string

const (
	// ChangeOurs has the value that we gave it.
	ChangeOurs ChangeState = "Ours"
	// ChangeReverted has its former value again, and our line is still open: Helm,
	// GitOps or a person put it back, or a command of ours that could not write it
	// down.
	ChangeReverted ChangeState = "Reverted"
	// ChangeChanged has a third value.
	ChangeChanged ChangeState = "Changed"
	// ChangeTakenOver is somebody else's now: they have set another value and removed
	// our mark, or lifted our cordon and set one of their own.
	ChangeTakenOver ChangeState = "TakenOver"
	// ChangeReturned was given back by us; its replicas were not waited for to
	// the end.
	ChangeReturned ChangeState = "Returned"
	// ChangeGone means that the object does not exist any more, or that another
	// one has its name.
	ChangeGone ChangeState = "Gone"
	// ChangeNotApplied was written down and never carried out.
	ChangeNotApplied ChangeState = "NotApplied"
	// ChangeUnknown could not be read.
	ChangeUnknown ChangeState = "Unknown"
)

// StatusReport is the result of `status`; metadata.name is "cluster".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type StatusReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Lock is who works now; absent when nobody does.
	Lock *LockStatus `json:"lock,omitempty"`
	// Runs are the commands and what they left, the newest first.
	Runs []RunStatus `json:"runs"`
	// Changes are those that are still ours.
	Changes []ChangeStatus `json:"changes"`
	// Findings are the errors and warnings, worst first.
	Findings []Finding `json:"findings"`
}

// LockStatus is who holds the lock.
type LockStatus struct {
	// Holder is user@host.
	Holder string `json:"holder"`
	// Command is what it runs.
	Command string `json:"command,omitempty"`
	// Since is when it took the lock.
	Since *metav1.Time `json:"since,omitempty"`
	// Lapsed is true when it has not been renewed in time: its holder is gone,
	// and the next command takes it over.
	Lapsed bool `json:"lapsed,omitempty"`
}

// RunStatus is one command that changed something.
type RunStatus struct {
	ID string `json:"id"`
	// Command is what was typed, without the flags of the connection.
	Command string `json:"command"`
	// Operator is the user of the cluster, Host is user@host of the machine.
	Operator string       `json:"operator"`
	Host     string       `json:"host"`
	Started  metav1.Time  `json:"started"`
	Ended    *metav1.Time `json:"ended,omitempty"`
	// Outcome is empty while it runs, or when it died; else Done, Stopped,
	// Interrupted, Aborting (an abort began and did not come to its end) or
	// Aborted.
	Outcome string `json:"outcome,omitempty"`
	// Open counts its changes that are not given back, Total all of them.
	Open  int `json:"open"`
	Total int `json:"total"`
}

// ChangeStatus is one change of ours as it stands now.
type ChangeStatus struct {
	// Run and Number find the line in the journal.
	Run    string    `json:"run"`
	Number int       `json:"number"`
	Object ObjectRef `json:"object"`
	UID    types.UID `json:"uid"`
	// Field is the path of the field, e.g. spec.replicas.
	Field string `json:"field"`
	// Before is the value to give back, After the one that we set, Now the one
	// that was read; null: the field is absent.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	Now    json.RawMessage `json:"now"`
	// Mode is cordon, scale-to-zero, surge or relax.
	Mode  string      `json:"mode"`
	Since metav1.Time `json:"since"`
	// Expires is when a pause should have been given back; Expired says that
	// the time has come.
	Expires *metav1.Time `json:"expires,omitempty"`
	Expired bool         `json:"expired,omitempty"`
	State   ChangeState  `json:"state"`
}
