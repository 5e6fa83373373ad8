// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relocate

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// keepOffs are the pods that keep the replacement of a pod off every node where
// it does not belong: one for each pool of which it may use nothing, and one for
// each single node besides.
func keepOffs(m placement.Misplaced, s *cluster.Snapshot, pools []pool.Pool, namespace, run string, from int) ([]relief.KeepOff, error) {
	labels, err := identity(m)
	if err != nil {
		return nil, err
	}
	var all []relief.KeepOff
	add := func(node *corev1.Node, key string) {
		all = append(all, relief.KeepOff{
			Namespace: namespace, Name: fmt.Sprintf("vantiq-upgrade-keep-off-%s-%d", run, from+len(all)),
			Node: node.Name, TopologyKey: key, OffNamespace: m.Pod.Namespace, OffLabels: labels,
		})
	}
	for _, p := range pools {
		forbidden := slices.DeleteFunc(slices.Clone(p.Nodes), func(n *corev1.Node) bool { return slices.Contains(m.Homes, n.Name) })
		switch {
		case len(forbidden) == 0:
		case len(forbidden) == len(p.Nodes) && p.Label() != "":
			add(standing(s, forbidden), p.Label())
		default:
			for _, node := range forbidden {
				add(node, corev1.LabelHostname)
			}
		}
	}
	return all, nil
}

// identity are the labels that the replacement of a pod has, and as few others
// as possible: a member of a StatefulSet by its own name, else the pods of one
// version of a workload.
func identity(m placement.Misplaced) (map[string]string, error) {
	for _, key := range []string{appsv1.StatefulSetPodNameLabel, appsv1.DefaultDeploymentUniqueLabelKey} {
		if value := m.Pod.Labels[key]; value != "" {
			return map[string]string{key: value}, nil
		}
	}
	return nil, fmt.Errorf("%s: its replacement cannot be told from other pods by a label (%s or %s)",
		cluster.PodObject(m.Pod), appsv1.StatefulSetPodNameLabel, appsv1.DefaultDeploymentUniqueLabelKey)
}

// standing chooses the node of a pool where a keep-off pod stands: a Ready one
// with the fewest pods, since a kubelet refuses more than it may have, and a pod
// that was refused keeps nothing off.
func standing(s *cluster.Snapshot, nodes []*corev1.Node) *corev1.Node {
	best := nodes[0]
	cost := func(n *corev1.Node) int {
		pods := len(s.PodsOn(n.Name))
		if !cluster.IsNodeReady(n) {
			pods += 1000
		}
		return pods
	}
	for _, node := range nodes[1:] {
		if cost(node) < cost(best) {
			best = node
		}
	}
	return best
}
