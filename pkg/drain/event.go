// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import "time"

// EventType says what happened during a drain.
type EventType string

const (
	// Cordoned means that a node was made unschedulable by us.
	Cordoned EventType = "cordoned"
	// Evicted means that the API server accepted the eviction of a pod.
	Evicted EventType = "evicted"
	// Gone means that a pod has left its node.
	Gone EventType = "gone"
	// Replaced means that the replacement of a pod is Ready on another node.
	Replaced EventType = "ready"
	// Waiting means that a workload waits for something; sent when the cause changes and
	// once in a while as long as it lasts.
	Waiting EventType = "waiting"
	// GaveUp means that nothing more is done for a workload in this run.
	GaveUp EventType = "gave up"
	// Trouble means that the API server does not answer as it should; it is retried.
	Trouble EventType = "trouble"
)

// Event is one thing that happened, for the operator who looks on.
type Event struct {
	Time    time.Time
	Type    EventType
	Object  string
	Message string
}

// Observer is told of events, one after the other.
type Observer func(Event)
