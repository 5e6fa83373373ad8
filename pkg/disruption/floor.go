// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// FromBudget begins Floor.From where a budget asks for it; its name follows.
const FromBudget = "pdb/"

// Floor is the number of Ready replicas below which a workload is never taken,
// and where that number comes from.
type Floor struct {
	Ready int
	From  string
	// Quorum is the majority that the profile demands, 0 where it demands none: with
	// fewer Ready members, one that is not Ready may be the one with the data.
	Quorum int
}

// FloorOf returns the floor of a workload: the strictest of the profile, its
// disruption budgets (those that select this workload), and what its update
// strategy tolerates. maxUnavailable, when not nil, is the operator's word in
// place of the update strategy for a workload without a budget. A workload
// with one replica, and a task, have no floor. Where two ask for the same number
// the more telling one is named: the profile, then the budget.
func FloorOf(w *cluster.Workload, known *profile.Workload, pdbs []*policyv1.PodDisruptionBudget, maxUnavailable *intstr.IntOrString) Floor {
	switch {
	case w.IsTask():
		return Floor{From: "none"}
	case w.Replicas == 0:
		return Floor{From: "no replicas"}
	case w.Replicas == 1:
		// Its budget may hold it all the same; that is the budget's part.
		return Floor{From: "single replica"}
	}
	floor := Floor{Ready: w.Replicas - tolerated(w), From: "update strategy"}
	if maxUnavailable != nil && len(pdbs) == 0 {
		floor = Floor{Ready: w.Replicas - allowed(maxUnavailable, w.Replicas), From: "--max-unavailable"}
	}
	for _, pdb := range pdbs {
		if wanted := wantedReady(pdb, w.Replicas); wanted >= floor.Ready {
			floor = Floor{Ready: wanted, From: FromBudget + pdb.Name}
		}
	}
	if known != nil && known.Floor.Of(w.Replicas) >= floor.Ready && known.Floor != (profile.Floor{}) {
		floor = Floor{Ready: known.Floor.Of(w.Replicas), From: "profile"}
	}
	if known != nil && known.Floor.IsMajority() {
		floor.Quorum = known.Floor.Of(w.Replicas)
	}
	return floor
}

// tolerated is how many replicas the workload's own update strategy takes away
// at once: a Deployment's rollingUpdate.maxUnavailable (25 % unless set, rounded
// down as the deployment controller does), at least 1; every other kind 1.
func tolerated(w *cluster.Workload) int {
	if w.Kind != cluster.KindDeployment {
		return 1
	}
	value := intstr.FromString("25%")
	if w.MaxUnavailable != nil {
		value = *w.MaxUnavailable
	}
	return max(1, scaled(&value, w.Replicas))
}

// allowed is how many replicas the operator lets go at once. A percentage that
// rounds down to none means one, as for a Deployment: 25 % of 3 would otherwise
// refuse every drain. Only 0 means none.
func allowed(value *intstr.IntOrString, replicas int) int {
	if isZero(value) {
		return 0
	}
	return max(1, scaled(value, replicas))
}

// scaled turns a number or a percentage (rounded down) into replicas, never
// more than there are.
func scaled(value *intstr.IntOrString, replicas int) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(value, replicas, false)
	if err != nil {
		return 0 // a value that does not parse tolerates nothing
	}
	return min(max(n, 0), replicas)
}

// wantedReady is the number of healthy pods that a budget asks for when it
// selects exactly the pods of a workload with the given number of replicas.
// Both percentages round up (pkg/controller/disruption of Kubernetes).
func wantedReady(pdb *policyv1.PodDisruptionBudget, replicas int) int {
	switch {
	case pdb.Spec.MaxUnavailable != nil:
		n, err := intstr.GetScaledValueFromIntOrPercent(pdb.Spec.MaxUnavailable, replicas, true)
		if err != nil {
			return replicas
		}
		return max(0, replicas-n)
	case pdb.Spec.MinAvailable != nil:
		n, err := intstr.GetScaledValueFromIntOrPercent(pdb.Spec.MinAvailable, replicas, true)
		if err != nil {
			return replicas
		}
		return n
	}
	return 0
}
