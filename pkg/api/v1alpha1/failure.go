// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Failure is what a command prints with -o json, yaml or kyaml when an error ended
// it before it had a result. metadata.name is the subcommand.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Failure struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Command is the subcommand; empty where none was recognized.
	Command string `json:"command"`
	// Message is the error as it is written to stderr, without the code.
	Message string `json:"message"`
	// Code is that of findings which `explain` knows, where the error has one.
	Code string `json:"code,omitempty"`
	// ExitCode is that of the command; where kubectl does not pass it on (Windows)
	// this is the one to read.
	ExitCode int `json:"exitCode"`
	// Run is the run that can be gone on with, Resume the command that does so.
	Run    string `json:"run,omitempty"`
	Resume string `json:"resume,omitempty"`
	// Lock is who holds the lock, where that is the reason (exit code 4).
	Lock *LockStatus `json:"lock,omitempty"`
}

// ResumeReport is the result of `resume` where it goes on with nothing: there is
// nothing to go on with, or --dry-run=client.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ResumeReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Outcome ResumeOutcome `json:"outcome"`
	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Run is the run to go on with, absent where there is none.
	Run *RunStatus `json:"run,omitempty"`
	// Findings are what keeps from saying that nothing is left: a journal or a mark
	// that cannot be read.
	Findings []Finding `json:"findings,omitempty"`
}

// ResumeOutcome is how resume ended.
type ResumeOutcome string

// The outcomes of resume; that of a run that was gone on with is in the report of
// its own command.
const (
	ResumePlanned     ResumeOutcome = "Planned"
	ResumeNothingToDo ResumeOutcome = "NothingToDo"
)
