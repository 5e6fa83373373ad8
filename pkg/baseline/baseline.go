// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package baseline makes records of a cluster, writes them down and reads them
// again: to and from a file, or ConfigMaps of the cluster itself.
package baseline

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// Source is what records are made of.
type Source struct {
	Snapshot *cluster.Snapshot
	Volumes  *cluster.Volumes
	Survey   *cluster.Survey
	Pools    []pool.Pool
	// Time is when it was read.
	Time time.Time
}

// Of makes the records of a cluster whose pods are in the Snapshot. Who took them
// and by which way is for the caller to fill in.
func Of(s Source) *v1alpha1.ClusterSnapshot {
	r := newRecorder(s)
	for _, pod := range s.Snapshot.Pods() {
		r.addPod(pod)
	}
	return r.finish()
}

// Stream is Of for pods that are read one by one and not kept: each calls its
// argument for every pod, in any order.
func Stream(ctx context.Context, s Source, each func(context.Context, func(*corev1.Pod)) error) (*v1alpha1.ClusterSnapshot, error) {
	r := newRecorder(s)
	if err := each(ctx, r.addPod); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// recorder makes the records of one cluster.
type recorder struct {
	Source
	out *v1alpha1.ClusterSnapshot
	// nodes are the records by name, cronJobs those of the jobs that have one.
	nodes    map[string]*v1alpha1.NodeRecord
	cronJobs map[cluster.Ref]string
	// names are the names of workloads: one for all pods of each.
	names map[cluster.Ref]string
}

func newRecorder(s Source) *recorder {
	r := &recorder{
		Source: s,
		out: &v1alpha1.ClusterSnapshot{
			TypeMeta: v1alpha1.TypeMeta(kind), Time: metav1.NewTime(s.Time.UTC().Truncate(time.Second)),
			Cluster: v1alpha1.ClusterIdentity{UID: s.Survey.UID, Version: s.Survey.Version},
			NotRead: notRead(s), Pods: []v1alpha1.PodRecord{},
		},
		nodes: map[string]*v1alpha1.NodeRecord{}, cronJobs: map[cluster.Ref]string{}, names: map[cluster.Ref]string{},
	}
	r.out.Nodes = nodeRecords(s.Snapshot, s.Pools)
	for i := range r.out.Nodes {
		r.nodes[r.out.Nodes[i].Name] = &r.out.Nodes[i]
	}
	for _, job := range s.Survey.Jobs {
		if owner, owned := cluster.ControllerOf(job); owned {
			r.cronJobs[cluster.Ref{Kind: cluster.KindJob, Namespace: job.Namespace, Name: job.Name, UID: job.UID}] = owner.String()
		}
	}
	r.out.Workloads = workloadRecords(s.Snapshot)
	r.out.Budgets = list(s.Survey.Budgets, budgetRecord)
	r.out.Claims = list(s.Volumes.Claims(), claimRecord)
	r.out.Volumes = list(s.Volumes.PersistentVolumes(), volumeRecord)
	r.out.Services = serviceRecords(s.Survey)
	r.out.StorageClasses = list(s.Survey.StorageClasses, storageClassRecord)
	r.out.CronJobs = list(s.Survey.CronJobs, cronJobRecord)
	r.out.Webhooks = webhookRecords(s.Survey)
	r.out.CustomResources = append([]v1alpha1.CRDRecord{}, s.Survey.CRDs...)
	r.out.Releases = append([]v1alpha1.ReleaseRecord{}, s.Survey.Releases...)
	return r
}

// list makes a record of each object.
func list[T, R any](objects []T, record func(T) R) []R {
	records := make([]R, 0, len(objects))
	for _, object := range objects {
		records = append(records, record(object))
	}
	return records
}

// NotRecorded are the kinds of a Survey that only a check of the moment looks at:
// no record is made of them.
func NotRecorded() []string {
	return []string{cluster.KindEvents, cluster.KindAPIServices, cluster.KindAttachments}
}

// notRead are the kinds that are missing.
func notRead(s Source) []v1alpha1.UnreadKind {
	kinds := slices.DeleteFunc(slices.Clone(s.Survey.Unread), func(unread v1alpha1.UnreadKind) bool {
		return slices.Contains(NotRecorded(), unread.Kind)
	})
	for _, kind := range s.Volumes.Unread {
		kinds = append(kinds, v1alpha1.UnreadKind{Kind: kind, Reason: "forbidden: the current user may not list " + kind})
	}
	slices.SortFunc(kinds, func(a, b v1alpha1.UnreadKind) int { return cmp.Compare(a.Kind, b.Kind) })
	return kinds
}

// addPod takes in a pod; it is not kept.
func (r *recorder) addPod(pod *corev1.Pod) {
	record := v1alpha1.PodRecord{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID), Workload: r.workloadOf(pod),
		Phase: string(pod.Status.Phase), Ready: isReady(pod), Restarts: Restarts(pod),
	}
	if node := r.nodes[pod.Spec.NodeName]; node != nil {
		record.Node, record.Pool, record.Zone = node.Name, node.Pool, node.Zone
	} else {
		record.Node = pod.Spec.NodeName
	}
	r.out.Pods = append(r.out.Pods, record)
}

// workloadOf names the topmost owner of a pod, of a job's its CronJob.
func (r *recorder) workloadOf(pod *corev1.Pod) string {
	owner, owned := r.Snapshot.Owner(pod)
	if !owned || cluster.IsMirror(pod) {
		return ""
	}
	if cronJob := r.cronJobs[owner]; cronJob != "" {
		return cronJob
	}
	if r.names[owner] == "" {
		r.names[owner] = owner.String()
	}
	return r.names[owner]
}

func (r *recorder) finish() *v1alpha1.ClusterSnapshot {
	slices.SortFunc(r.out.Pods, func(a, b v1alpha1.PodRecord) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return r.out
}

// Restarts is the sum over a pod's containers.
func Restarts(pod *corev1.Pod) int32 {
	var sum int32
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			sum += statuses[i].RestartCount
		}
	}
	return sum
}
