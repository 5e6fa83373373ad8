// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubectl/pkg/util/podutils"
)

// IsServing reports whether a pod is Ready and not on its way out. A pod with
// a deletion timestamp has left its Services already; the condition of one that has
// ended may be as it was when its node went down.
func IsServing(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && !IsFinished(pod) && podutils.IsPodReady(pod)
}

// IsFinished reports whether a pod has ended for good.
func IsFinished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// IsMirror reports whether a pod is the image of a static pod of its kubelet;
// the API cannot evict it.
func IsMirror(pod *corev1.Pod) bool {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	return mirror
}

// PodObject is the way findings name a pod.
func PodObject(pod *corev1.Pod) string {
	return "pod/" + pod.Namespace + "/" + pod.Name
}

// Unschedulable returns the scheduler's own message when it has found no node
// for the pod.
func Unschedulable(pod *corev1.Pod) (string, bool) {
	if pod.Spec.NodeName != "" || pod.DeletionTimestamp != nil {
		return "", false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return c.Message, true
		}
	}
	return "", false
}

// WhyNotReady says in a few words what a pod that is not Ready is doing, from
// what its kubelet reports.
func WhyNotReady(pod *corev1.Pod) string {
	if message, ok := Unschedulable(pod); ok {
		return "Pending: " + message
	}
	if pod.DeletionTimestamp != nil {
		return "Terminating"
	}
	if pod.Spec.NodeName == "" {
		return "Pending"
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			if w := s.State.Waiting; w != nil && w.Reason != "" {
				return strings.TrimSuffix(w.Reason+" (container "+s.Name+"): "+w.Message, ": ")
			}
		}
	}
	return "not Ready on " + pod.Spec.NodeName
}

// IsBroken reports whether a pod that is not Ready has little hope to become so
// by waiting: the scheduler finds no node for it, a container of it failed
// before, or cannot be started at all.
func IsBroken(pod *corev1.Pod) bool {
	if _, unplaced := Unschedulable(pod); unplaced {
		return true
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			if s.RestartCount > 0 && !s.Ready && s.State.Terminated == nil || cannotStart(s) {
				return true
			}
		}
	}
	return false
}

// cannotStart reports whether the kubelet has given a reason that somebody has
// to mend: an image that it cannot pull, a Secret or ConfigMap that is missing.
func cannotStart(s *corev1.ContainerStatus) bool {
	if s.State.Waiting == nil {
		return false
	}
	switch s.State.Waiting.Reason {
	case "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError":
		return true
	}
	return false
}
