// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Budgets is the local account of what disruption budgets allow: their status
// less the evictions that were sent and that the status does not show yet. It
// keeps the number of refused evictions (429) near zero.
type Budgets struct {
	spent map[types.UID]map[string]spending
}

// spending is one eviction that a budget has not shown yet.
type spending struct {
	// version of the budget when the eviction was sent.
	version string
	pod     types.UID
}

// NewBudgets returns an empty account.
func NewBudgets() *Budgets {
	return &Budgets{spent: map[types.UID]map[string]spending{}}
}

// Allows reports whether the eviction API would let a pod go under pdb now, and
// if not what the budget needs.
func (b *Budgets) Allows(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) (bool, string) {
	if GoesFree(pdb, pod) {
		return true, ""
	}
	if pdb.Status.ObservedGeneration < pdb.Generation {
		return false, unseen
	}
	if int(pdb.Status.DisruptionsAllowed)-len(b.spent[pdb.UID]) > 0 {
		return true, ""
	}
	if cause, failed := SyncFailure(pdb); failed {
		return false, "allows nothing: " + cause
	}
	return false, fmt.Sprintf("needs %d healthy pods, has %d", pdb.Status.DesiredHealthy, pdb.Status.CurrentHealthy-int32(len(b.spent[pdb.UID])))
}

// Spend books the eviction of pod under pdb, unless it costs the budget nothing.
func (b *Budgets) Spend(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) {
	if GoesFree(pdb, pod) {
		return
	}
	if b.spent[pdb.UID] == nil {
		b.spent[pdb.UID] = map[string]spending{}
	}
	b.spent[pdb.UID][pod.Name] = spending{version: pdb.ResourceVersion, pod: pod.UID}
}

// Refund takes back the booking of an eviction that was not accepted.
func (b *Budgets) Refund(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) {
	delete(b.spent[pdb.UID], pod.Name)
}

// Observe drops the bookings that the budgets in s show by now. The API server
// lists an evicted pod in disruptedPods before it deletes the pod; the
// controller takes it from there once the pod is going, with a new status. A
// budget of the version that was spent from shows nothing yet, even where it
// lists the pod: that is an earlier eviction which deleted nothing. Only where
// it counts no more healthy pods than there are, the pod that goes is not among
// them: it was asked for when the status had it already, the watch of the pods
// being late.
func (b *Budgets) Observe(s *cluster.Snapshot) {
	for _, pdb := range s.PDBs {
		for name, spent := range b.spent[pdb.UID] {
			_, listed := pdb.Status.DisruptedPods[name]
			pod := s.Pod(pdb.Namespace, name)
			going := pod == nil || pod.UID != spent.pod || pod.DeletionTimestamp != nil
			fresh := pdb.ResourceVersion != spent.version
			if fresh && (listed || going) || going && int(pdb.Status.CurrentHealthy) <= healthy(s, pdb) {
				delete(b.spent[pdb.UID], name)
			}
		}
	}
}

// healthy counts the pods that a budget should count as healthy.
func healthy(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget) int {
	n := 0
	for _, pod := range s.PodsOf(pdb) {
		if cluster.IsServing(pod) {
			n++
		}
	}
	return n
}

// IgnoresBudget reports whether the eviction API skips the budgets for a pod:
// it has ended, has not started, or is on its way out.
func IgnoresBudget(pod *corev1.Pod) bool {
	return cluster.IsFinished(pod) || pod.Status.Phase == corev1.PodPending || pod.DeletionTimestamp != nil
}

// GoesFree reports whether the eviction API lets a pod go without counting it
// under pdb, as things are now.
func GoesFree(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) bool {
	return IgnoresBudget(pod) || isFree(pdb, pod)
}

// isFree is the rule for running pods that are not Ready: they count towards no
// budget, but go only where the policy lets them or the others are enough.
func isFree(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) bool {
	if cluster.IsServing(pod) {
		return false
	}
	if p := pdb.Spec.UnhealthyPodEvictionPolicy; p != nil && *p == policyv1.AlwaysAllow {
		return true
	}
	return pdb.Status.DesiredHealthy > 0 && pdb.Status.CurrentHealthy >= pdb.Status.DesiredHealthy
}
