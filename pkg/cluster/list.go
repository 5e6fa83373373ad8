// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
)

// ListNodes reads all nodes, page by page, past every cache.
func ListNodes(ctx context.Context, client kubernetes.Interface) ([]*corev1.Node, error) {
	var nodes []*corev1.Node
	err := each(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Nodes().List(ctx, o)
	}, func(object runtime.Object) {
		nodes = append(nodes, object.(*corev1.Node))
	})
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	return nodes, nil
}

// ListHPAs reads all HorizontalPodAutoscalers, page by page. They matter to those
// who relieve blockers only, so no watch keeps them fresh. A user without the
// right to list them gets an error that apierrors.IsForbidden knows.
func ListHPAs(ctx context.Context, client kubernetes.Interface) ([]*autoscalingv2.HorizontalPodAutoscaler, error) {
	var hpas []*autoscalingv2.HorizontalPodAutoscaler
	err := each(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.AutoscalingV2().HorizontalPodAutoscalers(metav1.NamespaceAll).List(ctx, o)
	}, func(object runtime.Object) {
		hpas = append(hpas, object.(*autoscalingv2.HorizontalPodAutoscaler))
	})
	if err != nil {
		return nil, fmt.Errorf("listing horizontalpodautoscalers: %w", err)
	}
	return hpas, nil
}

// each calls keep for every object of a list, trimmed.
func each(ctx context.Context, list func(context.Context, metav1.ListOptions) (runtime.Object, error), keep func(runtime.Object)) error {
	return pager.New(list).EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		if _, err := trim(object); err != nil {
			return err
		}
		keep(object)
		return nil
	})
}
