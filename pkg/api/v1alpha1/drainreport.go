// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DrainOutcome is the verdict of a drain; it maps one to one to the exit code.
type DrainOutcome string

const (
	// DrainPlanned is a dry run without blockers (exit 0).
	DrainPlanned DrainOutcome = "Planned"
	// DrainDone means that the pool was read back empty and every workload at
	// its former readiness (exit 0).
	DrainDone DrainOutcome = "Done"
	// DrainNothingToDo means that the pool was drained already (exit 0).
	DrainNothingToDo DrainOutcome = "NothingToDo"
	// DrainBlocked means that nothing was touched; see the findings (exit 2).
	DrainBlocked DrainOutcome = "Blocked"
	// DrainStopped means that it stopped part-way and can go on (exit 3).
	DrainStopped DrainOutcome = "Stopped"
	// DrainInterrupted means that the operator stopped it (exit 130).
	DrainInterrupted DrainOutcome = "Interrupted"
)

// DrainReport is the result of `drain-pool`; metadata.name is the pool.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type DrainReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Outcome DrainOutcome `json:"outcome"`
	// DryRun is none, client or server.
	DryRun string `json:"dryRun"`
	// Findings are the blockers and warnings, worst first.
	Findings []Finding `json:"findings"`
	Plan     DrainPlan `json:"plan"`
	// Paused is what --pause-pdb-blockers changed for the time of the drain.
	Paused []PausedField `json:"paused,omitempty"`
	// Result is absent when nothing was touched.
	Result *DrainResult `json:"result,omitempty"`
}

// DrainPlan is what a drain is going to do.
type DrainPlan struct {
	Provider string `json:"provider"`
	Role     string `json:"role,omitempty"`
	// Nodes are the pool's nodes, by name.
	Nodes []PlannedNode `json:"nodes"`
	// Workloads are the owners of the pods that move, those with the lowest
	// floor margin first.
	Workloads []PlannedWorkload `json:"workloads"`
	// Waves says which pods can go together: a pod of a later wave goes when
	// the replacements of the earlier ones are Ready.
	Waves []Wave `json:"waves"`
	// Stay counts the pods that a drain leaves: DaemonSet and mirror pods.
	Stay int `json:"stay"`
	// Finished counts the pods that have ended by themselves (Jobs', or Failed ones
	// that a controller has replaced); they are deleted, their logs with them.
	Finished int `json:"finished"`
	// Terminating counts the pods that are on their way out already.
	Terminating int `json:"terminating"`
}

// PlannedNode is a node of the pool before the drain.
type PlannedNode struct {
	Name    string `json:"name"`
	Zone    string `json:"zone,omitempty"`
	Kubelet string `json:"kubelet"`
	Ready   bool   `json:"ready"`
	// Cordon is "to do", "ours" (by an earlier run) or "not ours" (by somebody
	// else; it stays after uncordon-pool).
	Cordon string `json:"cordon"`
	// Pods counts the pods that leave this node.
	Pods int `json:"pods"`
}

// PlannedWorkload is an owner of pods on the pool and the floor it is held to.
type PlannedWorkload struct {
	// Group is the API group of a kind that is none of Kubernetes' own workloads.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Replicas is the desired number, Ready the Ready ones now.
	Replicas int `json:"replicas"`
	Ready    int `json:"ready"`
	// Floor is the number of Ready replicas that the drain never goes below.
	Floor int `json:"floor"`
	// FloorFrom says where the floor comes from: a PDB, the profile, the
	// update strategy or --max-unavailable.
	FloorFrom string `json:"floorFrom"`
	// Move counts the pods that leave the pool.
	Move int `json:"move"`
	// Downtime is true where the workload may be away while it moves: it has a single
	// replica, or its floor is 0 and all its Ready pods leave.
	Downtime bool `json:"downtime,omitempty"`
}

// Wave is a set of pods that can be away at the same time.
type Wave struct {
	Pods []PodRef `json:"pods"`
}

// PodRef names a pod that is to move.
type PodRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	Node      string `json:"node"`
	Workload  string `json:"workload"`
}

