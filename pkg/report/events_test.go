// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
)

const (
	longFrom = "aks-mongodbnp-34842842-vmss000002"
	longTo   = "ip-10-0-1-2.ap-northeast-1.compute.internal"
)

// events is one of each type, with its line for people and its JSON.
func events() []struct {
	event      drain.Event
	line, json string
} {
	mongodb := ref("StatefulSet", "mongodb")
	here := drain.Event{Time: at(8), Workload: mongodb, Floored: true, Ready: 2, Replicas: 3, Floor: 2, Gone: 1, Total: 3}
	of := func(t drain.EventType, object, message string, change func(*drain.Event)) drain.Event {
		e := here
		e.Type, e.Object, e.Message = t, object, message
		change(&e)
		return e
	}
	head := func(eventType string) string {
		return `{"kind":"DrainEvent","apiVersion":"upgrade.vantiq.com/v1alpha1","time":"2026-11-23T05:13:08.000Z","type":"` + eventType + `",`
	}
	const pod = `"object":{"kind":"Pod","namespace":"app","name":"mongodb-2"},`
	const readiness = `"workload":"statefulset/app/mongodb","ready":2,"replicas":3,"floor":2,`
	const end = `"gone":1,"total":3}`
	return []struct {
		event      drain.Event
		line, json string
	}{
		{
			drain.Event{Time: at(8), Type: drain.Cordoned, Object: "node/" + longFrom, Total: 3},
			"cordoned node/aks-mongodbnp-34842842-vmss000002",
			head("Cordoned") + `"object":{"kind":"Node","name":"` + longFrom + `"},"node":"` + longFrom + `","gone":0,"total":3}`,
		},
		{
			of(drain.Evicted, "pod/app/mongodb-2", "", func(e *drain.Event) { e.Node = longFrom }),
			"evicted  pod/app/mongodb-2 from mongodbnp-vmss000002",
			head("Evicted") + pod + `"node":"` + longFrom + `",` + readiness + end,
		},
		{
			of(drain.Gone, "pod/app/mongodb-2", "", func(e *drain.Event) { e.Node = longFrom }),
			"gone     pod/app/mongodb-2 from mongodbnp-vmss000002",
			head("Gone") + pod + `"node":"` + longFrom + `",` + readiness + end,
		},
		{
			of(drain.Replaced, "pod/app/mongodb-2", "", func(e *drain.Event) {
				e.Node, e.ToPod, e.ToNode, e.Took = longFrom, "mongodb-2", longTo, 3123456*time.Microsecond
			}),
			"ready    pod/app/mongodb-2 on ip-10-0-1-2 in 3.1s, 2/3 ready",
			head("Ready") + pod + `"node":"` + longFrom + `",` + readiness + `"toPod":"mongodb-2","toNode":"` + longTo + `","seconds":3.123,` + end,
		},
		{
			of(drain.Waiting, "statefulset/app/mongodb", "pod/app/mongodb-2 has no node:\n0/4 nodes are available", func(e *drain.Event) { e.Took = 2 * time.Second }),
			"waiting  statefulset/app/mongodb: mongodb-2 has no node: 0/4 nodes are available",
			head("Waiting") + `"object":{"kind":"StatefulSet","namespace":"app","name":"mongodb"},` + readiness +
				`"seconds":2,"message":"pod/app/mongodb-2 has no node:\n0/4 nodes are available",` + end,
		},
		{
			of(drain.Waiting, "statefulset/app/mongodb", "pod/app/mongodb-2 has no node: 0/4 nodes are available", func(e *drain.Event) { e.Took, e.Again = 32*time.Second, true }),
			"waiting  statefulset/app/mongodb still, for 32s: mongodb-2 has no node…",
			head("Waiting") + `"object":{"kind":"StatefulSet","namespace":"app","name":"mongodb"},` + readiness +
				`"seconds":32,"message":"pod/app/mongodb-2 has no node: 0/4 nodes are available",` + end,
		},
		{
			of(drain.GaveUp, "pod/app/mongodb-2", "still terminating on "+longFrom, func(*drain.Event) {}),
			"gave up  pod/app/mongodb-2: still terminating on mongodbnp-vmss000002",
			head("GaveUp") + pod + readiness + `"message":"still terminating on ` + longFrom + `",` + end,
		},
		{
			drain.Event{Time: at(8), Type: drain.Trouble, Object: "API server", Message: "connection refused"},
			"trouble  API server: connection refused",
			head("Trouble") + `"message":"connection refused","gone":0,"total":0}`,
		},
	}
}

func TestEventLine(t *testing.T) {
	names := NewNodeNames([]string{longFrom, longTo})
	for _, tt := range events() {
		want := at(8).Local().Format(time.TimeOnly) + " " + tt.line
		got := EventLine(tt.event, names, Style{})
		if got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if coloured := EventLine(tt.event, names, Style{on: true}); visible(coloured) != len([]rune(got)) {
			t.Errorf("%q is not as wide as %q", coloured, got)
		}
	}
}

func TestEventJSON(t *testing.T) {
	for _, tt := range events() {
		got, err := EventJSON(DrainEvent(tt.event))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.json, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestNodeNames keeps names whole that would mean two nodes.
func TestNodeNames(t *testing.T) {
	names := NewNodeNames([]string{"aks-np-12345678-vmss000000", "aks-np-87654321-vmss000000", "aks-np-12345678-vmss000001"})
	text := "aks-np-12345678-vmss000000, aks-np-12345678-vmss000001; on aks-np-12345678-vmss000001."
	if got, want := names.In(text), "aks-np-12345678-vmss000000, np-vmss000001; on np-vmss000001."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (*NodeNames)(nil).In(text); got != text {
		t.Errorf("%q", got)
	}
}

func TestDateLine(t *testing.T) {
	want := at(8).Local().Format("15:04:05 date     2006-01-02 (")
	if got := DateLine(at(8)); got[:len(want)] != want {
		t.Errorf("%q, want %q…", got, want)
	}
}

func TestStartAndFinish(t *testing.T) {
	now := at(8).Local().Format(time.TimeOnly)
	plan := &v1alpha1.DrainPlan{Nodes: make([]v1alpha1.PlannedNode, 3), Waves: []v1alpha1.Wave{{Pods: make([]v1alpha1.PodRef, 4)}}}
	if got, want := StartedLine(at(8), "old", plan), now+" started  pool/old: 4 pods to move from 3 nodes"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	plan.Finished, plan.Terminating = 1, 2
	if got, want := StartedLine(at(8), "old", plan), now+" started  pool/old: 1 pod to move from 3 nodes, 1 finished pod to delete, 2 on the way out already"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := FinishedLine(at(8), "old", v1alpha1.DrainDone, 3, 3), now+" finished pool/old: Done, 3 of 3 pods gone"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
