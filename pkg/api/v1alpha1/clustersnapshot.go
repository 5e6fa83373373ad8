// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ClusterSnapshot is the state of a cluster before an upgrade, as `snapshot`
// writes it down and `verify` compares with it. It holds names and numbers only:
// no value of a Secret, a ConfigMap or an environment variable. Lists are in the
// order of namespace and name. The form of the file is docs/snapshot-format.md.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ClusterSnapshot struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Time is when it was taken, by the clock of the API server.
	Time metav1.Time `json:"time"`
	// Cluster is the one that it was taken of.
	Cluster ClusterIdentity `json:"cluster"`
	// Operator is who took it, as user@host; Tool the version of the plugin.
	Operator string `json:"operator,omitempty"`
	Tool     string `json:"tool,omitempty"`
	// NotRead are the kinds that could not be read, and therefore are not
	// compared.
	NotRead []UnreadKind `json:"notRead,omitempty"`

	Nodes           []NodeRecord         `json:"nodes"`
	Workloads       []WorkloadRecord     `json:"workloads"`
	Pods            []PodRecord          `json:"pods"`
	Budgets         []BudgetRecord       `json:"budgets"`
	Claims          []ClaimRecord        `json:"claims"`
	Volumes         []VolumeRecord       `json:"volumes"`
	Services        []ServiceRecord      `json:"services"`
	StorageClasses  []StorageClassRecord `json:"storageClasses"`
	CronJobs        []CronJobRecord      `json:"cronJobs"`
	Webhooks        []WebhookRecord      `json:"webhooks"`
	CustomResources []CRDRecord          `json:"customResources"`
	Releases        []ReleaseRecord      `json:"releases"`
}

// ClusterIdentity tells one cluster from another.
type ClusterIdentity struct {
	// UID is that of the namespace kube-system, which lives as long as the cluster.
	UID string `json:"uid"`
	// Context and Server are how the operator reached it; Version is that of the
	// API server.
	Context string `json:"context,omitempty"`
	Server  string `json:"server,omitempty"`
	Version string `json:"version"`
}

// UnreadKind is a kind that could not be read.
type UnreadKind struct {
	// Kind as rights name it: persistentvolumes, helm releases.
	Kind string `json:"kind"`
	// Reason is one line: forbidden: the current user may not list …
	Reason string `json:"reason"`
}

