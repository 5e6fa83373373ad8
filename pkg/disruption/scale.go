// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// kindScaledObject is that of KEDA's objects, which own the autoscalers made for
// them.
const kindScaledObject cluster.Kind = "ScaledObject.keda.sh"

// scaleToZero stops every workload that the budget holds.
func (b *Blocker) scaleToZero(s *cluster.Snapshot, terms Terms, r *Relief) {
	if pod := b.unmanaged(); pod != nil {
		r.Refused = cluster.PodObject(pod) + " has no controller that could be scaled"
		return
	}
	for _, w := range b.Workloads {
		if r.Refused, r.Remedy = whyNotToZero(s, w, terms); r.Refused != "" {
			return
		}
		r.Steps = append(r.Steps, replicasStep(w, 0))
	}
}

// unmanaged returns a pod that nothing creates again, or nil.
func (b *Blocker) unmanaged() *corev1.Pod {
	for _, pod := range b.Pods {
		if _, owned := cluster.ControllerOf(pod); !owned {
			return pod
		}
	}
	return nil
}

// whyNotToZero says why a workload is not scaled to zero; empty when it is.
func whyNotToZero(s *cluster.Snapshot, w *cluster.Workload, terms Terms) (refused, remedy string) {
	if refused = whyNotScaled(w); refused != "" {
		return refused, ""
	}
	if needed := whyNeeded(w, terms.Profile); needed != "" && !terms.Named {
		return needed + "; it is stopped only when it is named", ""
	}
	return whyWokenUp(s.HPAOf(w.Ref))
}

// whyNotScaled says why a workload has no replicas that we can change.
func whyNotScaled(w *cluster.Workload) string {
	switch {
	case w.Kind != cluster.KindDeployment && w.Kind != cluster.KindStatefulSet:
		return fmt.Sprintf("%s is no Deployment or StatefulSet of apps/v1: only those are scaled", w)
	case !w.Scaled:
		return w.String() + " does not exist any more; its pods are left over"
	case w.Replicas == 0:
		return w.String() + " has 0 replicas already: its pods are about to go"
	}
	return ""
}

// whyNeeded says why a workload must not stop, by the profile: it has a floor, or
// others depend on it.
func whyNeeded(w *cluster.Workload, known *profile.View) string {
	if known == nil {
		return ""
	}
	object := ObjectOf(w.Ref)
	if e := known.Lookup(object); e != nil && e.Floor.Of(w.Replicas) > 0 {
		return fmt.Sprintf("%s must keep %d of %d replicas by the profile (%s)", w, e.Floor.Of(w.Replicas), w.Replicas, e.Floor)
	}
	if users := known.DependentsOf(object); len(users) > 0 {
		return fmt.Sprintf("%s/%s/%s depends on %s by the profile", strings.ToLower(users[0].Kind), users[0].Namespace, users[0].Name, w)
	}
	return ""
}

// whyWokenUp says which autoscaler would scale a workload up from zero. A
// HorizontalPodAutoscaler does not, unless it was the one that scaled it down:
// its controller is disabled while there are 0 replicas ("ScalingDisabled" in
// pkg/controller/podautoscaler/horizontal.go of Kubernetes). KEDA scales to
// zero and back by itself.
func whyWokenUp(hpa *autoscalingv2.HorizontalPodAutoscaler) (refused, remedy string) {
	if hpa == nil {
		return "", ""
	}
	if object := scaledObject(hpa); object != "" {
		return fmt.Sprintf("scaledobject/%s/%s (KEDA) would scale it up again", hpa.Namespace, object),
			keepAt(hpa, 0)
	}
	if hasScaledToZero(hpa) {
		return hpaObject(hpa) + " scaled it to zero before, and would scale it up again",
			fmt.Sprintf("kubectl patch hpa -n %s %s --type=merge -p '{\"spec\":{\"minReplicas\":%d}}' # and scale by hand", hpa.Namespace, hpa.Name, max(1, cluster.MinReplicas(hpa)))
	}
	return "", ""
}

// scaledObject is the name of KEDA's object behind an autoscaler, or empty.
func scaledObject(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	if c, owned := cluster.ControllerOf(hpa); owned && c.Kind == kindScaledObject {
		return c.Name
	}
	// Where the reference was taken away the label tells.
	return hpa.Labels["scaledobject.keda.sh/name"]
}

// hasScaledToZero reports whether the controller itself scaled the workload to
// zero last: then it watches its metrics there, too.
func hasScaledToZero(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	return slices.ContainsFunc(hpa.Status.Conditions, func(c autoscalingv2.HorizontalPodAutoscalerCondition) bool {
		return c.Type == autoscalingv2.ScaledToZero && c.Status == corev1.ConditionTrue
	})
}
