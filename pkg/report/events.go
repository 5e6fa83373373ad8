// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
)

// eventTime is RFC 3339 with milliseconds.
const eventTime = "2006-01-02T15:04:05.000Z07:00"

// NewDrainEvent returns an event of a kind that a drain's engine does not tell.
func NewDrainEvent(at time.Time, eventType v1alpha1.DrainEventType, object, message string) *v1alpha1.DrainEvent {
	return &v1alpha1.DrainEvent{
		TypeMeta: v1alpha1.TypeMeta("DrainEvent"),
		Time:     at.UTC().Format(eventTime), Type: eventType, Object: eventObject(object), Message: message,
	}
}

// DrainEvent turns an event of a drain's engine into its printed form.
func DrainEvent(e drain.Event) *v1alpha1.DrainEvent {
	out := NewDrainEvent(e.Time, eventType(e.Type), e.Object, e.Message)
	out.Node, out.ToPod, out.ToNode, out.Gone, out.Total = e.Node, e.ToPod, e.ToNode, e.Gone, e.Total
	out.Seconds = e.Took.Round(time.Millisecond).Seconds()
	if e.Type == drain.Cordoned && out.Object != nil {
		out.Node = out.Object.Name
	}
	if e.Workload.Name != "" && e.Workload.Kind != "Pod" {
		out.Workload = e.Workload.String()
	}
	if e.Floored {
		out.Ready, out.Replicas, out.Floor = &e.Ready, &e.Replicas, &e.Floor
	}
	return out
}

func eventType(t drain.EventType) v1alpha1.DrainEventType {
	switch t {
	case drain.Cordoned:
		return v1alpha1.EventCordoned
	case drain.Evicted:
		return v1alpha1.EventEvicted
	case drain.Gone:
		return v1alpha1.EventGone
	case drain.Replaced:
		return v1alpha1.EventReady
	case drain.Waiting:
		return v1alpha1.EventWaiting
	case drain.GaveUp:
		return v1alpha1.EventGaveUp
	case drain.Trouble:
	}
	return v1alpha1.EventTrouble
}

// eventObject takes apart how findings name an object: kind/namespace/name, or
// kind/name.
func eventObject(object string) *v1alpha1.EventObject {
	kind, rest, isObject := strings.Cut(object, "/")
	if !isObject {
		return nil
	}
	out := &v1alpha1.EventObject{Kind: kind, Name: rest}
	if namespace, name, namespaced := strings.Cut(rest, "/"); namespaced {
		out.Namespace, out.Name = namespace, name
	}
	for _, known := range []string{"Pod", "Node", "Pool", "Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "Job"} {
		if strings.EqualFold(kind, known) {
			out.Kind = known
		}
	}
	return out
}

// EventJSON writes an event as one line of JSON.
func EventJSON(e *v1alpha1.DrainEvent) (string, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("writing an event: %w", err)
	}
	return string(data), nil
}

// EventLine writes an event for people: the local time, what happened, to what,
// and the words. Nodes have their short names, but for the cordon of a node:
// that is where the whole name can be copied from.
func EventLine(e drain.Event, names *NodeNames, style Style) string {
	object := e.Object
	words := names.In(oneLine(e.Message))
	switch e.Type {
	case drain.Evicted, drain.Gone:
		if words != "" {
			words = " (" + words + ")"
		}
		words = "from " + names.In(e.Node) + words
	case drain.Replaced:
		object = object[:strings.LastIndex(object, "/")+1] + e.ToPod
		words = fmt.Sprintf("on %s in %s", names.In(e.ToNode), tenths(e.Took))
		if e.Floored {
			words += fmt.Sprintf(", %d/%d ready", e.Ready, e.Replicas)
		}
	case drain.Waiting:
		if words = shortCause(e.Workload, words); e.Again {
			words = fmt.Sprintf("still, for %s: ", e.Took.Round(time.Second)) + words
		} else {
			object += ":"
		}
	case drain.GaveUp, drain.Trouble:
		object += ":"
	case drain.Cordoned:
	}
	line := Line(e.Time, string(e.Type), object, words)
	if e.Type == drain.Waiting && e.Again {
		line = cut(line, lineWidth) // it was told in full before
	}
	return paintKind(line, e.Type, style)
}

// kindColumn is where the kind of an event begins in a line.
const kindColumn = len(time.TimeOnly) + 1

// Line writes a line of progress.
func Line(at time.Time, kind, object, words string) string {
	line := fmt.Sprintf("%s %-8s %s", at.Local().Format(time.TimeOnly), kind, object)
	if words != "" {
		line += " " + words
	}
	return line
}

func paintKind(line string, t drain.EventType, style Style) string {
	paint := func(s string) string { return s }
	switch t {
	case drain.GaveUp, drain.Trouble:
		paint = style.Red
	case drain.Waiting:
		paint = style.Yellow
	case drain.Replaced:
		paint = style.Green
	case drain.Cordoned, drain.Evicted, drain.Gone:
	}
	end := kindColumn + len(t)
	return line[:kindColumn] + paint(line[kindColumn:end]) + line[end:]
}

// StartedLine tells that a drain begins.
func StartedLine(at time.Time, pool string, plan *v1alpha1.DrainPlan) string {
	return Line(at, "started", "pool/"+pool+":", toMove(plan)+" from "+plural(len(plan.Nodes), "node")+notToMove(plan))
}

// FinishedLine tells how a drain ended.
func FinishedLine(at time.Time, pool string, outcome v1alpha1.DrainOutcome, gone, total int) string {
	return Line(at, "finished", "pool/"+pool+":", fmt.Sprintf("%s, %d of %s gone", outcome, gone, plural(total, "pod")))
}

// DateLine says which day and zone the times of the following lines are of.
func DateLine(at time.Time) string {
	zone, _ := at.Local().Zone()
	offset := at.Local().Format("UTC-07:00")
	if strings.HasPrefix(zone, "+") || strings.HasPrefix(zone, "-") || zone == "UTC" {
		zone = ""
	}
	if zone != "" {
		offset = zone + ", " + offset
	}
	return Line(at, "date", at.Local().Format(time.DateOnly), "("+offset+")")
}

// tenths writes a short time.
func tenths(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
