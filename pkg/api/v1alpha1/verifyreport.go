// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VerifyOutcome is the verdict of verify; it maps one to one to the exit code.
type VerifyOutcome string

const (
	// VerifyPassed means that every check was made and none has an error (exit 0).
	VerifyPassed VerifyOutcome = "Passed"
	// VerifyFailed means that there is a finding of severity Error (exit 2).
	VerifyFailed VerifyOutcome = "Failed"
	// VerifyNotChecked means that there is none, but that a check could not be
	// made (exit 2).
	VerifyNotChecked VerifyOutcome = "NotChecked"
)

// CheckState is the result of one check.
type CheckState string

const (
	// CheckOK means that nothing was found.
	CheckOK CheckState = "OK"
	// CheckFailed means that there is an error among its findings.
	CheckFailed CheckState = "Failed"
	// CheckWarning means that there are only warnings.
	CheckWarning CheckState = "Warning"
	// CheckNotChecked means that it could not be made, for want of a right.
	CheckNotChecked CheckState = "NotChecked"
	// CheckSkipped means that there was nothing to compare with: no baseline, no
	// target version, no probe.
	CheckSkipped CheckState = "Skipped"
)

// VerifyReport is the result of `verify`; metadata.name is "cluster".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VerifyReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Time is when the cluster was looked at.
	Time    metav1.Time     `json:"time"`
	Cluster ClusterIdentity `json:"cluster"`
	Outcome VerifyOutcome   `json:"outcome"`
	// Target is the version of --to; empty without.
	Target string `json:"target,omitempty"`
	// Baseline is what was compared with; absent without one.
	Baseline *BaselineRef `json:"baseline,omitempty"`
	// Looks says how often --wait looked; absent without.
	Looks *Looks `json:"looks,omitempty"`
	// Checks are in the order of the runbook.
	Checks []Check `json:"checks"`
	// Findings are the errors and warnings, worst first.
	Findings []Finding `json:"findings"`
	// Ignored are the findings that --ignore took out of the verdict.
	Ignored []IgnoredFinding `json:"ignored,omitempty"`
	// Differences are what changed since the baseline, by what an operator looks
	// at first.
	Differences []Difference `json:"differences,omitempty"`
	// Events are those of trouble since the baseline, also of objects that are
	// well by now.
	Events []TroubleEvent `json:"events,omitempty"`
	// Probes are the answers to --http.
	Probes []Probe `json:"probes,omitempty"`
	// Checklist is what only a person can check.
	Checklist []ChecklistItem `json:"checklist"`
}

// BaselineRef says which snapshot was compared with.
type BaselineRef struct {
	// Source is the file, or the name under which the cluster keeps it.
	Source string      `json:"source"`
	Time   metav1.Time `json:"time"`
	// Version is that of the API server at that time.
	Version string `json:"version,omitempty"`
}

// Looks counts the looks of --wait.
type Looks struct {
	// Total is how often it looked, InARow how many of the last all held, Wanted
	// how many it wants.
	Total  int `json:"total"`
	InARow int `json:"inARow"`
	Wanted int `json:"wanted"`
	// Seconds is how long it waited.
	Seconds float64 `json:"seconds"`
}

// Check is one thing that was looked at.
type Check struct {
	// Name is stable: nodes-ready.
	Name string `json:"name"`
	// Title is for people: Nodes are Ready.
	Title string     `json:"title"`
	State CheckState `json:"state"`
	// Detail is one line: 14 of 14.
	Detail string `json:"detail,omitempty"`
}

// IgnoredFinding is a finding that was left out of the verdict.
type IgnoredFinding struct {
	Finding Finding `json:"finding"`
	// Rule is what was given: VU-502=pod/app/x; Reason is why.
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// DifferenceGroup puts differences in order.
type DifferenceGroup string

// The groups, in the order in which an operator looks at them.
const (
	DifferenceNodes     DifferenceGroup = "Nodes"
	DifferenceWorkloads DifferenceGroup = "Workloads"
	DifferencePods      DifferenceGroup = "Pods"
	DifferenceStorage   DifferenceGroup = "Storage"
	DifferenceNetwork   DifferenceGroup = "Network"
	DifferencePolicy    DifferenceGroup = "Policy"
	DifferenceExtras    DifferenceGroup = "Extensions"
)

// Difference is something that is not as it was.
type Difference struct {
	Group DifferenceGroup `json:"group"`
	// Object is kind/namespace/name; pool/NAME for what all nodes of a pool share.
	Object string `json:"object"`
	// Field is what differs: replicas, kubelet, image of vantiq.
	Field string `json:"field"`
	// Before and After are values; "" stands for none.
	Before string `json:"before"`
	After  string `json:"after"`
	// Code is that of the finding which it is; empty where it is as an upgrade has
	// it, e.g. another kubelet.
	Code string `json:"code,omitempty"`
}

// TroubleEvent are the events of one reason about one object.
type TroubleEvent struct {
	Object  string      `json:"object"`
	Reason  string      `json:"reason"`
	Message string      `json:"message"`
	Count   int32       `json:"count"`
	Last    metav1.Time `json:"last"`
	// Over is true when the object is well, or gone, by now.
	Over bool `json:"over"`
}

// Probe is the answer of a web page.
type Probe struct {
	// Name is what the operator called it.
	Name string `json:"name"`
	URL  string `json:"url"`
	// Status is that of the last answer, 0 without one; Milliseconds is how long
	// it all took.
	Status       int   `json:"status,omitempty"`
	Milliseconds int64 `json:"milliseconds"`
	// Final is the address that redirects led to.
	Final string `json:"final,omitempty"`
	// Expires is when the certificate of the first server ends.
	Expires *metav1.Time `json:"expires,omitempty"`
	// Up is false without an answer below 400; 401 and 403 count as up: that is
	// the login.
	Up bool `json:"up"`
	// Message says why it is not up.
	Message string `json:"message,omitempty"`
}

// ChecklistItem is something that a person looks at.
type ChecklistItem struct {
	// Text is what to look at; Where is the page, e.g. Vantiq IDE.
	Text  string `json:"text"`
	Where string `json:"where"`
}
