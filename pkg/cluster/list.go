// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
)

// ListNodes reads all nodes, page by page, past every cache.
func ListNodes(ctx context.Context, client kubernetes.Interface) ([]*corev1.Node, error) {
	return collect[*corev1.Node](ctx, "nodes", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Nodes().List(ctx, o)
	})
}

// List reads what a Snapshot is made of once, every kind by one list, page by
// page and at the same time as the others. It leaves disruption budgets out: who
// asks for them acts, and watches.
func List(ctx context.Context, client kubernetes.Interface) (*Snapshot, error) {
	var o Objects
	group, ctx := errgroup.WithContext(ctx)
	listInto(ctx, group, &o.Pods, "pods", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, o)
	})
	listAllButPods(ctx, group, client, &o)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return NewSnapshot(o), nil
}

// ListWithoutPods is List without the pods, for who reads those one by one with
// EachPod.
func ListWithoutPods(ctx context.Context, client kubernetes.Interface) (*Snapshot, error) {
	var o Objects
	group, ctx := errgroup.WithContext(ctx)
	listAllButPods(ctx, group, client, &o)
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return NewSnapshot(o), nil
}

// EachPod reads all pods, page by page, and keeps none: keep is called for each,
// trimmed.
func EachPod(ctx context.Context, client kubernetes.Interface, keep func(*corev1.Pod)) error {
	err := pages(ctx, 0, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, o)
	}, func(object runtime.Object) { keep(object.(*corev1.Pod)) })
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	return nil
}

// listAllButPods reads nodes and workloads, beside the other lists of a group.
func listAllButPods(ctx context.Context, group *errgroup.Group, client kubernetes.Interface, o *Objects) {
	apps := client.AppsV1()
	const all = metav1.NamespaceAll
	listInto(ctx, group, &o.Nodes, "nodes", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().Nodes().List(ctx, o)
	})
	listInto(ctx, group, &o.Deployments, "deployments", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.Deployments(all).List(ctx, o)
	})
	listInto(ctx, group, &o.ReplicaSets, "replicasets", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.ReplicaSets(all).List(ctx, o)
	})
	listInto(ctx, group, &o.StatefulSets, "statefulsets", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.StatefulSets(all).List(ctx, o)
	})
	listInto(ctx, group, &o.DaemonSets, "daemonsets", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return apps.DaemonSets(all).List(ctx, o)
	})
}

// listInto reads all objects of a kind beside the other lists of a group.
func listInto[T any](ctx context.Context, group *errgroup.Group, into *[]T, kind string, list listFunc) {
	group.Go(func() (err error) {
		*into, err = collect[T](ctx, kind, list)
		return err
	})
}

// listFunc reads a page of a list.
type listFunc = func(context.Context, metav1.ListOptions) (runtime.Object, error)

// collect reads all objects of a kind, page by page.
func collect[T any](ctx context.Context, kind string, list listFunc) ([]T, error) {
	var objects []T
	err := each(ctx, list, func(object runtime.Object) {
		objects = append(objects, any(object).(T))
	})
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind, err)
	}
	return objects, nil
}

// ListHPAs reads all HorizontalPodAutoscalers, page by page. They matter to those
// who relieve blockers only, so no watch keeps them fresh. A user without the
// right to list them gets an error that apierrors.IsForbidden knows.
func ListHPAs(ctx context.Context, client kubernetes.Interface) ([]*autoscalingv2.HorizontalPodAutoscaler, error) {
	return collect[*autoscalingv2.HorizontalPodAutoscaler](ctx, "horizontalpodautoscalers", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.AutoscalingV2().HorizontalPodAutoscalers(metav1.NamespaceAll).List(ctx, o)
	})
}

// each calls keep for every object of a list, trimmed.
func each(ctx context.Context, list listFunc, keep func(runtime.Object)) error {
	return eachItem(ctx, pager.New(list), metav1.ListOptions{}, keep)
}

// pages is each for lists of which only little is kept: one page at most is read
// ahead. Its size is the usual one where it is 0.
func pages(ctx context.Context, size int64, chosen metav1.ListOptions, list listFunc, keep func(runtime.Object)) error {
	p := pager.New(list)
	p.PageBufferSize = 0
	if size > 0 {
		p.PageSize = size
	}
	return eachItem(ctx, p, chosen, keep)
}

func eachItem(ctx context.Context, p *pager.ListPager, chosen metav1.ListOptions, keep func(runtime.Object)) error {
	return p.EachListItem(ctx, chosen, func(object runtime.Object) error {
		if _, err := trim(object); err != nil {
			return err
		}
		keep(object)
		return nil
	})
}
