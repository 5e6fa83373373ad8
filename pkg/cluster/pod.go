// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"fmt"
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
// what the scheduler and its kubelet report.
func WhyNotReady(pod *corev1.Pod) string {
	why, _ := whyNotReady(pod)
	return why
}

// HidesReason reports whether what a pod itself tells of what it waits for leaves
// open why: its events may say more, as of a volume that is not attached or of a
// probe that fails.
func HidesReason(pod *corev1.Pod) bool {
	_, told := whyNotReady(pod)
	return !told
}

// initContainer is how one is called.
const initContainer = "init container"

// whyNotReady is WhyNotReady, and whether that is the reason.
func whyNotReady(pod *corev1.Pod) (why string, told bool) {
	if message, ok := Unschedulable(pod); ok {
		return "Pending: " + message, true
	}
	if pod.DeletionTimestamp != nil {
		return "Terminating", true
	}
	if pod.Spec.NodeName == "" {
		return whyNotScheduled(pod)
	}
	for i := range pod.Status.InitContainerStatuses {
		if why, told, stands := whyNotStarted(initContainer, &pod.Status.InitContainerStatuses[i]); stands {
			return why, told
		}
	}
	for i := range pod.Status.ContainerStatuses {
		if why, told, stands := whyNotStarted("container", &pod.Status.ContainerStatuses[i]); stands {
			return why, told
		}
	}
	return "not Ready on " + pod.Spec.NodeName, false
}

// whyNotScheduled tells of a pod that the scheduler has not found unschedulable: it
// is held by gates, or nobody has looked at it yet.
func whyNotScheduled(pod *corev1.Pod) (why string, told bool) {
	gates := make([]string, 0, len(pod.Spec.SchedulingGates))
	for _, gate := range pod.Spec.SchedulingGates {
		gates = append(gates, gate.Name)
	}
	if len(gates) > 0 {
		return "Pending: held by its scheduling gates " + strings.Join(gates, ", "), true
	}
	if name := pod.Spec.SchedulerName; name != "" && name != corev1.DefaultSchedulerName {
		return "Pending: the scheduler " + name + " has not placed it", false
	}
	return "Pending", false
}

// whyNotStarted tells of a container that keeps its pod from being Ready; stands is
// false for one that does not. The reasons with which every start begins say
// nothing of why it goes no further.
func whyNotStarted(what string, s *corev1.ContainerStatus) (why string, told, stands bool) {
	switch state := s.State; {
	case state.Waiting != nil && state.Waiting.Reason != "":
		began := state.Waiting.Reason == "PodInitializing" || state.Waiting.Reason == "ContainerCreating"
		return strings.TrimSuffix(state.Waiting.Reason+" ("+what+" "+s.Name+"): "+state.Waiting.Message, ": "), !began, true
	case state.Terminated != nil && state.Terminated.ExitCode != 0:
		return fmt.Sprintf("%s %s ended with %d (%s)", what, s.Name, state.Terminated.ExitCode, cmp.Or(state.Terminated.Reason, "Error")), true, true
	case state.Running != nil && what == initContainer && !s.Ready: // a sidecar that serves is Ready
		return what + " " + s.Name + " runs", false, true
	}
	return "", false, false
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
