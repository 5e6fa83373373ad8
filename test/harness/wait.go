// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// patience bounds every wait of a test.
const patience = 2 * time.Minute

// Labels of the ConfigMaps in which the plugin keeps its journal and its snapshots.
const (
	journalLabel  = "upgrade.vantiq.com/journal"
	baselineLabel = "upgrade.vantiq.com/baseline"
)

// Eventually waits until done says so; what names it in the failure.
func (c *Scope) Eventually(what string, done func(context.Context) (bool, error)) {
	c.tb.Helper()
	if err := wait.PollUntilContextTimeout(c.tb.Context(), 50*time.Millisecond, patience, true, done); err != nil {
		c.tb.Fatalf("waiting until %s: %v", what, err)
	}
}

// Ready waits until n pods of an app are Ready and the budgets of the namespace
// have counted them.
func (c *Scope) Ready(app string, n int) {
	c.tb.Helper()
	c.Eventually(app+" is Ready", func(context.Context) (bool, error) {
		return len(c.serving(app)) == n, nil
	})
	c.Eventually("the budgets are counted", func(ctx context.Context) (bool, error) {
		list, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, pdb := range list.Items {
			if pdb.Status.ObservedGeneration < pdb.Generation || pdb.Status.CurrentHealthy < min(pdb.Status.ExpectedPods, pdb.Status.DesiredHealthy) {
				return false, nil
			}
		}
		return true, nil
	})
}

func (c *Scope) serving(app string) []corev1.Pod {
	c.tb.Helper()
	var ready []corev1.Pod
	for _, pod := range c.Pods(app) {
		if IsServing(&pod) {
			ready = append(ready, pod)
		}
	}
	return ready
}

// Pods lists the pods of an app.
func (c *Scope) Pods(app string) []corev1.Pod {
	c.tb.Helper()
	list, err := c.Client.CoreV1().Pods(c.Name).List(c.tb.Context(), metav1.ListOptions{LabelSelector: "app=" + app})
	c.must(err)
	return list.Items
}

// IsServing is the test's own notion of a pod that serves.
func IsServing(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Node reads a node of a pool by its number.
func (c *Scope) Node(name string) *corev1.Node {
	c.tb.Helper()
	node, err := c.Client.CoreV1().Nodes().Get(c.tb.Context(), name, metav1.GetOptions{})
	c.must(err)
	return node
}

// CordonedNodes counts the cordoned nodes of a pool.
func (s *Sandbox) CordonedNodes(ctx context.Context, pool string) (int, error) {
	list, err := s.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: PoolLabel + "=" + pool})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, node := range list.Items {
		if node.Spec.Unschedulable {
			n++
		}
	}
	return n, nil
}

// Remove deletes the scope's objects; finalizers that a test set are dropped. It
// is called at the end of the test in any case.
func (c *Scope) Remove() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}
	all := metav1.ListOptions{}
	_ = c.Client.PolicyV1().PodDisruptionBudgets(c.Name).DeleteCollection(ctx, now, all)
	_ = c.Client.AppsV1().StatefulSets(c.Name).DeleteCollection(ctx, now, all)
	_ = c.Client.AppsV1().Deployments(c.Name).DeleteCollection(ctx, now, all)
	// A controller may make a last pod before it sees the end of its set: only
	// when none is left is the next test alone on its nodes.
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, c.podsGone)
	if err != nil {
		c.tb.Errorf("removing the pods of %s: %v", c.Name, err)
	}
	_ = c.Client.CoreV1().Nodes().DeleteCollection(ctx, now, metav1.ListOptions{LabelSelector: scopeLabel + "=" + c.Name})
	_ = c.Client.CoreV1().Namespaces().Delete(ctx, c.Name, now)
	// A run that the test left open would be told to the next one on the lane.
	for _, label := range []string{journalLabel, baselineLabel} {
		err := c.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem).DeleteCollection(ctx, now, metav1.ListOptions{LabelSelector: label})
		if err != nil {
			c.tb.Errorf("removing what %s left in the cluster: %v", c.Name, err)
		}
	}
}

// podsGone deletes what pods there are, finalizers or not, and reports whether
// there was none.
func (c *Scope) podsGone(ctx context.Context) (bool, error) {
	pods, err := c.Client.CoreV1().Pods(c.Name).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, nil //nolint:nilerr // asked again until the time-out
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if len(pod.Finalizers) > 0 {
			pod.Finalizers = nil
			_, _ = c.Client.CoreV1().Pods(c.Name).Update(ctx, pod, metav1.UpdateOptions{})
		}
		_ = c.Client.CoreV1().Pods(c.Name).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
	}
	return len(pods.Items) == 0, nil
}
