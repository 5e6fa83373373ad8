// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// scaledDown finds a budget that never opens at the size down to which an
// autoscaler may scale its workloads.
func scaledDown(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget, pods []*corev1.Pod) (Verdict, bool) {
	_, size, hpa := sizes(s, pods)
	if hpa == nil || size == 0 {
		return Verdict{}, false
	}
	v, blocks := permanent(pdb, size)
	if blocks {
		v.Cause = fmt.Sprintf("%s at the size of %d to which %s may scale down", v.Cause, size, hpaObject(hpa))
	}
	return v, blocks
}

// sizes are the number of replicas that the workloads behind the pods have now (a
// rollout's extra pods do not count) and when their autoscalers have scaled them
// down as far as they may, and one of these autoscalers; nil where there is none.
func sizes(s *cluster.Snapshot, pods []*corev1.Pod) (now, lowest int, scaler *autoscalingv2.HorizontalPodAutoscaler) {
	seen := map[cluster.Ref]bool{}
	for _, pod := range pods {
		ref, owned := s.Owner(pod)
		w := s.Workload(ref)
		switch {
		case !owned && pod.DeletionTimestamp != nil: // nothing comes after it
		case !owned:
			now, lowest = now+1, lowest+1
		case w == nil || seen[ref]:
		default:
			seen[ref] = true
			n := w.Replicas
			if hpa := s.HPAOf(ref); hpa != nil && cluster.MinReplicas(hpa) <= n {
				n, scaler = cluster.MinReplicas(hpa), hpa
			}
			now, lowest = now+w.Replicas, lowest+n
		}
	}
	return now, lowest, scaler
}

// roomAt is how many pods a budget lets go at once when it expects so many and
// all of them are healthy.
func roomAt(pdb *policyv1.PodDisruptionBudget, expected int) int {
	return expected - wantedReady(pdb, expected)
}

func hpaObject(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	return "horizontalpodautoscaler/" + hpa.Namespace + "/" + hpa.Name
}
