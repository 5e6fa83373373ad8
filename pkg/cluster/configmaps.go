// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/pager"
)

// EachConfigMap calls keep for every ConfigMap of a namespace that a selector
// keeps, past every cache. Pages are small where the ConfigMaps are large; try
// carries out the request for each.
func EachConfigMap(ctx context.Context, client corev1client.ConfigMapInterface, selector string, pageSize int64,
	try func(context.Context, func() error) error, keep func(*corev1.ConfigMap),
) error {
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		var page *corev1.ConfigMapList
		err := try(ctx, func() error {
			var err error
			page, err = client.List(ctx, o)
			return err
		})
		return page, err
	})
	pages.PageSize = pageSize
	return pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: selector}, func(object runtime.Object) error {
		if configMap, is := object.(*corev1.ConfigMap); is {
			keep(configMap)
		}
		return nil
	})
}
