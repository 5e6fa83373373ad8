// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// joined are nodes of the pool that the plan does not know. An autoscaler makes them
// for the very pods that the drain takes from the others.
func (e *Engine) joined(s *cluster.Snapshot) []*corev1.Node {
	var nodes []*corev1.Node
	for _, node := range s.Nodes {
		if !e.drained[node.Name] && e.plan.Pool.Has(node) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// watchJoined says once of each node that it has come to the pool. It is left as it
// is: what the plan promised of the pods on it nobody was asked about.
func (e *Engine) watchJoined(s *cluster.Snapshot) {
	for _, node := range e.joined(s) {
		if e.refused[node.Name] || node.Spec.Unschedulable {
			continue
		}
		e.refused[node.Name] = true
		e.tell(Trouble, "node/"+node.Name, "has joined the pool while it is drained: not cordoned, so pods may go to it")
	}
}

// readBackJoined are the findings for nodes that have joined the pool and have pods
// that a drain takes: the pool is not empty.
func (e *Engine) readBackJoined(s *cluster.Snapshot) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	x := selector{snapshot: s, view: e.plan.view, options: e.plan.options}
	for _, node := range e.joined(s) {
		if n := len(x.selectFrom([]string{node.Name}).targets); n > 0 {
			findings = append(findings, finding.New(finding.PoolNotEmpty, "node/"+node.Name,
				fmt.Sprintf("has joined the pool since the drain began and was not drained; pods on it: %d", n),
				"run the same command again: it drains this node too"))
		}
	}
	return findings
}
