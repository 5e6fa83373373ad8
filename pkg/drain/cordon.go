// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/util/retry"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// CordonAnnotation marks a node that we cordoned. It is written in the same
// patch as the cordon itself, so there is never one without the other; a node
// without it was cordoned by somebody else and is left so.
const CordonAnnotation = v1alpha1.Group + "/cordoned"

// FieldManager names us in the managed fields of what we change.
const FieldManager = "kubectl-vantiq-upgrade"

// Mark is the value of CordonAnnotation.
type Mark struct {
	// By is who ran the command, as user@host.
	By string `json:"by"`
	// At is when, in UTC.
	At time.Time `json:"at"`
	// Pool is the pool that was drained.
	Pool string `json:"pool"`
	// Run is the id of the run in the journal.
	Run string `json:"run,omitempty"`
	// Workloads are the owners of the pods that were to leave the node, as
	// Kind/namespace/name. A run that goes on after kill -9 knows from here
	// whose readiness it has to wait for, when the pods are gone already.
	Workloads []string `json:"workloads,omitempty"`
}

// MarkOf reads our cordon mark. A mark that does not parse is still ours; its
// fields are then empty.
func MarkOf(node *corev1.Node) (Mark, bool) {
	value, ours := node.Annotations[CordonAnnotation]
	if !ours {
		return Mark{}, false
	}
	var m Mark
	if err := json.Unmarshal([]byte(value), &m); err != nil {
		return Mark{}, true
	}
	return m, true
}

// Cordoner makes nodes unschedulable and gives them back.
type Cordoner struct {
	Nodes corev1client.NodeInterface
	// DryRun asks the server without a change.
	DryRun bool
}

// Cordon makes node unschedulable and marks it as ours. It reports false when
// somebody else has cordoned it meanwhile: then it stays as it is, unmarked.
func (c Cordoner) Cordon(ctx context.Context, node *corev1.Node, mark Mark) (bool, error) {
	value, err := json.Marshal(mark)
	if err != nil {
		return false, fmt.Errorf("cordoning node %s: %w", node.Name, err)
	}
	did := false
	err = c.change(ctx, node, func(n *corev1.Node) map[string]any {
		did = !n.Spec.Unschedulable
		if !did {
			// With this very mark it is our own cordon, whose answer was lost.
			did = n.Annotations[CordonAnnotation] == string(value)
			return nil
		}
		return nodePatch(n, true, string(value))
	})
	if err != nil {
		return false, fmt.Errorf("cordoning node %s: %w", node.Name, err)
	}
	return did, nil
}

// Uncordon gives node back and removes our mark.
func (c Cordoner) Uncordon(ctx context.Context, node *corev1.Node) error {
	err := c.change(ctx, node, func(n *corev1.Node) map[string]any {
		if _, ours := n.Annotations[CordonAnnotation]; !ours && !n.Spec.Unschedulable {
			return nil
		}
		return nodePatch(n, false, nil)
	})
	if err != nil {
		return fmt.Errorf("uncordoning node %s: %w", node.Name, err)
	}
	return nil
}

// nodePatch is a merge patch that holds only for the node as it was read: its
// uid and its resourceVersion are preconditions.
func nodePatch(n *corev1.Node, unschedulable bool, mark any) map[string]any {
	var field any // absent rather than false, as it was before any cordon
	if unschedulable {
		field = true
	}
	return map[string]any{
		"metadata": map[string]any{
			"uid": n.UID, "resourceVersion": n.ResourceVersion,
			"annotations": map[string]any{CordonAnnotation: mark},
		},
		"spec": map[string]any{"unschedulable": field},
	}
}

// change patches a node, and reads it again when it has changed since.
func (c Cordoner) change(ctx context.Context, node *corev1.Node, patch func(*corev1.Node) map[string]any) error {
	options := metav1.PatchOptions{FieldManager: FieldManager}
	if c.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	stale := false
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		if stale {
			fresh, err := c.Nodes.Get(ctx, node.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			node = fresh
		}
		stale = true
		body := patch(node)
		if body == nil {
			return nil
		}
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		_, err = c.Nodes.Patch(ctx, node.Name, types.MergePatchType, data, options)
		return err
	})
}

// plannedNodes shows the pool's nodes as they are before the drain.
func (p *Plan) plannedNodes() []v1alpha1.PlannedNode {
	moving := map[string]int{}
	for _, t := range p.Targets {
		moving[t.Pod.Spec.NodeName]++
	}
	nodes := make([]v1alpha1.PlannedNode, 0, len(p.Pool.Nodes))
	for _, n := range p.Pool.Nodes {
		nodes = append(nodes, plannedNode(n, moving[n.Name]))
	}
	return nodes
}

func plannedNode(n *corev1.Node, pods int) v1alpha1.PlannedNode {
	cordon := "to do"
	if n.Spec.Unschedulable {
		cordon = "not ours"
		if _, ours := MarkOf(n); ours {
			cordon = "ours"
		}
	}
	return v1alpha1.PlannedNode{
		Name: n.Name, Zone: cluster.Zone(n), Kubelet: n.Status.NodeInfo.KubeletVersion,
		Ready: cluster.IsNodeReady(n), Cordon: cordon, Pods: pods,
	}
}
