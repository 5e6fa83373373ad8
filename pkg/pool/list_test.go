// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

func vantiq(t *testing.T) *profile.Profile {
	t.Helper()
	p, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outline is what a test compares of a pool.
type outline struct {
	Provider, Name, Role string
	Nodes                []string
}

func outlines(pools ...pool.Pool) []outline {
	var all []outline
	for _, p := range pools {
		all = append(all, outline{p.Provider, p.Name, p.Role, p.NodeNames()})
	}
	return all
}

func TestListFindsThePoolOfANodeByItsLabel(t *testing.T) {
	tests := map[string]struct {
		labels map[string]string
		want   outline
	}{
		"AKS":                         {map[string]string{"kubernetes.azure.com/agentpool": "p"}, outline{Provider: "aks", Name: "p"}},
		"AKS, the older label":        {map[string]string{"agentpool": "p"}, outline{Provider: "aks", Name: "p"}},
		"EKS":                         {map[string]string{"eks.amazonaws.com/nodegroup": "p"}, outline{Provider: "eks", Name: "p"}},
		"eksctl, self-managed":        {map[string]string{"alpha.eksctl.io/nodegroup-name": "p"}, outline{Provider: "eksctl", Name: "p"}},
		"Karpenter":                   {map[string]string{"karpenter.sh/nodepool": "p"}, outline{Provider: "karpenter", Name: "p"}},
		"Karpenter before v1beta1":    {map[string]string{"karpenter.sh/provisioner-name": "p"}, outline{Provider: "karpenter", Name: "p"}},
		"GKE":                         {map[string]string{"cloud.google.com/gke-nodepool": "p"}, outline{Provider: "gke", Name: "p"}},
		"kOps":                        {map[string]string{"kops.k8s.io/instancegroup": "p"}, outline{Provider: "kops", Name: "p"}},
		"none":                        {nil, outline{Provider: "unknown"}},
		"an empty value is no pool":   {map[string]string{"agentpool": ""}, outline{Provider: "unknown"}},
		"an empty value hides none":   {map[string]string{"agentpool": "", "kops.k8s.io/instancegroup": "p"}, outline{Provider: "kops", Name: "p"}},
		"EKS manages eksctl's group":  {map[string]string{"alpha.eksctl.io/nodegroup-name": "short", "eks.amazonaws.com/nodegroup": "whole"}, outline{Provider: "eks", Name: "whole"}},
		"AKS, the newer label counts": {map[string]string{"agentpool": "old", "kubernetes.azure.com/agentpool": "new"}, outline{Provider: "aks", Name: "new"}},
		"Karpenter on AKS": {
			map[string]string{"kubernetes.azure.com/agentpool": "aks", "karpenter.sh/nodepool": "karpenter"},
			outline{Provider: "aks", Name: "aks"},
		},
		"Karpenter, the newer label counts": {
			map[string]string{"karpenter.sh/provisioner-name": "old", "karpenter.sh/nodepool": "new"},
			outline{Provider: "karpenter", Name: "new"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := fixture.Node("n1")
			node.Labels = test.labels
			test.want.Nodes = []string{"n1"}
			if diff := cmp.Diff([]outline{test.want}, outlines(pool.List([]*corev1.Node{node}, nil)...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestListOrdersPoolsAndNodes(t *testing.T) {
	nodes := []*corev1.Node{
		fixture.Node("z"),
		fixture.Node("n3", fixture.Pool("eks", "same")),
		fixture.Node("n2", fixture.Pool("aks", "same")),
		fixture.Node("n1", fixture.Pool("aks", "same")),
		fixture.Node("n0", fixture.Pool("aks", "another")),
		fixture.Node("y"),
	}
	want := []outline{
		{Provider: "aks", Name: "another", Nodes: []string{"n0"}},
		{Provider: "aks", Name: "same", Nodes: []string{"n1", "n2"}},
		{Provider: "eks", Name: "same", Nodes: []string{"n3"}},
		// Those that no label assigns come last.
		{Provider: "unknown", Nodes: []string{"y", "z"}},
	}
	if diff := cmp.Diff(want, outlines(pool.List(nodes, vantiq(t))...)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := pool.List(nil, vantiq(t)); len(got) != 0 {
		t.Errorf("a cluster without nodes has the pools %v", got)
	}
}

func TestListFindsTheRole(t *testing.T) {
	tests := map[string]struct {
		name, preference, want string
	}{
		"by name on AKS":                            {"mongodbnp", "database", "mongodb"},
		"by name on EKS":                            {"VANTIQ-nodegroup", "compute", "vantiq"},
		"by an older name":                          {"mertics-nodegroup", "compute", "metrics"},
		"the name beats the label":                  {"metricsnp", "database", "metrics"},
		"the label where the name is not known":     {"keycktempnp", "shared", "keycloak"},
		"compute belongs to two roles: to none":     {"spare", "compute", ""},
		"a label value that the profile has not":    {"spare", "gpu", ""},
		"neither name nor label":                    {"spare", "", ""},
		"label values are compared with their case": {"spare", "Database", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			node := fixture.Node("n1", fixture.Pool("aks", test.name), fixture.Prefers(test.preference))
			got := pool.List([]*corev1.Node{node}, vantiq(t))[0].Role
			if got != test.want {
				t.Errorf("got role %q, want %q", got, test.want)
			}
		})
	}
	t.Run("a pool without a name, by its label", func(t *testing.T) {
		got := pool.List([]*corev1.Node{fixture.Node("n1", fixture.Prefers("userdb"))}, vantiq(t))[0].Role
		if got != "userdb" {
			t.Errorf("got role %q, want userdb", got)
		}
	})
}

func TestPoolCounts(t *testing.T) {
	p := pool.Pool{Nodes: []*corev1.Node{
		fixture.Node("n1"),
		fixture.Node("n2", fixture.Cordoned()),
		fixture.Node("n3", fixture.Cordoned(), fixture.NotReady()),
	}}
	if p.Ready() != 2 || p.Cordoned() != 2 {
		t.Errorf("got %d ready, %d cordoned, want 2 and 2", p.Ready(), p.Cordoned())
	}
}

func TestKubeletVersionsGoByNumber(t *testing.T) {
	p := pool.Pool{}
	for i, v := range []string{"v1.31.10", "v1.9.8-gke.7", "v1.31.9-eks-5d632ec", "", "v1.31.10", "v1.31.9", "v1.30.0"} {
		p.Nodes = append(p.Nodes, fixture.Node(string(rune('a'+i)), fixture.KubeletVersion(v)))
	}
	want := []string{"v1.9.8-gke.7", "v1.30.0", "v1.31.9", "v1.31.9-eks-5d632ec", "v1.31.10"}
	if diff := cmp.Diff(want, p.KubeletVersions()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestZonesReadOlderLabels(t *testing.T) {
	const older = corev1.LabelFailureDomainBetaZone
	p := pool.Pool{Nodes: []*corev1.Node{
		fixture.Node("a", fixture.Zone("japaneast-3")),
		fixture.Node("b", fixture.Label(older, "japaneast-1")),
		fixture.Node("c", fixture.Label(older, "old"), fixture.Zone("japaneast-2")),
		fixture.Node("d", fixture.Zone("japaneast-3")),
		fixture.Node("e"),
	}}
	if diff := cmp.Diff([]string{"japaneast-1", "japaneast-2", "japaneast-3"}, p.Zones()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
