// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// fleet is a set of Deployments that moves between two pools of the same size:
// each drain empties one into the other, so that nothing is loaded in between.
type fleet struct {
	*harness.Scope
	tb             testing.TB
	pool, other    string
	nodes          int
	sets, replicas int
}

// newFleet makes nodes in either pool, and sets Deployments of replicas pods
// each, all of them on the first pool.
func newFleet(tb testing.TB, s *harness.Sandbox, name string, nodes, sets, replicas int) *fleet {
	tb.Helper()
	f := &fleet{
		Scope: s.NewScope(tb, name), tb: tb, nodes: nodes, sets: sets, replicas: replicas,
		pool: name + "blue", other: name + "green",
	}
	f.Pool(f.pool, nodes, large)
	for i := range sets {
		f.Deployment(app(i), int32(replicas))
	}
	f.whole()
	f.Pool(f.other, nodes, large)
	return f
}

func app(i int) string { return fmt.Sprintf("app-%02d", i) }

// large leaves the scheduler no reason to hold a pod back.
func large(node *corev1.Node) {
	node.Status.Allocatable = node.Status.Allocatable.DeepCopy()
	node.Status.Allocatable[corev1.ResourceCPU] = resource.MustParse("32")
	node.Status.Allocatable[corev1.ResourceMemory] = resource.MustParse("64Gi")
	node.Status.Allocatable[corev1.ResourcePods] = resource.MustParse("110")
	node.Status.Capacity = node.Status.Allocatable
}

func (f *fleet) pods() int { return f.sets * f.replicas }

// whole waits until every pod is Ready and every budget has counted them.
func (f *fleet) whole() {
	f.tb.Helper()
	f.Eventually("the fleet is whole", func(ctx context.Context) (bool, error) {
		// From the API server's cache: the wait must not cost what it waits for.
		list, err := f.Client.CoreV1().Pods(f.Name).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil || len(list.Items) != f.pods() {
			return false, err
		}
		for i := range list.Items {
			if !harness.IsServing(&list.Items[i]) {
				return false, nil
			}
		}
		return f.budgetsAreFree(ctx)
	})
}

func (f *fleet) budgetsAreFree(ctx context.Context) (bool, error) {
	list, err := f.Client.PolicyV1().PodDisruptionBudgets(f.Name).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	for _, pdb := range list.Items {
		if pdb.Status.DisruptionsAllowed < 1 || int(pdb.Status.CurrentHealthy) != f.replicas {
			return false, nil
		}
	}
	return true, nil
}

// moved checks that the pool is empty, makes everything as it was, and turns the
// pools around.
func (f *fleet) moved() {
	f.tb.Helper()
	if n := len(f.podsOn(f.pool)); n != 0 {
		f.tb.Fatalf("%d pods are left on %s", n, f.pool)
	}
	f.whole()
	f.Kubectl(f.tb, "uncordon", "-l", harness.PoolLabel+"="+f.pool).Want(f.tb, 0)
	f.pool, f.other = f.other, f.pool
}

// podsOn lists the pods of a pool.
func (f *fleet) podsOn(pool string) []corev1.Pod {
	f.tb.Helper()
	list, err := f.Client.CoreV1().Pods(f.Name).List(f.tb.Context(), metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		f.tb.Fatal(err)
	}
	var on []corev1.Pod
	prefix := "aks-" + pool + "-"
	for i := range list.Items {
		if node := list.Items[i].Spec.NodeName; len(node) > len(prefix) && node[:len(prefix)] == prefix {
			on = append(on, list.Items[i])
		}
	}
	return on
}

// budgets gives every Deployment a disruption budget of maxUnavailable 1.
func (f *fleet) budgets() {
	f.tb.Helper()
	for i := range f.sets {
		f.PDB(app(i), "", "1", nil)
	}
	f.whole()
}
