// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"cmp"
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// surge runs one replica more of one of the workloads: that is enough for the
// budget over all of them.
func (b *Blocker) surge(s *cluster.Snapshot, r *Relief) {
	if r.Refused = b.whyNoSurge(s); r.Refused != "" {
		return
	}
	for _, w := range b.Workloads {
		refused, remedy := b.whyNotOneMore(s, w)
		if refused == "" {
			r.Refused, r.Remedy = "", ""
			r.Steps = []Step{replicasStep(w, w.Replicas+1)}
			return
		}
		if r.Refused == "" {
			r.Refused, r.Remedy = refused, remedy
		}
	}
	if len(b.Workloads) == 0 {
		r.Refused = "its pods have no workload that could be scaled"
	}
}

// whyNoSurge says why one replica more opens the budget for no workload.
func (b *Blocker) whyNoSurge(s *cluster.Snapshot) string {
	switch b.Class {
	case Several:
		return "the eviction API refuses a pod with several budgets, however many replicas there are"
	case Failed:
		return "the disruption controller cannot compute the budget, however many replicas there are"
	case Unhealthy:
		return "its pods are not healthy: one more would not be either"
	case Open, PermanentBySpec, PermanentBySize, Stale, Transient:
	}
	pods := s.PodsOf(b.PDB)
	expected, _, _ := sizes(s, pods)
	room := roomAt(b.PDB, expected+1)
	if v := b.PDB.Spec.MaxUnavailable; room <= 0 && v != nil {
		return fmt.Sprintf("maxUnavailable %s allows nothing, however many replicas there are", v)
	}
	if room <= 0 {
		return fmt.Sprintf("%s of %d replicas would allow nothing either", minimum(b.PDB.Spec.MinAvailable, wantedReady(b.PDB, expected+1)), expected+1)
	}
	return whyTooSick(pods, expected, room)
}

// whyTooSick says that a budget with room for so many pods has none left by those that
// are broken; empty when it has. A broken pod beyond those that are expected, as that of
// a rollout that does not come up, takes nothing away.
func whyTooSick(pods []*corev1.Pod, expected, room int) string {
	var first *corev1.Pod
	broken, sound := 0, 0
	for _, pod := range pods {
		switch {
		case pod.DeletionTimestamp != nil:
		case !cluster.IsBroken(pod):
			sound++
		default:
			if broken++; first == nil {
				first = pod
			}
		}
	}
	if min(broken, expected-sound) < room {
		return ""
	}
	return fmt.Sprintf("%s is not healthy (%s): the budget would allow nothing even then", cluster.PodObject(first), cluster.WhyNotReady(first))
}

// whyNotOneMore says why one replica more of a workload cannot run, or does not
// stay; empty when it can.
func (b *Blocker) whyNotOneMore(s *cluster.Snapshot, w *cluster.Workload) (refused, remedy string) {
	if refused = whyNotScaled(w); refused != "" {
		return refused, ""
	}
	if hpa := s.HPAOf(w.Ref); hpa != nil {
		return whyScaledBack(hpa, w)
	}
	if w.HasClaims {
		return w.String() + " has a volume of its own for each replica: one more would start with an empty one, which stays behind", ""
	}
	pod := template(w)
	if pod == nil {
		return w.String() + " has no pod to judge by", ""
	}
	if claim := claimOf(pod); claim != "" {
		return fmt.Sprintf("the pods of %s share persistentvolumeclaim/%s: one more could not mount it on another node, or would write to it at the same time", w, claim), ""
	}
	if port := hostPort(pod); port != 0 {
		return fmt.Sprintf("the pods of %s take port %d of their node", w, port), ""
	}
	return b.noPlaceFor(s, pod), ""
}

// whyScaledBack says that an autoscaler decides how many replicas there are.
func whyScaledBack(hpa *autoscalingv2.HorizontalPodAutoscaler, w *cluster.Workload) (refused, remedy string) {
	scaler := hpaObject(hpa)
	if object := scaledObject(hpa); object != "" {
		scaler = "scaledobject/" + hpa.Namespace + "/" + object + " (KEDA)"
	}
	return scaler + " scales it and would take one more replica away", keepAt(hpa, w.Replicas+1)
}

// keepAt is the command that keeps an autoscaler from scaling below a size.
func keepAt(hpa *autoscalingv2.HorizontalPodAutoscaler, replicas int) string {
	if object := scaledObject(hpa); object != "" {
		return fmt.Sprintf("kubectl annotate scaledobjects.keda.sh -n %s %s autoscaling.keda.sh/paused-replicas=%d # after the upgrade: autoscaling.keda.sh/paused-replicas-", hpa.Namespace, object, replicas)
	}
	return fmt.Sprintf("kubectl patch hpa -n %s %s --type=merge -p '{\"spec\":{\"minReplicas\":%d}}' # after the upgrade: %d", hpa.Namespace, hpa.Name, replicas, cluster.MinReplicas(hpa))
}

// template is a pod that says what another one of the workload needs: templates
// are not kept. The newest is nearest to it; of those of one second, one that has no
// node yet, then by name: every command has to say the same.
func template(w *cluster.Workload) *corev1.Pod {
	if len(w.Pods) == 0 {
		return nil
	}
	placed := func(pod *corev1.Pod) int { return min(1, len(pod.Spec.NodeName)) }
	return slices.MinFunc(w.Pods, func(a, b *corev1.Pod) int {
		return cmp.Or(
			b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
			placed(a)-placed(b),
			cmp.Compare(b.Name, a.Name),
		)
	})
}

// claimOf is the first volume claim of a pod, or empty. A generic ephemeral
// volume is made for each pod and is no hindrance.
func claimOf(pod *corev1.Pod) string {
	for i := range pod.Spec.Volumes {
		if claim := pod.Spec.Volumes[i].PersistentVolumeClaim; claim != nil {
			return claim.ClaimName
		}
	}
	return ""
}

// hostPort is the first port of the node that a pod takes, or 0. With
// hostNetwork the API server fills it in.
func hostPort(pod *corev1.Pod) int32 {
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			for _, port := range containers[i].Ports {
				if port.HostPort != 0 {
					return port.HostPort
				}
			}
		}
	}
	return 0
}
