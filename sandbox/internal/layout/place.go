// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
)

// Place binds the pods whose place is given, by the pool that their template
// names or by the node that their DaemonSet means, until all of them are
// ready. It must be done before the scheduler starts, which would be faster.
func (c *Cluster) Place(ctx context.Context, objects []*unstructured.Unstructured, failed func() error) error {
	placed := placedObjects(objects)
	if len(placed) == 0 {
		return nil
	}
	nodes, err := c.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list the nodes: %w", err)
	}
	placement := NewPlacement(nodes.Items)
	if err := placement.check(placed); err != nil {
		return err
	}
	return c.repeat(ctx, failed, func() ([]string, error) {
		if err := c.bindPending(ctx, placement); err != nil {
			return nil, err
		}
		return c.unready(ctx, placed)
	})
}

// placedObjects are the workloads that do not need the scheduler.
func placedObjects(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	var placed []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() == "DaemonSet" || templateAnnotation(object, AnnotationPool) != "" {
			placed = append(placed, object)
		}
	}
	return placed
}

func (c *Cluster) bindPending(ctx context.Context, placement *Placement) error {
	list, err := c.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", "").String(),
	})
	if err != nil {
		return fmt.Errorf("list the pods without a node: %w", err)
	}
	var bindings []*corev1.Binding
	for i := range list.Items {
		pod := &list.Items[i]
		if node := placement.Node(pod); node != "" {
			bindings = append(bindings, &corev1.Binding{
				ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
				Target:     corev1.ObjectReference{Kind: "Node", Name: node},
			})
		}
	}
	return each(ctx, bindings, c.bind)
}

func (c *Cluster) bind(ctx context.Context, binding *corev1.Binding) error {
	err := c.client.CoreV1().Pods(binding.Namespace).Bind(ctx, binding, metav1.CreateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // gone or replaced since it was listed
	}
	if err != nil {
		return fmt.Errorf("bind pod %s/%s to %s: %w", binding.Namespace, binding.Name, binding.Target.Name, err)
	}
	return nil
}

// repeat calls step until it reports nothing left, and explains what is left
// when the time is over.
func (c *Cluster) repeat(ctx context.Context, failed func() error, step func() ([]string, error)) error {
	for {
		started := time.Now()
		left, err := step()
		if err == nil && len(left) == 0 {
			return nil
		}
		if failure := failed(); failure != nil {
			return failure
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w; not ready: %s", context.Cause(ctx), shorten(left))
		}
		if err != nil {
			return err
		}
		// A big cluster takes long to look at; leave it as much time to work.
		select {
		case <-ctx.Done():
		case <-time.After(max(poll, time.Since(started))):
		}
	}
}
