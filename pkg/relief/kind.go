// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// kindOf is the API version and kind of an object that we may change; an item of
// a typed list does not say it.
func kindOf(object runtime.Object) (apiVersion, kind string) {
	switch object.(type) {
	case *corev1.Node:
		return "v1", "Node"
	case *corev1.Pod:
		return "v1", "Pod"
	case *appsv1.Deployment:
		return "apps/v1", "Deployment"
	case *appsv1.StatefulSet:
		return "apps/v1", "StatefulSet"
	case *policyv1.PodDisruptionBudget:
		return "policy/v1", "PodDisruptionBudget"
	}
	return object.GetObjectKind().GroupVersionKind().ToAPIVersionAndKind()
}
