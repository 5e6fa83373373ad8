// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// trim drops what we never look at before an object is kept, so that a cluster
// with ten thousand pods fits in little memory: managed fields (but of what carries a
// mark of ours: they tell who has set a value since), pod templates (but
// for the images, and what says where a DaemonSet runs), node images, the sources of
// volumes, and what may hold the value of a secret: environment, commands, probes,
// hooks, and the copy of it all that kubectl apply makes in an annotation.
func trim(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		if !isMarked(accessor) {
			accessor.SetManagedFields(nil)
		}
		trimAnnotations(accessor.GetAnnotations())
	}
	switch o := object.(type) {
	case *corev1.Pod:
		trimPodSpec(&o.Spec)
		trimPodStatus(&o.Status)
	case *corev1.Node:
		o.Status.Images = nil
	case *appsv1.ReplicaSet:
		o.Spec.Template.Spec = corev1.PodSpec{NodeName: o.Spec.Template.Spec.NodeName}
		o.Annotations = nil
	case *appsv1.Deployment:
		o.Spec.Template.Spec = whatItRuns(&o.Spec.Template.Spec)
	case *appsv1.StatefulSet:
		o.Spec.Template.Spec = whatItRuns(&o.Spec.Template.Spec)
	case *appsv1.DaemonSet:
		o.Spec.Template.Spec = whereItRuns(&o.Spec.Template.Spec)
	case *corev1.PersistentVolume:
		o.Annotations, o.Spec.PersistentVolumeSource = nil, corev1.PersistentVolumeSource{}
	case *corev1.PersistentVolumeClaim:
		o.Annotations = nil
	default:
		trimSurveyed(object)
	}
	return object, nil
}

// trimSurveyed keeps of the kinds of a Survey what its docstring promises.
func trimSurveyed(object any) {
	switch o := object.(type) {
	case *corev1.Service:
		o.Annotations = nil
		o.Spec = corev1.ServiceSpec{Type: o.Spec.Type, Selector: o.Spec.Selector, ClusterIP: o.Spec.ClusterIP, ExternalName: o.Spec.ExternalName}
	case *batchv1.CronJob:
		o.Spec.JobTemplate = batchv1.JobTemplateSpec{}
	case *batchv1.Job:
		o.Annotations, o.Spec.Template = nil, corev1.PodTemplateSpec{}
	case *storagev1.StorageClass:
		o.Parameters = nil
	case *storagev1.VolumeAttachment:
		o.Annotations, o.Status.AttachmentMetadata = nil, nil
	case *admissionregistrationv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			o.Webhooks[i].ClientConfig.CABundle = nil
		}
	case *admissionregistrationv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			o.Webhooks[i].ClientConfig.CABundle = nil
		}
	}
}

// whereItRuns is what a DaemonSet's template says of the nodes it is for, with the
// images.
func whereItRuns(spec *corev1.PodSpec) corev1.PodSpec {
	kept := whatItRuns(spec)
	kept.NodeSelector, kept.Affinity = spec.NodeSelector, spec.Affinity
	kept.Tolerations, kept.HostNetwork = spec.Tolerations, spec.HostNetwork
	return kept
}

// whatItRuns are the names and images of a template's containers, and the node that
// it names, if it does.
func whatItRuns(spec *corev1.PodSpec) corev1.PodSpec {
	return corev1.PodSpec{InitContainers: imagesOf(spec.InitContainers), Containers: imagesOf(spec.Containers), NodeName: spec.NodeName}
}

func imagesOf(containers []corev1.Container) []corev1.Container {
	if len(containers) == 0 {
		return nil
	}
	kept := make([]corev1.Container, 0, len(containers))
	for i := range containers {
		kept = append(kept, corev1.Container{Name: containers[i].Name, Image: containers[i].Image})
	}
	return kept
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
