// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is the kind of a workload with its API group: KIND.GROUP, as
// schema.GroupKind writes it. The groups of Kubernetes' own workloads are left
// out: its StatefulSet is StatefulSet, that of OpenKruise
// StatefulSet.apps.kruise.io. So who compares Kinds compares their groups.
type Kind string

// Kinds that the suite treats in a way of their own.
const (
	KindDaemonSet   Kind = "DaemonSet"
	KindDeployment  Kind = "Deployment"
	KindJob         Kind = "Job"
	KindReplicaSet  Kind = "ReplicaSet"
	KindStatefulSet Kind = "StatefulSet"

	kindCronJob Kind = "CronJob"
)

// legacyGroup had the kinds of apps before Kubernetes 1.16. A ReplicaSet that is
// kept for a rollback may name its Deployment by it to this day.
const legacyGroup = "extensions"

// KindOf is the Kind that an owner reference, or another reference by API version
// and kind, names.
func KindOf(apiVersion, kind string) Kind {
	return NewKind(schema.FromAPIVersionAndKind(apiVersion, kind).Group, kind)
}

// NewKind is the Kind of a group; an empty group is that of Kubernetes' own
// workloads, as Group has it.
func NewKind(group, name string) Kind {
	switch group {
	case corev1.GroupName, appsv1.GroupName, batchv1.GroupName, legacyGroup:
		return Kind(name)
	}
	return Kind(name + "." + group)
}

// Name is the kind without its group: StatefulSet.
func (k Kind) Name() string {
	name, _, _ := strings.Cut(string(k), ".")
	return name
}

// Group is the API group of a kind that is none of Kubernetes' own workloads;
// empty for those.
func (k Kind) Group() string {
	_, group, _ := strings.Cut(string(k), ".")
	return group
}

// Type is the way kubectl and findings name the kind: statefulset, or
// statefulset.apps.kruise.io.
func (k Kind) Type() string { return strings.ToLower(string(k)) }
