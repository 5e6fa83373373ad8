// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

func TestListHPAs(t *testing.T) {
	web := fixture.Deployment("app/web")
	client := fake.NewClientset(fixture.HPA(web, 1, 5), fixture.HPA(fixture.StatefulSet("shared/db"), 2, 3))
	hpas, err := cluster.ListHPAs(t.Context(), client)
	if diff := cmp.Diff([]string{"web", "db"}, names(hpas)); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}, "", nil)
	client.PrependReactor("list", "horizontalpodautoscalers", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, forbidden
	})
	if _, err := cluster.ListHPAs(t.Context(), client); !apierrors.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}

func TestHPAOf(t *testing.T) {
	web, db := fixture.Deployment("app/web"), fixture.StatefulSet("app/web")
	first, second := fixture.HPA(web, 2, 5), fixture.HPA(web, 3, 5)
	second.Name = "zweb"
	unset := fixture.HPA(fixture.Deployment("app/api"), 1, 5)
	unset.Spec.MinReplicas = nil
	bare := cluster.NewSnapshot(fixture.Objects(web, db))
	if hpa := bare.HPAOf(cluster.Ref{Kind: "Deployment", Namespace: "app", Name: "web"}); hpa != nil {
		t.Errorf("without autoscalers: got %v", hpa)
	}
	s := bare.WithHPAs([]*autoscalingv2.HorizontalPodAutoscaler{second, first, unset})
	// A reading past the watches keeps them.
	for _, s := range []*cluster.Snapshot{s, s.WithPods(nil)} {
		for ref, want := range map[cluster.Ref]int{
			{Kind: "Deployment", Namespace: "app", Name: "web"}:   2,
			{Kind: "Deployment", Namespace: "app", Name: "api"}:   1,
			{Kind: "StatefulSet", Namespace: "app", Name: "web"}:  0,
			{Kind: "Deployment", Namespace: "other", Name: "web"}: 0,
		} {
			hpa := s.HPAOf(ref)
			if (hpa != nil) != (want > 0) || hpa != nil && cluster.MinReplicas(hpa) != want {
				t.Errorf("%s: got %v", ref, hpa)
			}
		}
	}
}

func TestWorkloadSaysWhatItIs(t *testing.T) {
	d := fixture.Deployment("app/web", fixture.Replicas(1), fixture.Annotation("a", "b"))
	rs := fixture.ReplicaSetOf(d)
	set := fixture.StatefulSet("app/db", fixture.Claims("data"), fixture.Generation(2))
	pod := fixture.PodOf(rs, "web-0", "n1")
	s := fixture.Snapshot(d, rs, set, pod)
	web, db := s.FindWorkload("Deployment", "app", "web"), s.FindWorkload("StatefulSet", "app", "db")
	if web.Meta.Annotations["a"] != "b" || web.HasClaims || !web.Observed || !web.IsSettled() {
		t.Errorf("got %+v", web)
	}
	if db.Meta.Name != "db" || !db.HasClaims || db.Observed || db.IsSettled() {
		t.Errorf("got %+v", db)
	}
	if diff := cmp.Diff([]string{"n1"}, s.NodesWithPods()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, other := range map[string]*cluster.Snapshot{
		"a pod is not Ready": fixture.Snapshot(d, rs, fixture.PodOf(rs, "web-0", "n1", fixture.NotReady())),
		"a pod too many":     fixture.Snapshot(d, rs, pod, fixture.PodOf(rs, "web-1", "n1")),
		"one on its way out": fixture.Snapshot(d, rs, pod, fixture.PodOf(rs, "web-1", "n1", fixture.Terminating())),
		"no pod":             fixture.Snapshot(d, rs),
	} {
		if other.FindWorkload("Deployment", "app", "web").IsSettled() {
			t.Errorf("%s: it is settled", name)
		}
	}
	if ref, ok := cluster.ControllerOf(pod); !ok || ref.Kind != "ReplicaSet" || ref.UID != rs.UID {
		t.Errorf("got %v, %v", ref, ok)
	}
	if ref, ok := cluster.ControllerOf(fixture.Pod("app/lone")); ok {
		t.Errorf("got %v", ref)
	}
}
