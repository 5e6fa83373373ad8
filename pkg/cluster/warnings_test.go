// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestWarningsOfOneObject: one request, for that object alone; the newest first,
// those of a reason together, those of long ago left out.
func TestWarningsOfOneObject(t *testing.T) {
	event := func(name, reason, message string, at time.Duration) corev1.Event {
		return corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: name, Namespace: "app"},
			InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Namespace: "app", Name: "db", UID: "u"},
			Reason:         reason, Message: message, Count: 2, LastTimestamp: metav1.NewTime(fixture.Epoch().Add(at)),
		}
	}
	client := fake.NewClientset()
	var asked []string
	client.PrependReactor("list", "events", func(action clienttesting.Action) (bool, runtime.Object, error) {
		list := action.(clienttesting.ListAction)
		asked = append(asked, action.GetNamespace()+" "+list.GetListRestrictions().Fields.String())
		return true, &corev1.EventList{Items: []corev1.Event{
			event("a", "FailedCreate", "quota", time.Minute), event("b", "Recreating", "dead", 2*time.Minute), event("c", "FailedCreate", "policy", 3*time.Minute),
			event("d", "FailedCreate", "long ago", -time.Hour),
		}}, nil
	})
	got, err := cluster.Warnings{Client: client, Now: func() time.Time { return fixture.Epoch().Add(4 * time.Minute) }}.Of(t.Context(), "app", "u", 5*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"app involvedObject.uid=u,type=Warning"}, asked); diff != "" {
		t.Error(diff)
	}
	if len(got) != 2 || got[0].Message != "policy" || got[0].Count != 4 || got[1].Reason != "Recreating" {
		t.Errorf("%+v", got)
	}
}

// TestCreationFailure is that of a Deployment, a lone ReplicaSet, and an owner of
// ReplicaSets of a kind that is not read; trouble with deleting is none.
func TestCreationFailure(t *testing.T) {
	failing := func(reason string) fixture.Option {
		return func(o metav1.Object) {
			o.(*appsv1.ReplicaSet).Status.Conditions = []appsv1.ReplicaSetCondition{
				{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: reason, Message: "exceeded quota: small"},
			}
		}
	}
	web, well := fixture.Deployment("app/web"), fixture.Deployment("app/well")
	alone := fixture.ReplicaSet("app/alone", failing("FailedCreate"))
	s := fixture.Snapshot(web, well, alone,
		fixture.ReplicaSetOf(web, failing("FailedCreate")), fixture.ReplicaSetOf(well, failing("FailedDelete")),
		fixture.ReplicaSet("app/rollout-1", failing("FailedCreate"), fixture.ControlledBy("Rollout", "rollout", "r")))
	for ref, want := range map[cluster.Ref]string{
		{Kind: "Deployment", UID: web.UID}:   "exceeded quota: small",
		{Kind: "Deployment", UID: well.UID}:  "",
		{Kind: "ReplicaSet", UID: alone.UID}: "exceeded quota: small",
		{Kind: "Rollout", UID: "r"}:          "exceeded quota: small",
	} {
		if got := s.CreationFailure(ref); got != want {
			t.Errorf("%+v: got %q", ref, got)
		}
	}
}
