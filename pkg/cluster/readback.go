// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
)

// ReadPods reads all pods once more, past the watches: what it returns is at
// least as new as the moment of the call. It retries for two minutes.
//
// Where the API server streams lists it is one request, whatever the number of
// pods; elsewhere it is one for 500 pods. A pod that the watches hold in the
// same version is not kept a second time.
func (w *Watcher) ReadPods(ctx context.Context) ([]*corev1.Pod, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	known := w.factory.Core().V1().Pods().Lister()
	again := &Watcher{
		client:  w.client,
		changed: make(chan struct{}, 1),
		onError: w.onError,
		factory: informers.NewSharedInformerFactoryWithOptions(w.client, 0,
			informers.WithTweakListOptions(pastTheCache),
			informers.WithTransform(func(object any) (any, error) {
				if pod, isPod := object.(*corev1.Pod); isPod {
					if kept, err := known.Pods(pod.Namespace).Get(pod.Name); err == nil && kept.UID == pod.UID && kept.ResourceVersion == pod.ResourceVersion {
						return kept, nil
					}
				}
				return trim(object)
			})),
	}
	pods := again.factory.Core().V1().Pods()
	if err := again.start(ctx, pods.Informer()); err != nil {
		return nil, err
	}
	return pods.Lister().List(labels.Everything())
}

// pastTheCache asks for the newest state. An informer's first list asks for any
// (resource version 0), which the API server may answer from a cache that lags
// behind.
func pastTheCache(o *metav1.ListOptions) {
	if o.ResourceVersion == "0" {
		o.ResourceVersion = ""
	}
}
