// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// maxDeleted bounds the finished pods that a remedy deletes by name.
const maxDeleted = 10

// culprits are the pods under a budget whose owner has no scale, for which the
// disruption controller computes nothing for all the others either. It asks for the
// owners of finished pods, too.
type culprits struct {
	finished, running []*corev1.Pod
}

func culpritsOf(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget) culprits {
	var found culprits
	for _, pod := range s.Pods() {
		selects := pod.Namespace == pdb.Namespace && slices.ContainsFunc(s.PDBsOf(pod), func(other *policyv1.PodDisruptionBudget) bool { return other.Name == pdb.Name })
		switch {
		case !selects || !hasNoScale(pod):
		case cluster.IsFinished(pod):
			found.finished = append(found.finished, pod)
		default:
			found.running = append(found.running, pod)
		}
	}
	return found
}

// hasNoScale reports whether a pod belongs to a Job or a DaemonSet: of the owners that
// Kubernetes itself has, these have no scale. Others say so by themselves only.
func hasNoScale(pod *corev1.Pod) bool {
	owner, owned := cluster.ControllerOf(pod)
	return owned && (owner.Kind == cluster.KindJob || owner.Kind == cluster.KindDaemonSet)
}

// cause names the first of them.
func (c culprits) cause() string {
	all := slices.Concat(c.finished, c.running)
	if len(all) == 0 {
		return ""
	}
	text := fmt.Sprintf("; it selects %s too (%s), whose owner %s has no scale", cluster.PodObject(all[0]), all[0].Status.Phase, ownerName(all[0]))
	if len(all) > 1 {
		text += fmt.Sprintf(", and %d more like it", len(all)-1)
	}
	return text
}

// remedy frees the budget without touching what works: finished pods are deleted where
// they are all that is wrong. Else its selector has to leave them out. It is empty
// where there are none.
func (c culprits) remedy(pdb *policyv1.PodDisruptionBudget) string {
	if n := len(c.finished); n > 0 && n <= maxDeleted && len(c.running) == 0 {
		names := make([]string, 0, n)
		for _, pod := range c.finished {
			names = append(names, pod.Name)
		}
		return "kubectl delete pod -n " + pdb.Namespace + " " + strings.Join(names, " ") + " # finished; or have the budget's selector leave out " + ownerName(c.finished[0])
	}
	if all := slices.Concat(c.running, c.finished); len(all) > 0 {
		return "kubectl edit pdb -n " + pdb.Namespace + " " + pdb.Name + " # have its selector leave out " + ownerName(all[0])
	}
	return ""
}

// ownerName names the controller of a pod that has one.
func ownerName(pod *corev1.Pod) string {
	owner, _ := cluster.ControllerOf(pod)
	return owner.String()
}
