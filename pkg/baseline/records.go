// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	storageutil "k8s.io/kubectl/pkg/util/storage"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

func budgetRecord(pdb *policyv1.PodDisruptionBudget) v1alpha1.BudgetRecord {
	record := v1alpha1.BudgetRecord{
		Namespace: pdb.Namespace, Name: pdb.Name,
		MinAvailable: written(pdb.Spec.MinAvailable), MaxUnavailable: written(pdb.Spec.MaxUnavailable),
	}
	// The server accepts no selector that does not parse.
	if selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector); err == nil {
		record.Selector = selector.String()
	}
	return record
}

// written is a number or a percentage as it is written; empty where it is unset.
func written(value *intstr.IntOrString) string {
	if value == nil {
		return ""
	}
	return value.String()
}

func claimRecord(claim *corev1.PersistentVolumeClaim) v1alpha1.ClaimRecord {
	return v1alpha1.ClaimRecord{
		Namespace: claim.Namespace, Name: claim.Name, Phase: string(claim.Status.Phase),
		Volume: claim.Spec.VolumeName, Class: valueOf(claim.Spec.StorageClassName), Size: size(claim.Status.Capacity),
	}
}

func volumeRecord(volume *corev1.PersistentVolume) v1alpha1.VolumeRecord {
	record := v1alpha1.VolumeRecord{
		Name: volume.Name, Phase: string(volume.Status.Phase), Class: volume.Spec.StorageClassName,
		Size: size(volume.Spec.Capacity), Zones: cluster.VolumeZones(volume), ReclaimPolicy: string(volume.Spec.PersistentVolumeReclaimPolicy),
	}
	if claim := volume.Spec.ClaimRef; claim != nil {
		record.Claim = claim.Namespace + "/" + claim.Name
	}
	return record
}

// size is the storage of a volume or claim; empty where none is told.
func size(capacity corev1.ResourceList) string {
	storage, has := capacity[corev1.ResourceStorage]
	if !has {
		return ""
	}
	return storage.String()
}

func serviceRecords(survey *cluster.Survey) []v1alpha1.ServiceRecord {
	return list(survey.Services, func(service *corev1.Service) v1alpha1.ServiceRecord {
		return v1alpha1.ServiceRecord{
			Namespace: service.Namespace, Name: service.Name, Type: string(service.Spec.Type),
			Endpoints: survey.Endpoints[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}],
		}
	})
}

func storageClassRecord(class *storagev1.StorageClass) v1alpha1.StorageClassRecord {
	return v1alpha1.StorageClassRecord{
		Name: class.Name, Provisioner: class.Provisioner, Default: isDefault(class),
		ReclaimPolicy: string(valueOf(class.ReclaimPolicy)), BindingMode: string(valueOf(class.VolumeBindingMode)),
	}
}

// isDefault reports whether claims without a class get this one; an older
// annotation says so too.
func isDefault(class *storagev1.StorageClass) bool {
	const yes = "true"
	return class.Annotations[storageutil.IsDefaultStorageClassAnnotation] == yes || class.Annotations[storageutil.BetaIsDefaultStorageClassAnnotation] == yes
}

func cronJobRecord(job *batchv1.CronJob) v1alpha1.CronJobRecord {
	record := v1alpha1.CronJobRecord{
		Namespace: job.Namespace, Name: job.Name, Schedule: job.Spec.Schedule, Suspended: valueOf(job.Spec.Suspend),
	}
	if last := job.Status.LastSuccessfulTime; last != nil {
		record.LastSuccess = new(metav1.NewTime(last.UTC()))
	}
	return record
}

func webhookRecords(survey *cluster.Survey) []v1alpha1.WebhookRecord {
	records := make([]v1alpha1.WebhookRecord, 0, len(survey.Mutating)+len(survey.Validating))
	for _, c := range survey.Mutating {
		record := v1alpha1.WebhookRecord{Kind: "mutatingwebhookconfiguration", Name: c.Name}
		for i := range c.Webhooks {
			record.Hooks = append(record.Hooks, hookRecord(c.Webhooks[i].Name, c.Webhooks[i].FailurePolicy, &c.Webhooks[i].ClientConfig))
		}
		records = append(records, record)
	}
	for _, c := range survey.Validating {
		record := v1alpha1.WebhookRecord{Kind: "validatingwebhookconfiguration", Name: c.Name}
		for i := range c.Webhooks {
			record.Hooks = append(record.Hooks, hookRecord(c.Webhooks[i].Name, c.Webhooks[i].FailurePolicy, &c.Webhooks[i].ClientConfig))
		}
		records = append(records, record)
	}
	return records
}

func hookRecord(name string, policy *admissionregistrationv1.FailurePolicyType, client *admissionregistrationv1.WebhookClientConfig) v1alpha1.HookRecord {
	record := v1alpha1.HookRecord{Name: name, FailurePolicy: string(valueOf(policy))}
	if service := client.Service; service != nil {
		record.Service = strings.Join([]string{service.Namespace, service.Name}, "/")
	}
	return record
}

// valueOf is the value behind a pointer, nothing where there is none.
func valueOf[T any](pointer *T) T {
	if pointer == nil {
		return *new(T)
	}
	return *pointer
}
