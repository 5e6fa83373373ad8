// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// relax changes one field of the budget, and by no more than one pod.
func (b *Blocker) relax(s *cluster.Snapshot, r *Relief) {
	switch b.Class {
	case Several:
		r.Refused = "the eviction API refuses a pod with several budgets, whatever their numbers; remove or narrow all but one"
	case Unhealthy:
		b.letUnhealthyGo(r)
	default:
		if b.isSick() {
			b.letUnhealthyGo(r)
			return
		}
		b.askForOneLess(s, r)
	}
}

// isSick reports whether all the pods that it holds are broken: a smaller number frees
// none of them then.
func (b *Blocker) isSick() bool {
	return len(b.Pods) > 0 && !slices.ContainsFunc(b.Pods, func(pod *corev1.Pod) bool { return !cluster.IsBroken(pod) })
}

// askForOneLess lets the budget allow one pod when all of them are healthy.
func (b *Blocker) askForOneLess(s *cluster.Snapshot, r *Relief) {
	pods := s.PodsOf(b.PDB)
	// The pods there are count where their owners have no scale.
	_, size, _ := sizes(s, pods)
	if r.Refused = whyTooSick(pods, size, 1); r.Refused != "" {
		return
	}
	if v := b.PDB.Spec.MaxUnavailable; v != nil {
		if _, failed := SyncFailure(b.PDB); failed { // also where 0 allows nothing anyway
			// A number here needs the scale of the owners as a percentage does;
			// only an integer minAvailable does without (getExpectedPodCount of
			// the disruption controller), and that is another field.
			r.Refused = "the disruption controller cannot compute maxUnavailable for these pods, whatever the number; a minAvailable that is no percentage would do"
			return
		}
		r.Steps = []Step{b.budgetStep(FieldMaxUnavailable, v, intstr.FromInt32(1))}
		return
	}
	v := b.PDB.Spec.MinAvailable
	if v == nil {
		r.Refused = "the budget has neither minAvailable nor maxUnavailable"
		return
	}
	if b.Class == Failed && v.Type == intstr.Int {
		r.Refused = "its number needs no owner with a scale; see the condition on the budget for what is wrong"
		return
	}
	if size == 0 {
		r.Refused = "it selects no workload that has replicas"
		return
	}
	r.Steps = []Step{b.budgetStep(FieldMinAvailable, v, intstr.FromInt(size-1))}
}

// letUnhealthyGo frees the pods that are not healthy. The healthy ones are held
// until enough of the others are healthy again.
func (b *Blocker) letUnhealthyGo(r *Relief) {
	policy := b.PDB.Spec.UnhealthyPodEvictionPolicy
	if policy != nil && *policy == policyv1.AlwaysAllow {
		r.Refused = "its unhealthy pods may go already (unhealthyPodEvictionPolicy AlwaysAllow); the healthy ones are held until the others are mended"
		return
	}
	running := 0
	for _, pod := range b.Pods {
		if pod.Status.Phase == corev1.PodRunning && !cluster.IsServing(pod) {
			running++
		}
	}
	if running == 0 {
		r.Refused = fmt.Sprintf("the %d pod(s) that it holds are healthy: they are held until the others are mended", len(b.Pods))
		return
	}
	var before any
	if policy != nil {
		before = *policy
	}
	r.Steps = []Step{b.budgetStep(FieldEvictionPolicy, before, policyv1.AlwaysAllow)}
}
