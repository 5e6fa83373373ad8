// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func nodesOf(l *corev1.NodeList) map[string]string { return collect(l.Items, nodeReason) }
func podsOf(l *corev1.PodList) map[string]string   { return collect(l.Items, podReason) }
func claimsOf(l *corev1.PersistentVolumeClaimList) map[string]string {
	return collect(l.Items, claimReason)
}

func deploymentsOf(l *appsv1.DeploymentList) map[string]string {
	return collect(l.Items, deploymentReason)
}

func statefulSetsOf(l *appsv1.StatefulSetList) map[string]string {
	return collect(l.Items, statefulSetReason)
}

func daemonSetsOf(l *appsv1.DaemonSetList) map[string]string {
	return collect(l.Items, daemonSetReason)
}
func jobsOf(l *batchv1.JobList) map[string]string { return collect(l.Items, jobReason) }

// nodeReason also waits for the taint to go that every new node gets.
func nodeReason(node *corev1.Node) string {
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady {
			return "is still tainted as not ready"
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return ""
		}
	}
	return "is not Ready"
}

func podReason(pod *corev1.Pod) string {
	if pod.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return ""
		}
	}
	return "is not Ready"
}

func claimReason(claim *corev1.PersistentVolumeClaim) string {
	if claim.Status.Phase == corev1.ClaimBound || claim.Spec.VolumeName == "" {
		return ""
	}
	return "is not Bound"
}

func deploymentReason(d *appsv1.Deployment) string {
	return replicas(d.Status.ObservedGeneration >= d.Generation, d.Status.ReadyReplicas, ptr.Deref(d.Spec.Replicas, 1))
}

func statefulSetReason(s *appsv1.StatefulSet) string {
	return replicas(s.Status.ObservedGeneration >= s.Generation, s.Status.ReadyReplicas, ptr.Deref(s.Spec.Replicas, 1))
}

func daemonSetReason(d *appsv1.DaemonSet) string {
	return replicas(d.Status.ObservedGeneration >= d.Generation, d.Status.NumberReady, d.Status.DesiredNumberScheduled)
}

func jobReason(job *batchv1.Job) string {
	if ptr.Deref(job.Spec.Suspend, false) {
		return ""
	}
	for _, condition := range job.Status.Conditions {
		if condition.Type == batchv1.JobComplete && condition.Status == corev1.ConditionTrue {
			return ""
		}
	}
	return "is not complete"
}

func replicas(observed bool, ready, wanted int32) string {
	if observed && ready >= wanted {
		return ""
	}
	return fmt.Sprintf("has %d of %d replicas ready", ready, wanted)
}
