// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pool turns the nodes of a cluster into pools and a pool's name into
// its nodes, on AKS, EKS and others. It judges plain values and reads nothing.
package pool

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// PreferenceLabel is the scheduling label of Vantiq's charts.
const PreferenceLabel = "vantiq.com/workload-preference"

// providerSelector is the provider of a pool that a label selector makes.
const providerSelector = "selector"

// Pool is a group of nodes that the cloud manages as one.
type Pool struct {
	// Name is what the cloud calls it.
	Name string
	// Provider is aks, eks, eksctl, karpenter, gke, kops, selector or unknown.
	Provider string
	// Role is what Vantiq runs there, empty when unknown.
	Role string
	// Nodes are in the order of their names.
	Nodes []*corev1.Node
}

// key is a node label that names a pool.
type key struct {
	label, provider string
}

// keys lists the labels that name pools, the first that a node carries counts:
// an eksctl node group that EKS manages carries both labels, and Karpenter's
// before v1beta1 is the older name of the same thing.
func keys() []key {
	return []key{
		{"kubernetes.azure.com/agentpool", "aks"},
		{"agentpool", "aks"},
		{"karpenter.sh/nodepool", "karpenter"},
		{"karpenter.sh/provisioner-name", "karpenter"},
		{"eks.amazonaws.com/nodegroup", "eks"},
		{"alpha.eksctl.io/nodegroup-name", "eksctl"},
		{"cloud.google.com/gke-nodepool", "gke"},
		{"kops.k8s.io/instancegroup", "kops"},
	}
}

// List groups nodes into pools, in the order of provider and name. Nodes that
// no label assigns to a pool come last as one pool with an empty name.
func List(nodes []*corev1.Node, p *profile.Profile) []Pool {
	byKey := map[key]*Pool{}
	for _, node := range nodes {
		name, provider := nameOf(node)
		k := key{name, provider}
		if byKey[k] == nil {
			byKey[k] = &Pool{Name: name, Provider: provider}
		}
		byKey[k].Nodes = append(byKey[k].Nodes, node)
	}
	pools := make([]Pool, 0, len(byKey))
	for _, pool := range byKey {
		pools = append(pools, finish(*pool, p))
	}
	slices.SortFunc(pools, func(a, b Pool) int {
		return cmp.Or(
			boolCompare(a.Name == "", b.Name == ""),
			cmp.Compare(a.Provider, b.Provider),
			cmp.Compare(a.Name, b.Name),
		)
	})
	return pools
}

// finish orders the nodes of a pool and finds its role.
func finish(pool Pool, p *profile.Profile) Pool {
	slices.SortFunc(pool.Nodes, func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	preference := ""
	if len(pool.Nodes) > 0 {
		preference = pool.Nodes[0].Labels[PreferenceLabel]
	}
	if p != nil {
		pool.Role = p.RoleOfPool(pool.Name, preference)
	}
	return pool
}

func nameOf(node *corev1.Node) (name, provider string) {
	for _, k := range keys() {
		if value := node.Labels[k.label]; value != "" {
			return value, k.provider
		}
	}
	return "", "unknown"
}

// Has reports whether a node belongs to the pool now: by the label that names it,
// or by its selector.
func (p Pool) Has(node *corev1.Node) bool {
	if p.Provider == providerSelector {
		selector, err := labels.Parse(p.Name)
		return err == nil && selector.Matches(labels.Set(node.Labels))
	}
	name, provider := nameOf(node)
	return name != "" && name == p.Name && provider == p.Provider
}

// Label is the node label whose value names the pool on each of its nodes, and on
// no others; empty when there is none.
func (p Pool) Label() string {
	for _, k := range keys() {
		if k.provider == p.Provider && !slices.ContainsFunc(p.Nodes, func(n *corev1.Node) bool { return n.Labels[k.label] != p.Name }) {
			return k.label
		}
	}
	return ""
}

// Ready counts the nodes whose Ready condition is True.
func (p Pool) Ready() int {
	return p.count(cluster.IsNodeReady)
}

// Cordoned counts the unschedulable nodes.
func (p Pool) Cordoned() int {
	return p.count(func(n *corev1.Node) bool { return n.Spec.Unschedulable })
}

func (p Pool) count(is func(*corev1.Node) bool) int {
	n := 0
	for _, node := range p.Nodes {
		if is(node) {
			n++
		}
	}
	return n
}

// NodeNames lists the names of the nodes in order.
func (p Pool) NodeNames() []string {
	names := make([]string, 0, len(p.Nodes))
	for _, node := range p.Nodes {
		names = append(names, node.Name)
	}
	return names
}

// Zones lists the distinct zones in order.
func (p Pool) Zones() []string {
	return p.distinct(cluster.Zone, strings.Compare)
}

// KubeletVersions lists the distinct versions, lowest first.
func (p Pool) KubeletVersions() []string {
	return p.distinct(func(n *corev1.Node) string { return n.Status.NodeInfo.KubeletVersion }, compareVersions)
}

func (p Pool) distinct(of func(*corev1.Node) string, compare func(a, b string) int) []string {
	values := []string{}
	for _, node := range p.Nodes {
		if v := of(node); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, compare)
	return values
}

func compareVersions(a, b string) int {
	va, errA := version.ParseGeneric(a)
	vb, errB := version.ParseGeneric(b)
	switch {
	case errA != nil || errB != nil:
		return strings.Compare(a, b)
	case va.LessThan(vb):
		return -1
	case vb.LessThan(va):
		return 1
	}
	return strings.Compare(a, b)
}

// boolCompare orders false before true.
func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
