// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// maxNamed bounds how many nodes a message names.
const maxNamed = 5

// judgeDaemons looks for nodes without the pod of a DaemonSet that is for them.
func (j *judge) judgeDaemons() {
	for _, set := range j.Snapshot.DaemonSets() {
		ready := map[string]bool{}
		var pods []*subject
		if w := j.Snapshot.Workload(cluster.Ref{UID: set.UID}); w != nil {
			pods = j.members[w.Ref]
		}
		for _, s := range pods {
			if s.node != nil && cluster.IsServing(s.pod) {
				ready[s.node.Name] = true
			}
		}
		template := daemonPod(set)
		required := nodeaffinity.GetRequiredNodeAffinity(template)
		var missing []string
		for _, node := range j.Snapshot.Nodes {
			if !ready[node.Name] && runsOn(template, required, node) {
				missing = append(missing, node.Name)
			}
		}
		if len(missing) > 0 {
			j.blameDaemon(set, pods, missing)
		}
	}
}

// daemonPod is a pod of a DaemonSet with what its controller adds: it stays on
// nodes whatever their condition, and goes to cordoned ones.
func daemonPod(set *appsv1.DaemonSet) *corev1.Pod {
	pod := &corev1.Pod{Spec: set.Spec.Template.Spec}
	pod.Spec.Tolerations = slices.Clone(pod.Spec.Tolerations)
	tolerate := func(effect corev1.TaintEffect, keys ...string) {
		for _, key := range keys {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect})
		}
	}
	tolerate(corev1.TaintEffectNoExecute, corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable)
	tolerate(corev1.TaintEffectNoSchedule, corev1.TaintNodeDiskPressure, corev1.TaintNodeMemoryPressure,
		corev1.TaintNodePIDPressure, corev1.TaintNodeUnschedulable)
	if pod.Spec.HostNetwork {
		tolerate(corev1.TaintEffectNoSchedule, corev1.TaintNodeNetworkUnavailable)
	}
	return pod
}

// runsOn reports whether a DaemonSet is for a node.
func runsOn(template *corev1.Pod, required nodeaffinity.RequiredNodeAffinity, node *corev1.Node) bool {
	if name := template.Spec.NodeName; name != "" && name != node.Name {
		return false
	}
	matches, err := required.Match(node)
	return err == nil && matches && untolerated(template, node, keepsOut) == ""
}

// blameDaemon makes one finding for all nodes that a DaemonSet misses. The place of
// its pods is right all the same, unless they have none.
func (j *judge) blameDaemon(set *appsv1.DaemonSet, pods []*subject, missing []string) {
	object := "daemonset/" + set.Namespace + "/" + set.Name
	why := ""
	for _, s := range pods {
		if s.node == nil {
			s.out.Codes = append(s.out.Codes, string(finding.DaemonMissing))
		}
		if why == "" && (s.node == nil || slices.Contains(missing, s.node.Name)) {
			why = "; " + s.pod.Name + ": " + cluster.WhyNotReady(s.pod)
		}
	}
	j.findings = append(j.findings, finding.New(finding.DaemonMissing, object,
		fmt.Sprintf("no Ready pod on %d of the nodes where it should run: %s%s", len(missing), someOf(missing), why),
		fmt.Sprintf("kubectl describe daemonset -n %s %s", set.Namespace, set.Name)))
}

// someOf lists names, but not too many.
func someOf(names []string) string {
	if len(names) <= maxNamed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), len(names)-maxNamed)
}
