// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	// UID is that of the node: a mark that was copied to another one is none. Older
	// marks have none.
	UID types.UID `json:"uid,omitempty"`
	// Workloads are the owners of the pods that were to leave the node, as
	// Kind/namespace/name. A run that goes on after kill -9 knows from here
	// whose readiness it has to wait for, when the pods are gone already.
	Workloads []string `json:"workloads,omitempty"`
}

// ParseMark reads a mark. One that says neither by whom nor of which run it is
// cannot be read.
func ParseMark(value string) (Mark, error) {
	var m Mark
	if err := json.Unmarshal([]byte(value), &m); err != nil {
		return Mark{}, err
	}
	if m.By == "" && m.Run == "" {
		return Mark{}, errors.New("it does not say whose it is")
	}
	return m, nil
}

// MarkOf reads our cordon mark, as far as the node alone can tell. It reports false
// for a mark that makes no cordon ours: it cannot be read, it was written for another
// node, or somebody else has set the cordon since.
func MarkOf(node *corev1.Node) (Mark, bool) {
	value, marked := node.Annotations[CordonAnnotation]
	if !marked {
		return Mark{}, false
	}
	m, err := ParseMark(value)
	if err != nil || m.UID != "" && m.UID != node.UID || IsTakenOver(node.ManagedFields, CordonField) {
		return Mark{}, false
	}
	return m, true
}

// IsTakenOver reports whether a field that we had set has its value from somebody
// else since: it was given another value, or none, and set again. Where the managed
// fields do not tell it was not.
func IsTakenOver(entries []metav1.ManagedFieldsEntry, field string) bool {
	owners := cluster.FieldOwners(entries, field)
	return len(owners) > 0 && !slices.ContainsFunc(owners, func(o cluster.FieldOwner) bool { return o.Manager == FieldManager })
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

// Uncordon removes our mark from node, and gives it back where lifts says so: it is
// asked again when the node has changed meanwhile.
func (c Cordoner) Uncordon(ctx context.Context, node *corev1.Node, lifts func(*corev1.Node) bool) error {
	err := c.change(ctx, node, func(n *corev1.Node) map[string]any {
		_, marked := n.Annotations[CordonAnnotation]
		switch {
		case n.Spec.Unschedulable && lifts(n):
			return nodePatch(n, false, nil)
		case marked:
			return markPatch(n, nil)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("uncordoning node %s: %w", node.Name, err)
	}
	return nil
}

// markPatch is a merge patch of our mark alone. It holds only for the node as it was
// read: its uid and its resourceVersion are preconditions.
func markPatch(n *corev1.Node, mark any) map[string]any {
	return map[string]any{"metadata": map[string]any{
		"uid": n.UID, "resourceVersion": n.ResourceVersion,
		"annotations": map[string]any{CordonAnnotation: mark},
	}}
}

// nodePatch is markPatch with the cordon itself.
func nodePatch(n *corev1.Node, unschedulable bool, mark any) map[string]any {
	var field any // absent rather than false, as it was before any cordon
	if unschedulable {
		field = true
	}
	patch := markPatch(n, mark)
	patch["spec"] = map[string]any{"unschedulable": field}
	return patch
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
