// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// trim drops what we never look at before an object is kept, so that a cluster
// with ten thousand pods fits in little memory: managed fields, pod templates (but
// for what says where a DaemonSet runs), node images, the sources of volumes, and what may hold the value of a secret: environment, commands,
// probes, hooks, and the copy of it all that kubectl apply makes in an
// annotation.
func trim(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
		delete(accessor.GetAnnotations(), corev1.LastAppliedConfigAnnotation)
	}
	switch o := object.(type) {
	case *corev1.Pod:
		trimPodSpec(&o.Spec)
		trimPodStatus(&o.Status)
	case *corev1.Node:
		o.Status.Images = nil
	case *appsv1.ReplicaSet:
		o.Spec.Template.Spec = corev1.PodSpec{}
		o.Annotations = nil
	case *appsv1.Deployment:
		o.Spec.Template.Spec = corev1.PodSpec{}
	case *appsv1.StatefulSet:
		o.Spec.Template.Spec = corev1.PodSpec{}
	case *appsv1.DaemonSet:
		o.Spec.Template.Spec = whereItRuns(&o.Spec.Template.Spec)
	case *corev1.PersistentVolume:
		o.Annotations, o.Spec.PersistentVolumeSource = nil, corev1.PersistentVolumeSource{}
	case *corev1.PersistentVolumeClaim:
		o.Annotations = nil
	}
	return object, nil
}

// whereItRuns is what a DaemonSet's template says of the nodes it is for.
func whereItRuns(spec *corev1.PodSpec) corev1.PodSpec {
	return corev1.PodSpec{
		NodeName: spec.NodeName, NodeSelector: spec.NodeSelector, Affinity: spec.Affinity,
		Tolerations: spec.Tolerations, HostNetwork: spec.HostNetwork,
	}
}

// trimPodSpec keeps what decides where a pod can run and what it loses when it
// moves.
func trimPodSpec(spec *corev1.PodSpec) {
	trimContainers(spec.InitContainers)
	trimContainers(spec.Containers)
	spec.EphemeralContainers = nil
	spec.SecurityContext, spec.DNSConfig, spec.HostAliases, spec.ImagePullSecrets = nil, nil, nil, nil
	for i := range spec.Volumes {
		source := &spec.Volumes[i].VolumeSource
		// Every pod has such a volume, for its token; they go anywhere with it.
		source.Projected, source.ConfigMap, source.Secret, source.DownwardAPI = nil, nil, nil, nil
	}
}

func trimContainers(containers []corev1.Container) {
	for i := range containers {
		c := &containers[i]
		c.Env, c.EnvFrom, c.VolumeMounts, c.Command, c.Args = nil, nil, nil, nil, nil
		c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.Lifecycle = nil, nil, nil, nil
		c.SecurityContext, c.TerminationMessagePath = nil, ""
	}
}

func trimPodStatus(status *corev1.PodStatus) {
	status.PodIPs, status.HostIPs, status.EphemeralContainerStatuses = nil, nil, nil
	for _, statuses := range [][]corev1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			s.ContainerID, s.AllocatedResources, s.Resources, s.VolumeMounts, s.User = "", nil, nil, nil, nil
			s.LastTerminationState = corev1.ContainerState{}
		}
	}
}