// NodeRecord is a node.
type NodeRecord struct {
	Name string `json:"name"`
	// Pool and Zone are empty where none is known.
	Pool string `json:"pool,omitempty"`
	Zone string `json:"zone,omitempty"`
	// Kubelet is its version (v1.29.4), Runtime the container runtime with its
	// version, OS the name of the image.
	Kubelet  string `json:"kubelet"`
	Runtime  string `json:"runtime,omitempty"`
	OS       string `json:"os,omitempty"`
	Ready    bool   `json:"ready"`
	Cordoned bool   `json:"cordoned,omitempty"`
	// Taints are key=value:Effect, but for that of a cordon.
	Taints []string          `json:"taints,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// WorkloadRecord is a Deployment, StatefulSet or DaemonSet.
type WorkloadRecord struct {
	// Kind in lower case, as in the names of findings.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Replicas is what is asked for (of a DaemonSet the nodes that should run
	// it), Ready what is there.
	Replicas int `json:"replicas"`
	Ready    int `json:"ready"`
	// Images are CONTAINER=IMAGE of the template, init containers first.
	Images     []string `json:"images,omitempty"`
	Generation int64    `json:"generation"`
}

// PodRecord is a pod.
type PodRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	// Workload is kind/namespace/name of the topmost owner; empty without one.
	Workload string `json:"workload,omitempty"`
	Node     string `json:"node,omitempty"`
	Pool     string `json:"pool,omitempty"`
	Zone     string `json:"zone,omitempty"`
	// Phase is status.phase; Ready is its condition.
	Phase string `json:"phase"`
	Ready bool   `json:"ready,omitempty"`
	// Restarts is the sum over its containers.
	Restarts int32 `json:"restarts,omitempty"`
}

// BudgetRecord is a disruption budget.
type BudgetRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// MinAvailable and MaxUnavailable are as written: 1, 50%; empty where unset.
	MinAvailable   string `json:"minAvailable,omitempty"`
	MaxUnavailable string `json:"maxUnavailable,omitempty"`
	// Selector is its label selector as text.
	Selector string `json:"selector,omitempty"`
}

// ClaimRecord is a PersistentVolumeClaim.
type ClaimRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Phase is Pending, Bound or Lost.
	Phase  string `json:"phase"`
	Volume string `json:"volume,omitempty"`
	Class  string `json:"class,omitempty"`
	// Size is what it has, e.g. 500Gi.
	Size string `json:"size,omitempty"`
}

// VolumeRecord is a PersistentVolume.
type VolumeRecord struct {
	Name string `json:"name"`
	// Phase is Available, Bound, Released or Failed.
	Phase string `json:"phase"`
	// Claim is namespace/name.
	Claim string `json:"claim,omitempty"`
	Class string `json:"class,omitempty"`
	Size  string `json:"size,omitempty"`
	// Zones are those of its labels, or of the nodes that reach it; none for a
	// volume that is bound to none.
	Zones []string `json:"zones,omitempty"`
	// ReclaimPolicy is Retain or Delete.
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
}

// ServiceRecord is a Service.
type ServiceRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Type is ClusterIP, NodePort, LoadBalancer or ExternalName.
	Type string `json:"type"`
	// Endpoints counts the ready addresses behind it, each once.
	Endpoints int `json:"endpoints"`
}

// StorageClassRecord is a StorageClass.
type StorageClassRecord struct {
	Name          string `json:"name"`
	Provisioner   string `json:"provisioner"`
	Default       bool   `json:"default,omitempty"`
	ReclaimPolicy string `json:"reclaimPolicy,omitempty"`
	BindingMode   string `json:"bindingMode,omitempty"`
}

// CronJobRecord is a CronJob.
type CronJobRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Schedule  string `json:"schedule"`
	Suspended bool   `json:"suspended,omitempty"`
	// LastSuccess is when a job of it completed last.
	LastSuccess *metav1.Time `json:"lastSuccess,omitempty"`
}

// WebhookRecord is a webhook configuration.
type WebhookRecord struct {
	// Kind is mutatingwebhookconfiguration or validatingwebhookconfiguration.
	Kind  string       `json:"kind"`
	Name  string       `json:"name"`
	Hooks []HookRecord `json:"hooks,omitempty"`
}

// HookRecord is one webhook of a configuration.
type HookRecord struct {
	Name string `json:"name"`
	// FailurePolicy is Fail or Ignore.
	FailurePolicy string `json:"failurePolicy"`
	// Service is namespace/name; empty for one that is reached by a URL.
	Service string `json:"service,omitempty"`
}

// CRDRecord is a CustomResourceDefinition.
type CRDRecord struct {
	// Name is plural.group.
	Name string `json:"name"`
	// Served are the versions that the API server answers for, Stored those in
	// which objects may be kept.
	Served []string `json:"served"`
	Stored []string `json:"stored,omitempty"`
}

// ReleaseRecord is the newest revision of a Helm release, by the metadata of its
// Secret.
type ReleaseRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Revision  int    `json:"revision"`
	// Status is deployed, failed, pending-upgrade and the like.
	Status string `json:"status,omitempty"`
}

// SnapshotReport is the result of `snapshot`: where it was written, and how much.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type SnapshotReport struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Time    metav1.Time     `json:"time"`
	Cluster ClusterIdentity `json:"cluster"`
	// DryRun is client or server when nothing was written down; empty otherwise.
	DryRun string `json:"dryRun,omitempty"`
	// File is where it was written, Bytes how long that is; empty with
	// --to-cluster alone.
	File  string `json:"file,omitempty"`
	Bytes int64  `json:"bytes,omitempty"`
	// InCluster is the name under which the cluster keeps it.
	InCluster string `json:"inCluster,omitempty"`
	// Counts are the numbers of objects by kind.
	Counts map[string]int `json:"counts"`
	// NotRead are the kinds that could not be read.
	NotRead []UnreadKind `json:"notRead,omitempty"`
	// Findings are warnings, one for each kind that could not be read.
	Findings []Finding `json:"findings"`
}
