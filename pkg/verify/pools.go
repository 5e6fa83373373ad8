// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// maxLabels bounds the labels that a message names.
const maxLabels = 5

// pools compares the pools: nodes come and go with an upgrade, so what is compared
// is what the nodes of a pool have in common.
func (j *judge) pools() (string, bool) {
	before, now := byPool(j.Baseline.Nodes), byPool(j.Now.Nodes)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		j.comparePool(name, before[name], now[name])
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if before[name] == nil {
			j.differ(v1alpha1.DifferenceNodes, "pool/"+nameOf(name), "nodes", "", strconv.Itoa(len(now[name])), "")
		}
	}
	j.comparePlaces()
	return fmt.Sprintf("%s, %s", counted(len(now), "pool"), counted(len(j.Now.Nodes), "node")), false
}

func byPool(nodes []v1alpha1.NodeRecord) map[string][]*v1alpha1.NodeRecord {
	pools := map[string][]*v1alpha1.NodeRecord{}
	for i := range nodes {
		pools[nodes[i].Pool] = append(pools[nodes[i].Pool], &nodes[i])
	}
	return pools
}

func (j *judge) comparePool(name string, before, now []*v1alpha1.NodeRecord) {
	object := "pool/" + nameOf(name)
	if len(now) != len(before) {
		code := finding.Code("")
		if len(now) < len(before) {
			code = finding.PoolShrunk
			j.add(code, object, fmt.Sprintf("nodes: %d → %d", len(before), len(now)), "scale the pool back in the cloud")
		}
		j.differ(v1alpha1.DifferenceNodes, object, "nodes", strconv.Itoa(len(before)), strconv.Itoa(len(now)), code)
	}
	if len(now) == 0 {
		return
	}
	zone := func(n *v1alpha1.NodeRecord) string { return n.Zone }
	if lost := missing(values(before, zone), values(now, zone)); len(lost) > 0 {
		j.add(finding.PoolShrunk, object, "no node is in "+strings.Join(lost, ", ")+" any more", "scale the pool in the cloud so that it spans its zones")
		j.differ(v1alpha1.DifferenceNodes, object, "zones", strings.Join(values(before, zone), ", "), strings.Join(values(now, zone), ", "), finding.PoolShrunk)
	}
	for _, field := range []struct {
		name string
		of   func(*v1alpha1.NodeRecord) string
	}{
		{"kubelet", func(n *v1alpha1.NodeRecord) string { return n.Kubelet }},
		{"runtime", func(n *v1alpha1.NodeRecord) string { return n.Runtime }},
		{"OS", func(n *v1alpha1.NodeRecord) string { return n.OS }},
	} {
		was, is := strings.Join(values(before, field.of), ", "), strings.Join(values(now, field.of), ", ")
		if was != is {
			j.differ(v1alpha1.DifferenceNodes, object, field.name, was, is, "")
		}
	}
	j.compareLabels(object, common(before), now)
}

// compareLabels looks for labels that all nodes of a pool had. Versions of the
// image and the like change with the nodes.
func (j *judge) compareLabels(object string, before map[string]string, nodes []*v1alpha1.NodeRecord) {
	var lost []string
	now := common(nodes)
	for _, key := range slices.Sorted(maps.Keys(before)) {
		is, kept := now[key]
		switch {
		case !kept && !ofTheCloud(key):
			lost = append(lost, key+"="+before[key])
			j.differ(v1alpha1.DifferenceNodes, object, "label "+key, before[key], "", finding.PoolLabelsLost)
		case kept && is != before[key] && !ofTheCloud(key):
			lost = append(lost, key+"="+before[key])
			j.differ(v1alpha1.DifferenceNodes, object, "label "+key, before[key], is, finding.PoolLabelsLost)
		}
	}
	if len(lost) == 0 {
		return
	}
	more := ""
	if len(lost) > maxLabels {
		more = fmt.Sprintf(" and %d more", len(lost)-maxLabels)
	}
	without := nodesWithout(nodes, lost[0])
	j.add(finding.PoolLabelsLost, object, fmt.Sprintf("not every node has %s%s any more; without %s: %s of %d, such as %s",
		strings.Join(lost[:min(len(lost), maxLabels)], ", "), more, lost[0], strconv.Itoa(len(without)), len(nodes), without[0]),
		"set the label on the pool in the cloud; until then kubectl label --overwrite node "+without[0]+" "+lost[0])
}

