// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Evictor asks for the eviction of a pod by its UID.
type Evictor interface {
	// Evict asks once. With unchanged the server is to refuse (409) when the pod
	// is not as it was seen, as after an eviction whose answer was lost.
	Evict(ctx context.Context, pod *corev1.Pod, gracePeriodSeconds *int64, unchanged bool) error
}

// APIEvictor posts to the Eviction API.
type APIEvictor struct {
	// Client speaks core/v1.
	Client rest.Interface
	// DryRun asks the server without evicting.
	DryRun bool
}

// Evict posts one eviction. client-go would repeat a 429 or a 5xx that carries
// Retry-After up to ten times by itself and hide it from us; MaxRetries(0)
// leaves every answer to classify.
func (e APIEvictor) Evict(ctx context.Context, pod *corev1.Pod, gracePeriodSeconds *int64, unchanged bool) error {
	options := evictionOptions(pod, gracePeriodSeconds)
	if unchanged {
		options.Preconditions.ResourceVersion = &pod.ResourceVersion
	}
	if e.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	return e.Client.Post().
		Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("eviction").
		MaxRetries(0).
		Body(&policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: options,
		}).
		Do(ctx).Error()
}
