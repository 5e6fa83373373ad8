// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// markFor is a mark that names the object it was written for.
func markFor(id, uid string) string {
	return strings.Replace(markOf(id), `"n":1`, `"n":1,"uid":"`+uid+`"`, 1)
}

func in(state journal.State, c journal.Change) journal.Change {
	c.State = state
	return c
}

// managedBy says who has set the replicas, or the cordon.
func managedBy[T metav1.Object](object T, manager string) T {
	object.SetManagedFields([]metav1.ManagedFieldsEntry{{
		Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{},"f:unschedulable":{}}}`),
	}})
	return object
}

// TestWhatAMarkIsWorth: only an open line of the journal makes it ours; a lost line
// makes it the only record; everything else is told and left alone.
func TestWhatAMarkIsWorth(t *testing.T) {
	const other, older = "20261124-000000-other", "20261101-000000-older"
	ended := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	runs := func(id string, changes ...journal.Change) []*journal.Run {
		return []*journal.Run{{ID: id, Ended: &ended, Outcome: journal.OutcomeDone, Changes: changes}}
	}
	zero := new(int32(0))
	tests := map[string]struct {
		runs   []*journal.Run
		object runtime.Object
		// held and stray are what it counts as: the standing, the code of the finding.
		held  []string
		stray []string
	}{
		"its line is open":                       {runs(run, pause("2", "0")), telegraf("d1", zero, markFor(run, "d1")), []string{"Ours"}, nil},
		"an older mark, its line is open":        {runs(run, pause("2", "0")), telegraf("d1", zero, markOf(run)), []string{"Ours"}, nil},
		"its line is restored":                   {runs(run, in(journal.Restored, pause("2", "0"))), telegraf("d1", new(int32(2)), markFor(run, "d1")), nil, []string{"VU-322"}},
		"its line is restored, and it is paused": {runs(run, in(journal.Restored, pause("2", "0"))), telegraf("d1", zero, markFor(run, "d1")), nil, []string{"VU-323"}},
		"its surge is restored, and it has as many": {
			runs(run, in(journal.Restored, pause("2", "3"))),
			telegraf("d1", new(int32(3)), strings.NewReplacer(`"after":0`, `"after":3`, "scale-to-zero", "surge").Replace(markFor(run, "d1"))), nil,
			[]string{"VU-322"},
		},
		"its line is dropped":                    {runs(run, in(journal.Dropped, pause("2", "0"))), telegraf("d1", new(int32(2)), markOf(run)), nil, []string{"VU-322"}},
		"its line is given back, not waited for": {runs(run, in(journal.Returned, pause("2", "0"))), telegraf("d1", zero, markOf(run)), []string{"Back"}, nil},
		"its run is unknown, older ones are not": {runs(older), telegraf("d1", new(int32(3)), markFor(run, "d1")), nil, []string{"VU-322"}},
		"its run is unknown, and it is paused":   {runs(older), telegraf("d1", zero, markFor(run, "d1")), nil, []string{"VU-323"}},
		"no run is known":                        {nil, telegraf("d1", zero, markFor(run, "d1")), []string{"Ours only"}, nil},
		"the journal began anew since":           {runs(other), telegraf("d1", zero, markFor(run, "d1")), []string{"Ours only"}, nil},
		"its line alone is lost":                 {runs(run), telegraf("d1", zero, markFor(run, "d1")), []string{"Ours only"}, nil},
		"lost, and put back":                     {nil, telegraf("d1", new(int32(2)), markOf(run)), []string{"Reverted only"}, nil},
		"written for another object":             {nil, telegraf("d2", new(int32(2)), markFor(run, "d1")), nil, []string{"VU-322"}},
		"a copy that stands at 0":                {nil, telegraf("d2", zero, markFor(run, "d1")), nil, []string{"VU-323"}},
		"an older mark of another object, paused": {
			runs(run, in(journal.Restored, pause("2", "0"))), telegraf("d2", zero, markOf(run)), nil, []string{"VU-323"},
		},
		"made again while paused, with the mark": {
			runs(run, pause("2", "0")), telegraf("d2", zero, markFor(run, "d1")), []string{"Replaced"}, []string{"VU-323"},
		},
		"another run's line is open, the mark is stale": {
			append(runs(other, pause("2", "0")), runs(run, in(journal.Restored, pause("2", "0")))...), telegraf("d1", zero, markOf(run)), []string{"Ours"}, []string{"VU-322"},
		},
		"cut":                        {runs(run), telegraf("d1", zero, markOf(run)[:60]), nil, []string{"VU-324 Error"}},
		"empty":                      {runs(run), telegraf("d1", zero, ""), nil, []string{"VU-324 Error"}},
		"no object":                  {runs(run), telegraf("d1", zero, "null"), nil, []string{"VU-324 Error"}},
		"without what was before":    {runs(run), telegraf("d1", zero, strings.Replace(markOf(run), `"before":2,`, "", 1)), nil, []string{"VU-324 Error"}},
		"of no run":                  {runs(run), telegraf("d1", zero, markOf("x")), nil, []string{"VU-324 Error"}},
		"cut, but its line is there": {runs(run, pause("2", "0")), telegraf("d1", zero, "{"), []string{"Ours"}, []string{"VU-324 Warning"}},

		"a cordon, its line is open":        {runs(run, cordon()), node(true, `{"by":"a","run":"`+run+`","uid":"n1"}`), []string{"Ours"}, nil},
		"a cordon, its line is closed":      {runs(run, in(journal.Restored, cordon())), node(true, `{"by":"a","run":"`+run+`"}`), nil, []string{"VU-322"}},
		"a cordon of before the journal":    {runs(older), node(true, `{"by":"a"}`), []string{"Ours only"}, nil},
		"a cordon's mark of another node":   {nil, node(true, `{"by":"a","run":"`+run+`","uid":"n2"}`), nil, []string{"VU-323"}},
		"a cordon's mark, cut":              {runs(run), node(true, `{"by`), nil, []string{"VU-324 Error"}},
		"a cordon's mark, cut, line open":   {runs(run, cordon()), node(true, `{"by`), []string{"Ours"}, []string{"VU-324 Warning"}},
		"a cordon lifted and set again":     {runs(run, cordon()), managedBy(node(true, `{"by":"a","run":"`+run+`"}`), "kubectl"), []string{"TakenOver"}, nil},
		"a cordon that we have set":         {runs(run, cordon()), managedBy(node(true, `{"by":"a","run":"`+run+`"}`), drain.FieldManager), []string{"Ours"}, nil},
		"paused by hand over our own pause": {runs(run, pause("2", "0")), managedBy(telegraf("d1", zero, markOf(run)), "kubectl"), []string{"Changed"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			all, err := relief.Collect(test.runs, []runtime.Object{test.object})
			if err != nil {
				t.Fatal(err)
			}
			var held, stray []string
			for _, h := range all.Held {
				text := string(h.Standing)
				if h.Unrecorded {
					text += " only"
				}
				held = append(held, text)
			}
			for i, f := range relief.StrayFindings(all.Strays) {
				text := f.Code
				if f.Code == "VU-324" {
					text += " " + string(f.Severity)
				}
				stray = append(stray, text)
				if f.Message == "" || f.Remedy == "" {
					t.Errorf("%+v", f)
				}
				if all.Strays[i].CanGo() != (f.Code == "VU-322") {
					t.Errorf("%s: can go: %t", f.Code, all.Strays[i].CanGo())
				}
			}
			if diff := cmp.Diff([][]string{test.held, test.stray}, [][]string{held, stray}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestBelieve: judges see only the marks that count, and the objects of the watches stay
// as they are.
func TestBelieve(t *testing.T) {
	stale, ours := telegraf("d1", new(int32(0)), markOf(run)), node(true, `{"by":"a","run":"`+run+`"}`)
	book := relief.Book{{ID: run, Changes: []journal.Change{in(journal.Restored, pause("2", "0")), cordon()}}}
	before := cluster.NewSnapshot(cluster.Objects{Deployments: []*appsv1.Deployment{stale}})
	after := book.Believe(before)
	if marks := after.FindWorkload("Deployment", "shared", "telegraf-prom").Meta.Annotations; len(marks) != 0 {
		t.Errorf("believed: %v", marks)
	}
	if len(stale.Annotations) != 1 {
		t.Error("the object was changed")
	}
	counted := cluster.NewSnapshot(cluster.Objects{Nodes: []*corev1.Node{ours}})
	if book.Believe(counted) != counted {
		t.Error("a mark that counts was taken away")
	}
}
