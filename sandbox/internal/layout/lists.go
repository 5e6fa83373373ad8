// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lister returns why each object of its kind is not ready, by namespace and
// name; nothing means that it is.
type lister func(context.Context) (map[string]string, error)

func (c *Cluster) listers() map[string]lister {
	core, apps := c.client.CoreV1(), c.client.AppsV1()
	return map[string]lister{
		"Node":                  listOf(core.Nodes().List, nodesOf),
		"PersistentVolumeClaim": listOf(core.PersistentVolumeClaims(metav1.NamespaceAll).List, claimsOf),
		"Pod":                   listOf(core.Pods(metav1.NamespaceAll).List, podsOf),
		"Deployment":            listOf(apps.Deployments(metav1.NamespaceAll).List, deploymentsOf),
		"StatefulSet":           listOf(apps.StatefulSets(metav1.NamespaceAll).List, statefulSetsOf),
		"DaemonSet":             listOf(apps.DaemonSets(metav1.NamespaceAll).List, daemonSetsOf),
		"Job":                   listOf(c.client.BatchV1().Jobs(metav1.NamespaceAll).List, jobsOf),
	}
}

func listOf[L any](list func(context.Context, metav1.ListOptions) (L, error), reasons func(L) map[string]string) lister {
	return func(ctx context.Context) (map[string]string, error) {
		found, err := list(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		return reasons(found), nil
	}
}

// collect asks reason for every item.
func collect[T any, P interface {
	*T
	metav1.Object
}](items []T, reason func(P) string) map[string]string {
	reasons := make(map[string]string, len(items))
	for i := range items {
		item := P(&items[i])
		reasons[key(item.GetNamespace(), item.GetName())] = reason(item)
	}
	return reasons
}