// DrainResult is what a drain did, read back from the cluster.
type DrainResult struct {
	// Started and Finished are in UTC.
	Started  metav1.Time `json:"started"`
	Finished metav1.Time `json:"finished"`
	// Seconds is the time between the two.
	Seconds float64 `json:"seconds"`
	// Cordoned lists the nodes that this run cordoned.
	Cordoned []string `json:"cordoned"`
	// Pods are the pods that were to move, in the order in which they went.
	Pods []MovedPod `json:"pods"`
	// Workloads are the readings per workload.
	Workloads []DrainedWorkload `json:"workloads"`
	// Left lists the pods that are still on the pool and should not be.
	Left []PodRef `json:"left"`
	// Counts says of how many pods what became of them.
	Counts DrainCounts `json:"counts"`
}

// DrainCounts are the pods of a drain by what became of them; each is in one count
// only, but for StillThere.
type DrainCounts struct {
	// Moved were evicted by this run, and their replacements are Ready on nodes that
	// were not drained.
	Moved int `json:"moved"`
	// Replacing were evicted by this run; their replacements are not Ready yet.
	Replacing int `json:"replacing"`
	// Returned were evicted by this run; their replacements came back to the pool.
	Returned int `json:"returned"`
	// Gone are gone, and nothing took their place or need have: they had ended by
	// themselves, are a Job's, were on their way out before or deleted by somebody
	// else, or their workload was scaled or deleted.
	Gone int `json:"gone"`
	// Lost were evicted by this run, and nothing makes them again (--force).
	Lost int `json:"lost"`
	// Terminating were evicted by this run and have not ended.
	Terminating int `json:"terminating"`
	// LeftAlone are there still and were not evicted by this run.
	LeftAlone int `json:"leftAlone"`
	// StillThere are the pods on the pool when it was read back, those in left; where
	// it was not read back, Terminating and LeftAlone together.
	StillThere int `json:"stillThere"`
}

// Values of MovedPod.How.
const (
	// HowEvicted is a pod that this run evicted.
	HowEvicted = "Evicted"
	// HowFinished is one that had ended by itself; this run deleted what was left.
	HowFinished = "Finished"
	// HowBefore is one that was on its way out when this run first saw it.
	HowBefore = "TerminatingBefore"
	// HowByOthers is one that somebody else deleted meanwhile.
	HowByOthers = "DeletedByOthers"
)

// MovedPod is one line of the from → to table.
type MovedPod struct {
	PodRef `json:",inline"`
	// State is Moved (replacement Ready elsewhere), Gone (no replacement expected),
	// Replacing (gone, replacement not Ready yet), Returned (gone, its replacement
	// came back to the pool), Terminating or Waiting.
	State string `json:"state"`
	// How is how it went or goes: Evicted, Finished, TerminatingBefore or
	// DeletedByOthers; absent for one that stays.
	How string `json:"how,omitempty"`
	// Lost is true for a live pod that this run evicted and nothing makes again.
	Lost bool `json:"lost,omitempty"`
	// ToPod and ToNode are the replacement's.
	ToPod  string `json:"toPod,omitempty"`
	ToNode string `json:"toNode,omitempty"`
	// UnavailableSeconds is the time from the accepted eviction to the
	// replacement's readiness, as the watch saw it.
	UnavailableSeconds float64 `json:"unavailableSeconds,omitempty"`
	// Waiting says what a pod that did not go was waiting for.
	Waiting string `json:"waiting,omitempty"`
}

// DrainedWorkload is how a workload came through.
type DrainedWorkload struct {
	// Group is the API group of a kind that is none of Kubernetes' own workloads.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Replicas  int    `json:"replicas"`
	Floor     int    `json:"floor"`
	// ReadyBefore, LowestReady and ReadyAfter count Ready pods that are not
	// terminating.
	ReadyBefore int `json:"readyBefore"`
	LowestReady int `json:"lowestReady"`
	ReadyAfter  int `json:"readyAfter"`
	// ReplicasBefore is the desired number when the drain began.
	ReplicasBefore int `json:"replicasBefore"`
	// BrokenBefore counts its pods that were broken, or not Ready and not waited for,
	// before the drain.
	BrokenBefore int `json:"brokenBefore,omitempty"`
	// Changed is what somebody else did to it meanwhile: deleted, or scaled A → B.
	Changed string `json:"changed,omitempty"`
}
