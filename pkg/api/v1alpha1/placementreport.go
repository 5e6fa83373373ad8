// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PlacementVerdict says whether a pod is where it belongs.
type PlacementVerdict string

const (
	// PlacementRight means that nothing is to be said against its node.
	PlacementRight PlacementVerdict = "Right"
	// PlacementWrong means that it belongs elsewhere; an error.
	PlacementWrong PlacementVerdict = "Wrong"
	// PlacementPoor means that it may stay, but another node would be better; a
	// warning.
	PlacementPoor PlacementVerdict = "Poor"
	// PlacementPending means that it has no node.
	PlacementPending PlacementVerdict = "Pending"
)

// PlacementReport is the result of `placement-check`; metadata.name is
// "cluster".
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type PlacementReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Time is when the cluster was looked at.
	Time metav1.Time `json:"time"`
	// Verdict is that on all pods: Wrong if there is a finding of severity Error
	// (exit code 2), Poor if there are only warnings, else Right (both 0).
	Verdict PlacementVerdict `json:"verdict"`
	// Installations are the namespaces of the Vantiq installations; without one
	// the map of the profile is not judged.
	Installations []string         `json:"installations"`
	Summary       PlacementSummary `json:"summary"`
	// Zones are those of the nodes, in order; "" stands for nodes without one.
	Zones []string `json:"zones"`
	// Nodes are in the order of zone, pool and name.
	Nodes []PlacementNode `json:"nodes"`
	// Pods are in the order of namespace and name; finished ones are left out.
	Pods []PlacedPod `json:"pods"`
	// NotChecked are the checks that could not be made.
	NotChecked []UncheckedPlacement `json:"notChecked,omitempty"`
	// Findings are the errors and warnings, worst first.
	Findings []Finding `json:"findings"`
	// Relocation is what --relocate did, or would do.
	Relocation *Relocation `json:"relocation,omitempty"`
}

// PlacementSummary counts pods by verdict.
type PlacementSummary struct {
	Pods    int `json:"pods"`
	Right   int `json:"right"`
	Wrong   int `json:"wrong"`
	Poor    int `json:"poor"`
	Pending int `json:"pending"`
}

// PlacementNode is a node and how full it is.
type PlacementNode struct {
	Name string `json:"name"`
	// Pool and Role are empty where none is known.
	Pool  string `json:"pool,omitempty"`
	Role  string `json:"role,omitempty"`
	Zone  string `json:"zone,omitempty"`
	Ready bool   `json:"ready"`
	// Cordoned is true for a node that takes no new pods.
	Cordoned bool `json:"cordoned,omitempty"`
	// Requested is what its pods ask for, Allocatable what they may have.
	Requested   NodeResources `json:"requested"`
	Allocatable NodeResources `json:"allocatable"`
}

// NodeResources are the resources that decide whether a pod fits.
type NodeResources struct {
	// MilliCPU is in thousandths of a core, Memory in bytes.
	MilliCPU int64 `json:"milliCPU"`
	Memory   int64 `json:"memory"`
	Pods     int64 `json:"pods"`
}

// PlacedPod is a pod and the judgement on its place.
type PlacedPod struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Workload is kind/namespace/name in lower case; empty for a pod without a
	// controller. DaemonSet says that it is on every node by design.
	Workload  string `json:"workload,omitempty"`
	DaemonSet bool   `json:"daemonSet,omitempty"`
	// Node, Pool and Zone are where it is.
	Node string `json:"node,omitempty"`
	Pool string `json:"pool,omitempty"`
	Zone string `json:"zone,omitempty"`
	// Since is when it came to the node.
	Since   *metav1.Time     `json:"since,omitempty"`
	Verdict PlacementVerdict `json:"verdict"`
	// Known is true for a workload that the profile gives a place.
	Known bool `json:"known,omitempty"`
	// Belongs are the pools where it belongs; empty means anywhere.
	Belongs []string `json:"belongs,omitempty"`
	// Codes are those of its findings.
	Codes []string `json:"codes,omitempty"`
	// Room are the nodes where it belongs and would fit now, the best first, ten
	// at most; NoRoom says why there is none. Both are empty for a pod whose place
	// is right. What is planned before it has taken its place.
	Room   []string `json:"room,omitempty"`
	NoRoom string   `json:"noRoom,omitempty"`
	// Expected is the node that is expected to take it: of Room, or one that other
	// misplaced pods leave first. The scheduler decides. Empty when there is none.
	Expected string `json:"expected,omitempty"`
	// Command is the one that moves it.
	Command string `json:"command,omitempty"`
}

// UncheckedPlacement is a check that could not be made.
type UncheckedPlacement struct {
	// Check is what was to be looked at, e.g. volumes.
	Check string `json:"check"`
	// Reason is why it could not, e.g. forbidden.
	Reason string `json:"reason"`
}

// RelocationOutcome is the verdict of a relocation; it maps one to one to the
// exit code.
type RelocationOutcome string

const (
	// RelocationPlanned is a dry run (exit 0).
	RelocationPlanned RelocationOutcome = "Planned"
	// RelocationDone means that every pod is where it belongs, read back (exit 0).
	RelocationDone RelocationOutcome = "Done"
	// RelocationNothingToDo means that no pod is in a wrong place (exit 0).
	RelocationNothingToDo RelocationOutcome = "NothingToDo"
	// RelocationBlocked means that nothing was touched (exit 2).
	RelocationBlocked RelocationOutcome = "Blocked"
	// RelocationStopped means that it stopped part-way (exit 3).
	RelocationStopped RelocationOutcome = "Stopped"
	// RelocationInterrupted means that the operator stopped it (exit 130).
	RelocationInterrupted RelocationOutcome = "Interrupted"
)

// Relocation is what became of the pods that were to be moved.
type Relocation struct {
	Outcome RelocationOutcome `json:"outcome"`
	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Moves are in their order.
	Moves []Move `json:"moves"`
}

// Move takes one pod from the node where it is to one where it belongs.
type Move struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Workload  string `json:"workload"`
	FromNode  string `json:"fromNode"`
	FromPool  string `json:"fromPool"`
	ToPool    string `json:"toPool"`
	// ToNode is where it came to; in a plan where it would fit.
	ToNode string `json:"toNode,omitempty"`
	// Steps say how, in words and in order.
	Steps []string `json:"steps,omitempty"`
	// Downtime is true for a single replica, which is away meanwhile.
	Downtime bool `json:"downtime,omitempty"`
	// State is Planned, OnTheWay (evicted, not seen Ready yet), Moved, Failed or
	// Refused.
	State   string `json:"state"`
	Message string `json:"message,omitempty"`
	// Seconds is how long it took until it was Ready.
	Seconds float64 `json:"seconds,omitempty"`
}