// nodesWithout are the names of the nodes that lack a label, KEY=VALUE.
func nodesWithout(nodes []*v1alpha1.NodeRecord, label string) []string {
	key, value, _ := strings.Cut(label, "=")
	var names []string
	for _, node := range nodes {
		if is, has := node.Labels[key]; !has || is != value {
			names = append(names, node.Name)
		}
	}
	return names
}

// ofTheCloud reports whether a label is set by the kubelet or the cloud, and says
// what kind of machine a node is.
func ofTheCloud(key string) bool {
	domain, _, qualified := strings.Cut(key, "/")
	if !qualified {
		return false
	}
	for _, known := range []string{"kubernetes.io", "k8s.io", "kubernetes.azure.com", "eks.amazonaws.com", "k8s.aws", "azure.com", "amazonaws.com"} {
		if domain == known || strings.HasSuffix(domain, "."+known) {
			return true
		}
	}
	return false
}

// common are the labels that all nodes have with the same value.
func common(nodes []*v1alpha1.NodeRecord) map[string]string {
	shared := maps.Clone(nodes[0].Labels)
	for _, node := range nodes[1:] {
		maps.DeleteFunc(shared, func(key, value string) bool { return node.Labels[key] != value })
	}
	return shared
}

// values are the distinct values of a field, in order.
func values(nodes []*v1alpha1.NodeRecord, of func(*v1alpha1.NodeRecord) string) []string {
	var all []string
	for _, node := range nodes {
		if v := of(node); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return all
}

// missing are the values that are there no more.
func missing(before, now []string) []string {
	return slices.DeleteFunc(slices.Clone(before), func(v string) bool { return slices.Contains(now, v) })
}

// comparePlaces compares on which pools, and in which zones, the pods of each
// workload are. Their names and nodes change with every upgrade.
func (j *judge) comparePlaces() {
	for _, place := range []struct {
		field string
		of    func(*v1alpha1.PodRecord) string
	}{
		{"pools", func(p *v1alpha1.PodRecord) string { return p.Pool }},
		{"zones", func(p *v1alpha1.PodRecord) string { return p.Zone }},
	} {
		before, now := spread(j.Baseline, place.of), spread(j.Now, place.of)
		for _, workload := range slices.Sorted(maps.Keys(before)) {
			if is, exists := now[workload]; exists && is != before[workload] {
				j.differ(v1alpha1.DifferencePods, workload, place.field, before[workload], is, "")
			}
		}
	}
}

// comesAndGoes reports whether the pods of a workload are where the nodes are, or
// wherever there was room.
func comesAndGoes(workload string) bool {
	kind, _, _ := strings.Cut(workload, "/")
	kind, _, _ = strings.Cut(kind, ".") // of any group
	return kind == kindDaemonSet || kind == "job" || kind == "cronjob" || kind == "node"
}

// spread says for each workload how many of its pods are where: keycloaknp 2,
// userdbnp 1.
func spread(s *v1alpha1.ClusterSnapshot, of func(*v1alpha1.PodRecord) string) map[string]string {
	counts := map[string]map[string]int{}
	for i := range s.Pods {
		p := &s.Pods[i]
		if place := of(p); place != "" && p.Workload != "" && !comesAndGoes(p.Workload) {
			if counts[p.Workload] == nil {
				counts[p.Workload] = map[string]int{}
			}
			counts[p.Workload][place]++
		}
	}
	texts := make(map[string]string, len(counts))
	for workload, places := range counts {
		parts := make([]string, 0, len(places))
		for _, place := range slices.SortedFunc(maps.Keys(places), cmp.Compare[string]) {
			parts = append(parts, fmt.Sprintf("%s %d", place, places[place]))
		}
		texts[workload] = strings.Join(parts, ", ")
	}
	return texts
}
