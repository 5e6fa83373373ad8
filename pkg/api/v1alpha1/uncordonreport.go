// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// UncordonReport is the result of `uncordon-pool`; metadata.name is the pool.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type UncordonReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Nodes are all nodes of the pool, by name.
	Nodes []UncordonedNode `json:"nodes"`
	// Findings are the nodes that could not be given back, and why.
	Findings []Finding `json:"findings"`
}

// UncordonedNode is what happened to one node.
type UncordonedNode struct {
	Name string `json:"name"`
	// Action is uncordoned, "mark removed" (it was schedulable already),
	// "left cordoned" (not our cordon), "mark removed, left cordoned" (it was ours and
	// is somebody else's by now), "not cordoned", "refused" (by the API server; see the
	// findings) or "not tried" (it stopped before).
	Action string `json:"action"`
	// CordonedBy and CordonedAt come from our mark; empty for other cordons.
	CordonedBy string       `json:"cordonedBy,omitempty"`
	CordonedAt *metav1.Time `json:"cordonedAt,omitempty"`
}
