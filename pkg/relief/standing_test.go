// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

const run = "20261123-103305-x7k2p"

// markOf is the mark of a run, as a change writes it.
func markOf(id string) string {
	return `{"run":"` + id + `","n":1,"by":"taro","host":"taro@bastion","at":"2026-11-23T10:33:05Z","mode":"scale-to-zero",` +
		`"field":"spec.replicas","before":2,"after":0,"expires":"2026-11-24T10:33:05Z"}`
}

func telegraf(uid string, replicas *int32, marks ...string) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shared", Name: "telegraf-prom", UID: types.UID(uid)},
		Spec:       appsv1.DeploymentSpec{Replicas: replicas},
	}
	for _, mark := range marks {
		d.Annotations = map[string]string{relief.Annotation: mark}
	}
	return d
}

func node(unschedulable bool, marks ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", UID: "n1"}, Spec: corev1.NodeSpec{Unschedulable: unschedulable}}
	for _, mark := range marks {
		n.Annotations = map[string]string{drain.CordonAnnotation: mark}
	}
	return n
}

func another(n *corev1.Node) *corev1.Node {
	n.UID = "n1-again"
	return n
}

func pause(from, to string) journal.Change {
	return journal.Change{
		Number: 1, Time: time.Date(2026, 11, 23, 10, 33, 5, 0, time.UTC), UID: "d1",
		Object: journal.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"},
		Field:  "spec.replicas", Before: json.RawMessage(from), After: json.RawMessage(to), Mode: "scale-to-zero", State: journal.Applied,
	}
}

func returned(c journal.Change) journal.Change {
	c.State = journal.Returned
	return c
}

func cordon() journal.Change {
	return journal.Change{
		Number: 2, UID: "n1", Object: journal.Object{APIVersion: "v1", Kind: "Node", Name: "n1"}, Field: drain.CordonField,
		Before: json.RawMessage("null"), After: json.RawMessage("true"), Mode: drain.ModeCordon, State: journal.Applied,
	}
}

func relaxed(before, after string) journal.Change {
	return journal.Change{
		Number: 3, UID: "b1", Object: journal.Object{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: "web"},
		Field: "spec.minAvailable", Before: json.RawMessage(before), After: json.RawMessage(after), Mode: "relax", State: journal.Applied,
	}
}

func budget(minAvailable intstr.IntOrString) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web", UID: "b1"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &minAvailable},
	}
}

