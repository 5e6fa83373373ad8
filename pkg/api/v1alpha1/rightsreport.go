// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RightState says whether the current user has a right.
type RightState string

const (
	// RightAllowed means that the API server's authorizer says yes.
	RightAllowed RightState = "Allowed"
	// RightDenied means that it says no.
	RightDenied RightState = "Denied"
	// RightUnknown means that it could not tell.
	RightUnknown RightState = "Unknown"
	// RightNotApplicable means that the server does not have what the right is for.
	RightNotApplicable RightState = "NotApplicable"
)

// RightsReport is the result of `rbac --check`; metadata.name is "current-user".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type RightsReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Complete is true when all that is essential is allowed, or not applicable
	// (exit 0, else 2).
	Complete bool `json:"complete"`
	// Subcommands say for which of them that is so; a flag that wants more rights has
	// a line of its own.
	Subcommands []SubcommandRights `json:"subcommands"`
	// Rights are in the order of their API groups and resources.
	Rights []Right `json:"rights"`
}

// SubcommandRights says whether a subcommand can be used.
type SubcommandRights struct {
	// Name is the subcommand, with the flag that wants more rights: placement-check
	// --relocate.
	Name string `json:"name"`
	// Complete is true when all that is essential is allowed, or not applicable.
	Complete bool `json:"complete"`
}

// Right is one verb on one resource.
type Right struct {
	Verb string `json:"verb"`
	// Group is the API group, empty for the core; Resource may name a subresource:
	// pods/eviction.
	Group    string `json:"group,omitempty"`
	Resource string `json:"resource"`
	// Name is that of the only object; empty means all.
	Name string `json:"name,omitempty"`
	// Namespace is empty for the whole cluster.
	Namespace string     `json:"namespace,omitempty"`
	State     RightState `json:"state"`
	// Reason is what the server says of it, where it says anything.
	Reason string `json:"reason,omitempty"`
	// For are the subcommands that cannot do without it, each with the flag that
	// wants it.
	For []string `json:"for,omitempty"`
	// Without says what those that go on without it cannot do then.
	Without []Loss `json:"without,omitempty"`
	// Why explains a right that looks like more than is needed.
	Why string `json:"why,omitempty"`
}

// Loss is what a subcommand cannot do without a right.
type Loss struct {
	Subcommand string `json:"subcommand"`
	Loss       string `json:"loss"`
}
