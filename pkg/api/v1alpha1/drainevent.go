// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DrainEventType says what happened. More types may be added: a reader passes
// over those that it does not know.
type DrainEventType string

const (
	// EventStarted means that the lock is held and the drain begins; the first
	// event of a drain that changes something, but for notes.
	EventStarted DrainEventType = "Started"
	// EventCordoned means that a node was made unschedulable by this run.
	EventCordoned DrainEventType = "Cordoned"
	// EventEvicted means that the API server accepted the eviction of a pod.
	EventEvicted DrainEventType = "Evicted"
	// EventGone means that a pod has left its node.
	EventGone DrainEventType = "Gone"
	// EventReady means that the replacement of a pod is Ready on another node.
	EventReady DrainEventType = "Ready"
	// EventWaiting means that a workload waits for something; told again every 30 s.
	EventWaiting DrainEventType = "Waiting"
	// EventGaveUp means that nothing more is done for a workload in this run.
	EventGaveUp DrainEventType = "GaveUp"
	// EventTrouble means that the API server does not answer as it should; it is retried.
	EventTrouble DrainEventType = "Trouble"
	// EventChanged means that a field of an object was changed for the time of the
	// run, or given back: a workload that was scaled, a budget.
	EventChanged DrainEventType = "Changed"
	// EventNote is something worth knowing that changes nothing, such as a
	// warning of the API server or a lock that was taken over.
	EventNote DrainEventType = "Note"
	// EventFinished is the last event; outcome says how it ended.
	EventFinished DrainEventType = "Finished"
)

// DrainEvent is one line of `drain-pool --events=json`; see docs/events.md.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type DrainEvent struct {
	metav1.TypeMeta `json:",inline"`

	// Time is in UTC, RFC 3339 with milliseconds.
	Time string         `json:"time"`
	Type DrainEventType `json:"type"`
	// Pool is the name of the pool that is drained.
	Pool string `json:"pool,omitempty"`
	// Object is what it happened to.
	Object *EventObject `json:"object,omitempty"`
	// Node is the node that a pod leaves, or the one that was cordoned.
	Node string `json:"node,omitempty"`
	// Workload is the owner of the pod, as kind/namespace/name; Ready,
	// Replicas and Floor are its readiness at that moment.
	Workload string `json:"workload,omitempty"`
	Ready    *int   `json:"ready,omitempty"`
	Replicas *int   `json:"replicas,omitempty"`
	Floor    *int   `json:"floor,omitempty"`
	// ToPod and ToNode are those of a replacement that is Ready.
	ToPod  string `json:"toPod,omitempty"`
	ToNode string `json:"toNode,omitempty"`
	// Seconds is the time from the eviction to the replacement's readiness
	// (Ready), how long the wait has lasted (Waiting), or how long the drain
	// took (Finished).
	Seconds float64 `json:"seconds,omitempty"`
	// Message says in words why.
	Message string `json:"message,omitempty"`
	// Outcome is how the drain ended (Finished).
	Outcome DrainOutcome `json:"outcome,omitempty"`
	// Gone counts the pods that have left, Total all that are to leave.
	Gone  int `json:"gone"`
	Total int `json:"total"`
}

// EventObject is what an event happened to.
type EventObject struct {
	// Group is the API group of a workload of a kind that is none of Kubernetes'
	// own.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}