func TestJudge(t *testing.T) {
	tests := map[string]struct {
		change journal.Change
		object runtime.Object
		want   relief.Standing
	}{
		"as we set it":                            {pause("2", "0"), telegraf("d1", new(int32(0)), markOf(run)), relief.Ours},
		"the mark was dropped":                    {pause("2", "0"), telegraf("d1", new(int32(0))), relief.Ours},
		"a mark nobody can read":                  {pause("2", "0"), telegraf("d1", new(int32(0)), "{"), relief.Ours},
		"paused by another run":                   {pause("2", "0"), telegraf("d1", new(int32(0)), markOf("20260101-000000-aaaaa")), relief.Changed},
		"not carried out":                         {pause("2", "0"), telegraf("d1", new(int32(2))), relief.Untouched},
		"put back by another tool":                {pause("2", "0"), telegraf("d1", new(int32(2)), markOf(run)), relief.Reverted},
		"scaled by somebody":                      {pause("2", "0"), telegraf("d1", new(int32(3)), markOf(run)), relief.Changed},
		"made again":                              {pause("2", "0"), telegraf("d2", new(int32(2))), relief.Replaced},
		"deleted":                                 {pause("2", "0"), nil, relief.Gone},
		"given back, not waited for":              {returned(pause("2", "0")), telegraf("d1", new(int32(2))), relief.Back},
		"given back, then scaled by somebody":     {returned(pause("2", "0")), telegraf("d1", new(int32(5))), relief.Back},
		"given back, then made again by somebody": {returned(pause("2", "0")), telegraf("d2", new(int32(2))), relief.Gone},
		"absent before":                           {pause("null", "0"), telegraf("d1", nil), relief.Untouched},

		"a cordon of ours":                    {cordon(), node(true, `{"by":"a","run":"`+run+`"}`), relief.Ours},
		"a cordon from before the journal":    {cordon(), node(true, `{"by":"a"}`), relief.Ours},
		"a cordon of somebody else":           {cordon(), node(true), relief.TakenOver},
		"cordoned by somebody else first":     {in(journal.Planned, cordon()), node(true), relief.Untouched},
		"uncordoned by hand":                  {cordon(), node(false, `{"by":"a","run":"`+run+`"}`), relief.Reverted},
		"given back":                          {cordon(), node(false), relief.Untouched},
		"the upgrade has replaced the node":   {cordon(), another(node(false)), relief.Gone},
		"a cordon of ours, from another run":  {cordon(), node(true, `{"by":"a","run":"20260101-000000-aaaaa"}`), relief.Changed},
		"a budget's number":                   {relaxed("2", "1"), budget(intstr.FromInt32(1)), relief.Ours},
		"a budget's percentage, as it was":    {relaxed(`"100%"`, "1"), budget(intstr.FromString("100%")), relief.Untouched},
		"a number is not the same percentage": {relaxed("100", "1"), budget(intstr.FromString("100%")), relief.TakenOver},
		"scaled by somebody, and unmarked":    {pause("2", "0"), telegraf("d1", new(int32(3))), relief.TakenOver},
		"JSON with spaces, by a person":       {relaxed(" 2 ", " 1 "), budget(intstr.FromInt32(1)), relief.Ours},
		"a recorded value that is no JSON":    {relaxed("}", "{"), budget(intstr.FromInt32(1)), relief.Changed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var live *relief.Live
			if test.object != nil {
				var err error
				if live, err = relief.NewLive(test.object); err != nil {
					t.Fatal(err)
				}
			}
			if got := relief.Book(nil).Judge(run, test.change, live); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestCollect: the journal's open lines, then what only marks tell of; workloads
// before cordons.
func TestCollect(t *testing.T) {
	restored := pause("1", "0")
	restored.Number, restored.State, restored.Object.Name = 7, journal.Restored, "done"
	runs := []*journal.Run{{ID: run, Operator: "taro", Host: "taro@bastion", Changes: []journal.Change{cordon(), restored}}}
	objects := []runtime.Object{
		node(true, `{"by":"a","run":"`+run+`"}`),
		telegraf("d1", new(int32(0)), markOf("20251231-000000-lost1")),
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n2", UID: "n2", Annotations: map[string]string{drain.CordonAnnotation: `{"by":"b","run":"20251231-000000-lost2"}`}}, Spec: corev1.NodeSpec{Unschedulable: true}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n3", UID: "n3"}, Spec: corev1.NodeSpec{Unschedulable: true}},
	}
	all, err := relief.Collect(runs, objects)
	if err != nil {
		t.Fatal(err)
	}
	held := all.Held
	type line struct {
		Object, Run string
		InJournal   bool
		Standing    relief.Standing
		Before      string
	}
	var got []line
	for _, h := range held {
		got = append(got, line{h.Change.Object.String(), h.Run, h.InJournal, h.Standing, string(h.Change.Before)})
	}
	want := []line{
		{"deployment/shared/telegraf-prom", "20251231-000000-lost1", false, relief.Ours, "2"},
		{"node/n1", run, true, relief.Ours, "null"},
		{"node/n2", "20251231-000000-lost2", false, relief.Ours, "null"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !held[0].Expired(time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)) || held[0].Expired(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)) {
		t.Error("the mark's time to live is not read")
	}
}

// TestRestoredFieldOfWhatIsBack: what was made and is back was not "never made".
func TestRestoredFieldOfWhatIsBack(t *testing.T) {
	planned := pause("2", "0")
	planned.State = journal.Planned
	for want, c := range map[v1alpha1.RestoreState]journal.Change{v1alpha1.RestoreNotApplied: planned, v1alpha1.RestoreAlreadyBack: pause("2", "0")} {
		if got := relief.RestoredField(relief.Held{Change: c, Standing: relief.Untouched}).State; got != want {
			t.Errorf("%s: got %s, want %s", c.State, got, want)
		}
	}
}

// TestStillThere: a mark that was written over is not told of any more; those of other
// objects, and of objects that were left alone, are.
func TestStillThere(t *testing.T) {
	object := pause("2", "0").Object
	other := object
	other.Name = "other"
	strays := []relief.Stray{{Object: object, Annotation: relief.Annotation}, {Object: other, Annotation: relief.Annotation}}
	for state, want := range map[v1alpha1.RestoreState]int{v1alpha1.RestoreRestored: 1, v1alpha1.RestoreConflict: 2} {
		field := v1alpha1.RestoredField{Object: v1alpha1.ObjectRef(object), Mode: "scale-to-zero", State: state}
		if got := relief.StillThere(strays, []v1alpha1.RestoredField{field}); len(got) != want {
			t.Errorf("%s: %d left, want %d", state, len(got), want)
		}
	}
}

// TestFindings: what is not as we left it is told, each with a remedy.
func TestFindings(t *testing.T) {
	expired := pause("2", "0")
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	expired.Expires = &at
	tests := map[string]struct {
		change journal.Change
		object runtime.Object
		want   []string
	}{
		"ours":     {pause("2", "0"), telegraf("d1", new(int32(0)), markOf(run)), nil},
		"reverted": {pause("2", "0"), telegraf("d1", new(int32(2)), markOf(run)), []string{"VU-313"}},
		"conflict": {pause("2", "0"), telegraf("d1", new(int32(3)), markOf(run)), []string{"VU-314"}},
		"replaced": {pause("2", "0"), telegraf("d2", new(int32(2))), []string{"VU-314"}},
		"gone":     {pause("2", "0"), nil, []string{"VU-316"}},
		"expired":  {expired, telegraf("d1", new(int32(0)), markOf(run)), []string{"VU-315"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var objects []runtime.Object
			if test.object != nil {
				objects = append(objects, test.object)
			}
			all, err := relief.Collect([]*journal.Run{{ID: run, Changes: []journal.Change{test.change}}}, objects)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range relief.Findings(all.Held, at.Add(time.Hour)) {
				got = append(got, f.Code)
				if f.Remedy == "" || f.Message == "" {
					t.Errorf("%+v", f)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
