// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// TestCordonWhoseAnswerWasLost is known again as our own.
func TestCordonWhoseAnswerWasLost(t *testing.T) {
	node := fixture.Node("old-0", fixture.Pool("aks", "old"))
	client := fake.NewClientset(node.DeepCopy())
	lost := true
	client.PrependReactor("patch", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !lost {
			return false, nil, nil
		}
		lost = false
		live := node.DeepCopy()
		live.Spec.Unschedulable = true
		live.Annotations = map[string]string{CordonAnnotation: `{"by":"a@b","at":"2026-01-02T15:04:05Z","pool":"old"}`}
		if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("nodes"), live, ""); err != nil {
			t.Error(err)
		}
		return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "nodes"}, node.Name, errors.New("changed"))
	})
	cordoner := Cordoner{Nodes: client.CoreV1().Nodes()}
	did, err := cordoner.Cordon(t.Context(), node, Mark{By: "a@b", At: fixture.Epoch(), Pool: "old"})
	if err != nil || !did {
		t.Errorf("did %v, %v", did, err)
	}
}

// lines is a Recorder that keeps the run in memory.
type lines struct{ run journal.Run }

func (l *lines) Run() *journal.Run { return &l.run }

func (l *lines) Plan(_ context.Context, changes ...journal.Change) ([]journal.Change, error) {
	for i := range changes {
		changes[i].Number = len(l.run.Changes) + 1
		l.run.Changes = append(l.run.Changes, changes[i])
	}
	return changes, nil
}

func (l *lines) Mark(_ context.Context, state journal.State, _ string, numbers ...int) error {
	for _, n := range numbers {
		l.run.Changes[n-1].State = state
	}
	return nil
}

// TestOneCordonFails: each node is tried, and the journal and the report say what is
// there. A refusal is a finding of its node; trouble that concerns all is an error.
func TestOneCordonFails(t *testing.T) {
	nodes := schema.GroupResource{Resource: "nodes"}
	tests := map[string]struct {
		err    error
		codes  string
		states []journal.State // of the nodes n1 and n2
	}{
		"refused": {
			apierrors.NewForbidden(nodes, "n2", errors.New("no")), "Error VU-224 node/n2",
			[]journal.State{journal.Applied, journal.Dropped},
		},
		"no valid request": {apierrors.NewBadRequest("x"), "Error VU-224 node/n2", []journal.State{journal.Applied, journal.Dropped}},
		"no credentials":   {&patience.FinalError{Err: errors.New("no credentials")}, "", []journal.State{journal.Applied, journal.Planned}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := fixture.StatefulSet("app/web", fixture.Replicas(2))
			plan := planOf(t, DefaultOptions(), set, fixture.PodOf(set, "web-0", "n1"), fixture.PodOf(set, "web-1", "n2"))
			client := fake.NewClientset(plan.Pool.Nodes[0].DeepCopy(), plan.Pool.Nodes[1].DeepCopy())
			client.PrependReactor("patch", "nodes", func(action clienttesting.Action) (bool, runtime.Object, error) {
				return action.(clienttesting.PatchAction).GetName() == "n2", nil, test.err
			})
			source := newWorld(1)
			source.show()
			rec := &lines{run: journal.Run{ID: "r"}}
			d := &Drainer{
				Cordoner: Cordoner{Nodes: client.CoreV1().Nodes()}, Recorder: rec, By: "a@b",
				Engine: Engine{Source: source, Clock: clock.RealClock{}, Observer: func(Event) {}},
				ReadPods: func(context.Context) ([]*corev1.Pod, error) {
					return []*corev1.Pod{plan.Targets[0].Pod, plan.Targets[1].Pod}, nil
				},
			}
			result, findings, err := d.Drain(t.Context(), plan)
			if got := codesOf(findings); got != test.codes || (err == nil) != (test.codes != "") {
				t.Errorf("got %q, %v", got, err)
			}
			if !slices.Equal(result.Cordoned, []string{"n1"}) || len(result.Pods) != 2 || result.Pods[0].State != stateWaiting {
				t.Errorf("%+v", result)
			}
			for i, want := range test.states {
				if c := rec.run.Changes[i]; c.State != want {
					t.Errorf("the line of %s is %s, want %s", c.Object.Name, c.State, want)
				}
			}
		})
	}
}
