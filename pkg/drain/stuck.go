// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// stuck names a pod that does not end: since when, by whom, on what kind of node,
// and what holds it.
func stuck(m *member, s *cluster.Snapshot, now time.Time) v1alpha1.Finding {
	since := now.Sub(m.leftAt).Round(time.Second)
	message := fmt.Sprintf("evicted %s ago", since)
	switch m.took {
	case leftBefore:
		message = "on its way out already when the drain began"
	case leftMeanwhile:
		message = fmt.Sprintf("deleted by somebody else %s ago", since)
	case stayed, evicted:
	}
	message += " and still terminating on " + m.Pod.Spec.NodeName + nodeState(s, m.Pod.Spec.NodeName)
	if len(m.Pod.Finalizers) > 0 {
		message += "; held by finalizers " + strings.Join(m.Pod.Finalizers, ", ")
	}
	return finding.New(finding.PodStuckTerminating, cluster.PodObject(m.Pod), message, endRemedy(s, m.Pod))
}

// endRemedy is what lets a pod end. One whose containers have ended, or whose node is
// gone, waits for its finalizers alone. The control plane removes the pods of a node
// that is gone after about a minute (PodGC), and of one that is off only once it is told
// so: whether it is nobody else can know.
func endRemedy(s *cluster.Snapshot, pod *corev1.Pod) string {
	node := s.Node(pod.Spec.NodeName)
	switch {
	case len(pod.Finalizers) > 0 && (node == nil || cluster.IsFinished(pod)):
		return "kubectl get pod -n " + pod.Namespace + " " + pod.Name + " -o jsonpath='{.metadata.finalizers}' # what set them is to take them off; then run the same command again"
	case node == nil:
		return "kubectl wait -n " + pod.Namespace + " --for=delete pod/" + pod.Name + " --timeout=2m # the control plane removes it; then run the same command again"
	case !cluster.IsNodeReady(node):
		return "kubectl describe node " + node.Name + " # bring it back; where its machine is off for good: kubectl delete node " + node.Name
	}
	return "kubectl describe pod -n " + pod.Namespace + " " + pod.Name
}

// nodeState says of a node what keeps its pods from ending; empty when nothing does.
func nodeState(s *cluster.Snapshot, name string) string {
	switch node := s.Node(name); {
	case node == nil:
		return ", a node that does not exist any more"
	case !cluster.IsNodeReady(node):
		return ", which is not Ready: its kubelet cannot confirm that the pod ended"
	}
	return ""
}

// mayTake tells of a pod's grace period where that is longer than a pod is waited for
// otherwise; empty where it is not.
func (e *Engine) mayTake(m *member) string {
	if m.grace() <= e.plan.options.PodTimeout {
		return ""
	}
	return fmt.Sprintf(", which may take %s (its grace period)", m.grace())
}
