// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relocate

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// AwaitGone waits until the pods that an earlier attempt of the run has evicted
// are gone: until then their places look taken. It gives up with the pod timeout.
func (m *Mover) AwaitGone(ctx context.Context) error {
	timer := m.Clock.NewTimer(m.Options.PodTimeout)
	defer timer.Stop()
	for {
		ends := slices.ContainsFunc(meant(m.Source.Snapshot(), m.Recorder.Run().ID), func(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil })
		if !ends {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C():
			return nil
		case <-m.Source.Changed():
		}
	}
}

// AwaitReady waits until the workloads are whole of which an earlier attempt of
// the run has evicted pods.
func (m *Mover) AwaitReady(ctx context.Context) ([]v1alpha1.Finding, error) {
	s := m.Source.Snapshot()
	var workloads []*cluster.Workload
	for _, pod := range meant(s, m.Recorder.Run().ID) {
		owner, owned := s.Owner(pod)
		if w := s.Workload(owner); owned && w != nil && !cluster.IsServing(pod) && !slices.Contains(workloads, w) {
			workloads = append(workloads, w)
		}
	}
	if len(workloads) == 0 {
		return nil, nil
	}
	return m.Engine().Run(ctx, drain.NewMove(s, nil, workloads, pool.List(s.Nodes, m.Profile), m.Profile, m.Options))
}

// meant are the pods that the keep-off pods of a run are about.
func meant(s *cluster.Snapshot, run string) []*corev1.Pod {
	var terms []corev1.PodAffinityTerm
	for _, pod := range s.Pods() {
		if pod.Labels[journal.KeepOffLabel] == run && pod.Spec.Affinity != nil && pod.Spec.Affinity.PodAntiAffinity != nil {
			terms = append(terms, pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution...)
		}
	}
	return slices.DeleteFunc(s.Pods(), func(pod *corev1.Pod) bool {
		return !slices.ContainsFunc(terms, func(t corev1.PodAffinityTerm) bool { return isMeant(t, pod) })
	})
}

func isMeant(term corev1.PodAffinityTerm, pod *corev1.Pod) bool {
	selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
	return err == nil && slices.Contains(term.Namespaces, pod.Namespace) && selector.Matches(labels.Set(pod.Labels))
}
