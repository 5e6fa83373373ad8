// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
)

// ListNames reads the names of all objects of a kind, in one namespace or in all,
// by one request that the cache of the API server answers: for completion, which
// has to be quick and may be a moment behind.
func ListNames(ctx context.Context, client metadata.Interface, kind schema.GroupVersionResource, namespace string) ([]types.NamespacedName, error) {
	list, err := client.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, fmt.Errorf("listing the names of %s: %w", kind.Resource, err)
	}
	names := make([]types.NamespacedName, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, types.NamespacedName{Namespace: list.Items[i].Namespace, Name: list.Items[i].Name})
	}
	return names, nil
}
