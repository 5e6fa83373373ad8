// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package disruption judges disruption budgets and floors by the rules of the
// real disruption controller and the eviction API (pkg/controller/disruption
// and pkg/registry/core/pod/storage/eviction.go of Kubernetes).
package disruption

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Class says whether and why a budget stands in the way of an eviction.
type Class string

const (
	// Open allows an eviction now.
	Open Class = "Open"
	// PermanentBySpec can never allow one: maxUnavailable 0 or minAvailable 100 %.
	PermanentBySpec Class = "PermanentBySpec"
	// PermanentBySize asks for as many pods as its workloads have.
	PermanentBySize Class = "PermanentBySize"
	// Failed means that the controller cannot compute it.
	Failed Class = "Failed"
	// Unhealthy waits until its pods are healthy again.
	Unhealthy Class = "Unhealthy"
	// Several means that further budgets select the same pods: the eviction API
	// refuses those whatever the budgets say. It is a class of pods: Classify,
	// which judges one budget by itself, never answers it.
	Several Class = "Several"
	// Stale means that the controller has not judged its latest change yet.
	Stale Class = "Stale"
	// Transient allows nothing at the moment.
	Transient Class = "Transient"
)

// unseen is the cause of Stale.
const unseen = "the disruption controller has not seen its latest change yet"

// Verdict is the class of a budget and the cause in words.
type Verdict struct {
	Class Class
	Cause string
	// Later is true for a budget that allows evictions now, and none once an
	// autoscaler has scaled its workloads down.
	Later bool
}

// Classify judges a budget over the pods that it selects in s.
func Classify(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget) Verdict {
	pods := s.PodsOf(pdb)
	expected := expectedPods(s, pods)
	if expected == 0 {
		return Verdict{Class: Open}
	}
	if v, permanent := permanent(pdb, expected); permanent {
		return v
	}
	now := current(pdb, pods)
	if now.Class == Failed || now.Class == Stale {
		return now
	}
	if v, permanent := scaledDown(s, pdb, pods); permanent {
		v.Later = now.Class == Open
		return v
	}
	return now
}

// Room is how many pods a budget lets go at once when all of them are healthy.
func Room(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget) int {
	expected := expectedPods(s, s.PodsOf(pdb))
	return max(0, expected-wantedReady(pdb, expected))
}

// expectedPods is how many pods the disruption controller expects: the scale of the
// workloads behind the pods, each once (getExpectedScale in pkg/controller/disruption
// of Kubernetes). The pods that there are count only where nothing says how many there
// are to be: a rollout's pod more, Pending or not, opens no budget for good.
func expectedPods(s *cluster.Snapshot, pods []*corev1.Pod) int {
	now, _, _ := sizes(s, pods)
	return now
}

// permanent finds budgets that no waiting can open.
func permanent(pdb *policyv1.PodDisruptionBudget, expected int) (Verdict, bool) {
	if v := pdb.Spec.MaxUnavailable; v != nil && isZero(v) {
		return Verdict{Class: PermanentBySpec, Cause: fmt.Sprintf("maxUnavailable %s never allows an eviction", v)}, true
	}
	v := pdb.Spec.MinAvailable
	if v == nil {
		return Verdict{}, false
	}
	if v.Type == intstr.String && percent(v) >= 100 {
		return Verdict{Class: PermanentBySpec, Cause: fmt.Sprintf("minAvailable %s never allows an eviction", v)}, true
	}
	if wanted := wantedReady(pdb, expected); wanted >= expected {
		return Verdict{Class: PermanentBySize, Cause: fmt.Sprintf("%s of %d replica(s) never allows an eviction", minimum(v, wanted), expected)}, true
	}
	return Verdict{}, false
}

// minimum writes minAvailable and what it comes to.
func minimum(v *intstr.IntOrString, wanted int) string {
	if v.Type == intstr.String {
		return fmt.Sprintf("minAvailable %s (rounded up to %d)", v, wanted)
	}
	return fmt.Sprintf("minAvailable %s", v)
}

// current judges a budget that can open by its status.
func current(pdb *policyv1.PodDisruptionBudget, pods []*corev1.Pod) Verdict {
	status := pdb.Status
	if cause, failed := SyncFailure(pdb); failed {
		return Verdict{Class: Failed, Cause: cause}
	}
	if status.ObservedGeneration < pdb.Generation {
		return Verdict{Class: Stale, Cause: unseen}
	}
	if status.DisruptionsAllowed > 0 {
		return Verdict{Class: Open}
	}
	needs := fmt.Sprintf("needs %d healthy pods, has %d", status.DesiredHealthy, status.CurrentHealthy)
	for _, pod := range pods {
		if pod.DeletionTimestamp == nil && cluster.IsBroken(pod) {
			return Verdict{Class: Unhealthy, Cause: needs + "; " + cluster.PodObject(pod) + ": " + cluster.WhyNotReady(pod)}
		}
	}
	return Verdict{Class: Transient, Cause: needs}
}

// SyncFailure says why the controller cannot compute a budget. The numbers in
// its status are not to be trusted then.
func SyncFailure(pdb *policyv1.PodDisruptionBudget) (string, bool) {
	c := meta.FindStatusCondition(pdb.Status.Conditions, policyv1.DisruptionAllowedCondition)
	if c == nil || c.Status != metav1.ConditionFalse || c.Reason != policyv1.SyncFailedReason {
		return "", false
	}
	return "the disruption controller cannot compute it: " + c.Message, true
}

func isZero(v *intstr.IntOrString) bool {
	if v.Type == intstr.Int {
		return v.IntVal == 0
	}
	return percent(v) == 0
}

// percent returns the number in "30%"; a value that does not parse counts as
// 100, the safe side.
func percent(v *intstr.IntOrString) int {
	n, err := intstr.GetScaledValueFromIntOrPercent(v, 100, true)
	if err != nil {
		return 100
	}
	return n
}
