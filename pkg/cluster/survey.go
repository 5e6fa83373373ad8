// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Survey is what a check of a whole cluster looks at besides a Snapshot and its
// Volumes. Lists are in the order of namespace and name.
type Survey struct {
	// UID is that of the namespace kube-system; Version that of the API server.
	UID, Version string
	// Unread are the kinds that the current user may not list, or that the server
	// does not have.
	Unread []v1alpha1.UnreadKind

	Services []*corev1.Service
	// Endpoints counts the ready addresses of each Service.
	Endpoints      map[types.NamespacedName]int
	StorageClasses []*storagev1.StorageClass
	// Budgets are the disruption budgets, which List leaves out.
	Budgets  []*policyv1.PodDisruptionBudget
	CronJobs []*batchv1.CronJob
	// Jobs are those of CronJobs.
	Jobs        []*batchv1.Job
	Attachments []*storagev1.VolumeAttachment
	Mutating    []*admissionregistrationv1.MutatingWebhookConfiguration
	Validating  []*admissionregistrationv1.ValidatingWebhookConfiguration
	APIServices []APIService
	CRDs        []v1alpha1.CRDRecord
	Releases    []v1alpha1.ReleaseRecord
	// Events are those of trouble, see TroubleReasons.
	Events []Event
}

// APIService is an API that another server answers for.
type APIService struct {
	// Name is version.group.
	Name string
	// Service is namespace/name; empty for the API server's own.
	Service string
	// Available is its condition; Message says why it is not.
	Available bool
	Message   string
}

// Event are the events of one reason about one object.
type Event struct {
	// Kind, Namespace, Name and UID are those of the object that it is about.
	Kind            Kind
	Namespace, Name string
	UID             types.UID
	Reason, Message string
	Count           int32
	Last            time.Time
}

// TroubleReasons are the reasons of the events that a Survey keeps.
func TroubleReasons() []string {
	return []string{
		"FailedScheduling", "FailedAttachVolume", "FailedMount", "FailedCreatePodSandBox", "ProvisioningFailed", "BackOff", "Evicted",
		ReasonFailedCreate,
	}
}

// IsUnread reports whether a kind could not be read.
func (s *Survey) IsUnread(kind string) bool {
	for _, unread := range s.Unread {
		if unread.Kind == kind {
			return true
		}
	}
	return false
}

// The kinds of a Survey as Unread names them.
const (
	KindServices        = "services"
	KindEndpointSlices  = "endpointslices"
	KindStorageClasses  = "storageclasses"
	KindBudgets         = "poddisruptionbudgets"
	KindCronJobs        = "cronjobs"
	KindJobs            = "jobs"
	KindAttachments     = "volumeattachments"
	KindMutatingHooks   = "mutatingwebhookconfigurations"
	KindValidatingHooks = "validatingwebhookconfigurations"
	KindAPIServices     = "apiservices"
	KindCRDs            = "customresourcedefinitions"
	KindReleases        = "helm releases"
	KindEvents          = "events"
)
