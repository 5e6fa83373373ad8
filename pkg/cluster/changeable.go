// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/pager"
)

// ListChangeable reads all objects of the kinds that the suite changes: nodes,
// Deployments, StatefulSets, disruption budgets, and in one namespace the pods
// with a label; page by page, past every cache, all kinds at the same time.
func ListChangeable(ctx context.Context, client kubernetes.Interface, namespace, podLabel string) ([]runtime.Object, error) {
	lists := map[string]pager.ListPageFunc{
		"nodes": func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return client.CoreV1().Nodes().List(ctx, o)
		},
		"deployments": func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return client.AppsV1().Deployments("").List(ctx, o)
		},
		"statefulsets": func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return client.AppsV1().StatefulSets("").List(ctx, o)
		},
		"disruption budgets": func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return client.PolicyV1().PodDisruptionBudgets("").List(ctx, o)
		},
	}
	lists["pods"] = func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		o.LabelSelector = podLabel
		return client.CoreV1().Pods(namespace).List(ctx, o)
	}
	type listed struct {
		objects []runtime.Object
		err     error
	}
	results := make(chan listed, len(lists))
	for what, list := range lists {
		go func() {
			var objects []runtime.Object
			err := each(ctx, list, func(object runtime.Object) { objects = append(objects, object) })
			if err != nil {
				err = fmt.Errorf("listing %s: %w", what, err)
			}
			results <- listed{objects, err}
		}()
	}
	all := make([][]runtime.Object, 0, len(lists))
	var failed error
	for range lists {
		r := <-results
		all = append(all, r.objects)
		if r.err != nil && failed == nil {
			failed = r.err
		}
	}
	return slices.Concat(all...), failed
}
