// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/utils/ptr"
)

// scaled names what an autoscaler scales. Its version is left out: a Deployment is
// the same one in every version that the API server ever had.
type scaled struct {
	kind            Kind
	namespace, name string
}

// WithHPAs returns the Snapshot with what is known of autoscalers. Where several
// scale one workload the first by name is kept; the controller scales none of
// those.
func (s *Snapshot) WithHPAs(hpas []*autoscalingv2.HorizontalPodAutoscaler) *Snapshot {
	other := *s
	other.scalers = make(map[scaled]*autoscalingv2.HorizontalPodAutoscaler, len(hpas))
	for _, hpa := range sorted(hpas) {
		ref := hpa.Spec.ScaleTargetRef
		target := scaled{KindOf(ref.APIVersion, ref.Kind), hpa.Namespace, ref.Name}
		if other.scalers[target] == nil {
			other.scalers[target] = hpa
		}
	}
	return &other
}

// HPAOf returns the autoscaler that scales a workload, or nil. A Snapshot that
// was given none knows none.
func (s *Snapshot) HPAOf(ref Ref) *autoscalingv2.HorizontalPodAutoscaler {
	return s.scalers[scaled{ref.Kind, ref.Namespace, ref.Name}]
}

// MinReplicas is the number down to which an autoscaler may scale; the API
// server defaults it to 1.
func MinReplicas(hpa *autoscalingv2.HorizontalPodAutoscaler) int {
	return int(ptr.Deref(hpa.Spec.MinReplicas, 1))
}
