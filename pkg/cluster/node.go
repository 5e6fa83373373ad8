// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"
	nodeutil "k8s.io/component-helpers/node/util"
)

// Zone returns the zone of a node; older labels count too.
func Zone(node *corev1.Node) string {
	for _, key := range zoneLabels() {
		if zone := node.Labels[key]; zone != "" {
			return zone
		}
	}
	return ""
}

// zoneLabels are those of nodes and volumes, the newer one first.
func zoneLabels() []string {
	return []string{corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone}
}

// IsNodeReady reports whether the node's Ready condition is True.
func IsNodeReady(node *corev1.Node) bool {
	_, c := nodeutil.GetNodeCondition(&node.Status, corev1.NodeReady)
	return c != nil && c.Status == corev1.ConditionTrue
}
