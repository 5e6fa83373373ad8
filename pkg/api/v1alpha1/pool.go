// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Pool is a group of nodes that the cloud manages as one: an AKS node pool,
// an EKS node group, a Karpenter NodePool. Its name is metadata.name.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Pool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Provider is aks, eks, eksctl, karpenter, gke, kops or unknown.
	Provider string `json:"provider"`
	// Role is what Vantiq runs there, e.g. "mongodb"; empty when unknown.
	Role string `json:"role,omitempty"`
	// Nodes lists the node names in order.
	Nodes []string `json:"nodes"`
	// Ready counts the nodes whose Ready condition is True.
	Ready int `json:"ready"`
	// Cordoned counts the unschedulable nodes, ours among them.
	Cordoned int `json:"cordoned"`
	// CordonedByUs counts the nodes that carry our cordon mark.
	CordonedByUs int `json:"cordonedByUs"`
	// KubeletVersions lists the distinct versions, lowest first.
	KubeletVersions []string `json:"kubeletVersions"`
	// Zones lists the distinct zones in order.
	Zones []string `json:"zones"`
}

// PoolList is the result of `pools`.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type PoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []Pool `json:"items"`
}
