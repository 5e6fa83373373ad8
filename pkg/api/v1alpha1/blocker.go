// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "strings"

// ObjectRef names an object of the cluster.
type ObjectRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// String is the way findings name objects: deployment/shared/telegraf-prom.
func (o ObjectRef) String() string {
	parts := []string{strings.ToLower(o.Kind), o.Namespace, o.Name}
	if o.Namespace == "" {
		parts = []string{parts[0], o.Name}
	}
	return strings.Join(parts, "/")
}

// Blocker is a disruption budget that holds pods on their nodes.
type Blocker struct {
	Namespace string `json:"namespace"`
	// PDB is the name of the budget, Others are those of the further budgets on
	// the same pods (class Several).
	PDB    string   `json:"pdb"`
	Others []string `json:"others,omitempty"`
	// Class is PermanentBySpec, PermanentBySize, Several, Unhealthy, Failed,
	// Stale or Transient; Cause says it in words.
	Class string `json:"class"`
	Cause string `json:"cause"`
	// Later is true when it allows evictions now, and blocks once an autoscaler
	// scales its workload down.
	Later bool `json:"later,omitempty"`
	// Workloads are those behind the pods.
	Workloads []BlockedWorkload `json:"workloads"`
	// Owner is who looks after the workload, or else after the budget.
	Owner *Owner `json:"owner,omitempty"`
	// Pods are those that it holds, Nodes where they are.
	Pods  []string `json:"pods"`
	Nodes []string `json:"nodes"`
	// Mode is how it is relieved; empty when nothing is to be done about it.
	// ModeFrom says who chose it: flag or profile.
	Mode     string `json:"mode,omitempty"`
	ModeFrom string `json:"modeFrom,omitempty"`
	// Refused says why that mode cannot work.
	Refused string `json:"refused,omitempty"`
}

// BlockedWorkload is a workload whose pods a budget holds.
type BlockedWorkload struct {
	// Group is the API group of a kind that is none of Kubernetes' own workloads.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Replicas  int    `json:"replicas"`
	Ready     int    `json:"ready"`
}

// Owner is who looks after an object and may put a change of it back.
type Owner struct {
	// Kind is Helm, Argo CD, Flux or operator.
	Kind string `json:"kind"`
	// Name is that of the release, application or operator.
	Name string `json:"name"`
}
