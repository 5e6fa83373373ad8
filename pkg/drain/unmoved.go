// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"

// unmoved writes into a result what there is when a drain ended before the first
// eviction: every pod is where it was.
func (p *Plan) unmoved(result *v1alpha1.DrainResult) {
	for _, t := range p.Targets {
		result.Pods = append(result.Pods, v1alpha1.MovedPod{PodRef: podRef(t), State: stateWaiting})
	}
	for _, m := range p.Members {
		w := m.Workload
		result.Workloads = append(result.Workloads, v1alpha1.DrainedWorkload{
			Kind: w.Kind, Namespace: w.Namespace, Name: w.Name, Replicas: w.Replicas, Floor: m.Floor.Ready,
			ReadyBefore: w.Ready(), LowestReady: w.Ready(), ReadyAfter: w.Ready(),
		})
	}
}
