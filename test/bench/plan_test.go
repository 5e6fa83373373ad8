// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bench measures; nothing here passes or fails by a clock.
package bench

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// bigCluster has 1,000 nodes in 20 pools and 10,000 pods of 500 Deployments.
func bigCluster() cluster.Objects {
	const nodes, deployments, replicas = 1000, 500, 20
	var o cluster.Objects
	for i := range nodes {
		o.Nodes = append(o.Nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:   fmt.Sprintf("node-%04d", i),
			Labels: map[string]string{"kubernetes.azure.com/agentpool": fmt.Sprintf("pool%02d", i%20)},
		}})
	}
	for d := range deployments {
		n, controller := int32(replicas), true
		deployment := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: fmt.Sprintf("app-%03d", d), UID: types.UID(fmt.Sprintf("d-%d", d))},
			Spec:       appsv1.DeploymentSpec{Replicas: &n},
		}
		set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
			Namespace: "web", Name: deployment.Name + "-rs", UID: types.UID(fmt.Sprintf("r-%d", d)),
			OwnerReferences: []metav1.OwnerReference{{Kind: "Deployment", Name: deployment.Name, UID: deployment.UID, Controller: &controller}},
		}}
		o.Deployments, o.ReplicaSets = append(o.Deployments, deployment), append(o.ReplicaSets, set)
		for p := range replicas {
			o.Pods = append(o.Pods, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: "web", Name: fmt.Sprintf("%s-%02d", deployment.Name, p), UID: types.UID(fmt.Sprintf("p-%d-%d", d, p)),
					Labels:          map[string]string{"app": deployment.Name},
					OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: set.Name, UID: set.UID, Controller: &controller}},
				},
				Spec: corev1.PodSpec{NodeName: fmt.Sprintf("node-%04d", (d*replicas+p)%nodes)},
				Status: corev1.PodStatus{
					Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
				},
			})
		}
	}
	return o
}

// BenchmarkSnapshot is what each look at a big cluster costs.
func BenchmarkSnapshot(b *testing.B) {
	objects := bigCluster()
	b.ReportAllocs()
	for b.Loop() {
		cluster.NewSnapshot(objects)
	}
}

// BenchmarkPlan judges the drain of one of 20 pools of a big cluster.
func BenchmarkPlan(b *testing.B) {
	snapshot := cluster.NewSnapshot(bigCluster())
	prof, err := profile.Vantiq()
	if err != nil {
		b.Fatal(err)
	}
	pools := pool.List(snapshot.Nodes, prof)
	b.ReportAllocs()
	for b.Loop() {
		if plan := drain.NewPlan(snapshot, pools[0], pools, prof, drain.DefaultOptions()); len(plan.Targets) != 500 {
			b.Fatal(len(plan.Targets))
		}
	}
}
