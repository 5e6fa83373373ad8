// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// The pool that is drained: nodes, and Deployments of ten pods each.
const (
	poolNodes   = 10
	deployments = 10
)

// BenchmarkDrain empties a pool of 100 pods with drain-pool, which keeps floors,
// and with kubectl drain, which keeps none, on one control plane.
func BenchmarkDrain(b *testing.B) {
	s := harness.Start(b, "none", "fast")
	for name, args := range map[string][]string{
		"drain-pool":    {"vantiq-upgrade", "drain-pool", "old", "--yes"},
		"kubectl-drain": {"drain", "-l", harness.PoolLabel + "=old", "--ignore-daemonsets"},
	} {
		b.Run(name, func(b *testing.B) {
			var took time.Duration
			for i := range b.N {
				took += drainOnce(b, s, fmt.Sprintf("%s-%d-%d", name, b.N, i), args)
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "s/drain")
		})
	}
}

// drainOnce makes the pool, drains it and removes it; it returns what the drain
// took.
func drainOnce(b *testing.B, s *harness.Sandbox, scope string, args []string) time.Duration {
	b.Helper()
	c := s.NewScope(b, scope)
	defer c.Remove()
	c.Pool("old", poolNodes, large)
	for d := range deployments {
		c.Deployment(fmt.Sprintf("app-%d", d), 10)
	}
	for d := range deployments {
		c.Ready(fmt.Sprintf("app-%d", d), 10)
	}
	c.Pool("spare", 2*poolNodes, large)
	return c.Kubectl(b, args...).Want(b, 0).Took
}

// large makes room for all pods of the benchmark on half of the nodes.
func large(node *corev1.Node) {
	node.Status.Allocatable = node.Status.Allocatable.DeepCopy()
	node.Status.Allocatable[corev1.ResourceCPU] = resource.MustParse("16")
	node.Status.Capacity = node.Status.Allocatable
}
