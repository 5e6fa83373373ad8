// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

func TestPatiently(t *testing.T) {
	const timeout = 10 * time.Minute
	passing := errors.New("connection reset by peer")
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "old-0", errors.New("no"))
	tests := map[string]struct {
		errs  []error // the last one for good
		calls int
		least time.Duration
		most  time.Duration
	}{
		"at once":          {errs: []error{nil}, calls: 1},
		"after two faults": {errs: []error{passing, apierrors.NewTooManyRequests("busy", 3), nil}, calls: 3, least: 3 * time.Second, most: 5 * time.Second},
		"forbidden":        {errs: []error{forbidden}, calls: 1},
		"away for good":    {errs: []error{passing}, calls: 70, least: 9 * time.Minute, most: timeout},
		"fails for good":   {errs: []error{apierrors.NewServiceUnavailable("no")}, calls: 18, least: time.Minute, most: patience},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &Engine{Clock: clock.RealClock{}}
				began, calls := time.Now(), 0
				err := e.patiently(t.Context(), timeout, func() error {
					calls++
					return tt.errs[min(calls, len(tt.errs))-1]
				})
				if want := tt.errs[len(tt.errs)-1]; !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				if took := time.Since(began); took < tt.least || took > tt.most || calls > tt.calls {
					t.Errorf("%d requests in %s", calls, took)
				}
			})
		})
	}
}

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
