// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

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
	Time time.Time
	Type EventType
	// Object is what it happened to, as findings name it.
	Object string
	// Message is a cause in words; empty where the fields say all.
	Message string

	// Node is the node that a pod leaves.
	Node string
	// Workload is the workload that it concerns; zero where there is none.
	Workload cluster.Ref
	// Floored is true when the workload has a readiness to tell: Ready of
	// Replicas, never below Floor.
	Floored                bool
	Ready, Replicas, Floor int
	// ToPod and ToNode are those of a replacement that is Ready.
	ToPod, ToNode string
	// Took is the time from the eviction to the replacement's readiness, or how
	// long a wait has lasted.
	Took time.Duration
	// Again is true when a wait is told once more.
	Again bool
	// Gone and Total count the pods that have left and all that are to leave.
	Gone, Total int
}

// Observer is told of events, one after the other.
type Observer func(Event)

// tell reports what happened to an object.
func (e *Engine) tell(t EventType, object, message string) {
	e.send(Event{Type: t, Object: object, Message: message})
}

// tellOf reports what happened to a workload, or to an object on its behalf.
func (e *Engine) tellOf(g *group, event Event) {
	event.Workload, event.Floored = g.ref, g.isReplaced()
	if event.Floored {
		event.Ready, event.Replicas, event.Floor = g.ready, g.replicas, g.floor.Ready
	}
	e.send(event)
}

// tellPod reports what happened to a pod that leaves.
func (e *Engine) tellPod(t EventType, g *group, m *member) {
	event := Event{Type: t, Object: cluster.PodObject(m.Pod), Node: m.Pod.Spec.NodeName}
	if t == Gone {
		event.Message = m.tookInWords()
	}
	if t == Replaced {
		event.ToPod, event.ToNode = m.successor.Name, m.successor.Spec.NodeName
		event.Took = m.readyAt.Sub(m.leftAt)
	}
	e.tellOf(g, event)
}

// send adds the time and the totals.
func (e *Engine) send(event Event) {
	if event.Type == Gone {
		e.gone++
	}
	event.Time, event.Gone = e.Clock.Now(), e.gone
	for _, g := range e.groups {
		event.Total += len(g.members)
	}
	e.Observer(event)
}
