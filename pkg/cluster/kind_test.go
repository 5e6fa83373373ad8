// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestKinds: the group is part of a kind, unless it is one of Kubernetes' own
// workloads.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		apiVersion, kind string
		want             cluster.Kind
		group, typed     string
	}{
		{"apps/v1", "StatefulSet", cluster.KindStatefulSet, "", "statefulset"},
		{"apps/v1beta2", "Deployment", cluster.KindDeployment, "", "deployment"},
		{"extensions/v1beta1", "Deployment", cluster.KindDeployment, "", "deployment"},
		{"batch/v1", "Job", cluster.KindJob, "", "job"},
		{"v1", "ReplicationController", "ReplicationController", "", "replicationcontroller"},
		{"", "Deployment", cluster.KindDeployment, "", "deployment"}, // as autoscalers may name it
		{"apps.kruise.io/v1beta1", "StatefulSet", "StatefulSet.apps.kruise.io", "apps.kruise.io", "statefulset.apps.kruise.io"},
		{"apps.kruise.io/v1alpha1", "DaemonSet", "DaemonSet.apps.kruise.io", "apps.kruise.io", "daemonset.apps.kruise.io"},
		{"batch.volcano.sh/v1alpha1", "Job", "Job.batch.volcano.sh", "batch.volcano.sh", "job.batch.volcano.sh"},
		{"argoproj.io/v1alpha1", "Rollout", "Rollout.argoproj.io", "argoproj.io", "rollout.argoproj.io"},
	} {
		got := cluster.KindOf(tt.apiVersion, tt.kind)
		if got != tt.want || got.Name() != tt.kind || got.Group() != tt.group || got.Type() != tt.typed {
			t.Errorf("%s %s: %q, name %q, group %q, type %q", tt.apiVersion, tt.kind, got, got.Name(), got.Group(), got.Type())
		}
		if again := cluster.NewKind(got.Group(), got.Name()); again != got {
			t.Errorf("%s: taken apart and put together it is %s", got, again)
		}
		if gk := schema.ParseGroupKind(string(got)); gk.Kind != got.Name() || gk.Group != got.Group() {
			t.Errorf("%s: others read it as %v", got, gk)
		}
	}
}

// TestOwnersOfOneNameAreTwo: a StatefulSet, and what another group calls so.
func TestOwnersOfOneNameAreTwo(t *testing.T) {
	set := fixture.StatefulSet("app/queue", fixture.Replicas(1))
	hpa := fixture.HPA(set, 1, 3)
	s := fixture.Snapshot(set, fixture.PodOf(set, "queue-0", "n1"),
		fixture.Pod("app/other-0", fixture.On("n1"), fixture.ControlledBy("StatefulSet.apps.kruise.io", "queue", "kruise")),
	).WithHPAs([]*autoscalingv2.HorizontalPodAutoscaler{hpa})
	ours, _ := s.Owner(s.Pod("app", "queue-0"))
	other, _ := s.Owner(s.Pod("app", "other-0"))
	if ours.String() != "statefulset/app/queue" || other.String() != "statefulset.apps.kruise.io/app/queue" {
		t.Errorf("they are called %s and %s", ours, other)
	}
	if w := s.FindWorkload("StatefulSet", "app", "queue"); w.Ref != ours {
		t.Errorf("without a group found %v", w.Ref)
	}
	if w := s.FindWorkload("StatefulSet.apps.kruise.io", "app", "queue"); w == nil || w.Ref != other || w.Scaled || w.Replicas != 1 {
		t.Errorf("with its group found %+v", w)
	}
	if w := fixture.Snapshot().Workload(other); w == nil || w.Ref != other || fixture.Snapshot().Workload(ours) != nil {
		t.Error("what is not read is there without pods, and what is read is not")
	}
	if s.HPAOf(ours) == nil || s.HPAOf(other) != nil {
		t.Error("the autoscaler of one is that of the other")
	}
}
