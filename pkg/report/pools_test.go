// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// lines compares a table with what it should look like. The printer ends its
// lines with spaces that nobody sees; they do not count.
func lines(t *testing.T, got, want string) {
	t.Helper()
	trim := func(s string) []string {
		all := strings.Split(strings.Trim(s, "\n"), "\n")
		for i := range all {
			all[i] = strings.TrimRight(all[i], " ")
		}
		return all
	}
	if diff := cmp.Diff(trim(want), trim(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPools(t *testing.T) {
	list := &v1alpha1.PoolList{Items: []v1alpha1.Pool{
		{
			ObjectMeta: metav1.ObjectMeta{Name: "mongodbnp"}, Provider: "aks", Role: "mongodb",
			Nodes: []string{"aks-mongodbnp-34842842-vmss000000", "aks-mongodbnp-34842842-vmss000001", "aks-mongodbnp-34842842-vmss000002"},
			Ready: 3, Cordoned: 2, CordonedByUs: 1,
			KubeletVersions: []string{"v1.30.9", "v1.31.4"}, Zones: []string{"japaneast-1", "japaneast-2", "japaneast-3"},
		},
		{
			ObjectMeta: metav1.ObjectMeta{Name: "spare"}, Provider: "eks",
			Nodes: []string{"ip-172-20-11-138.us-west-2.compute.internal"}, Cordoned: 1,
			KubeletVersions: []string{"v1.31.4-eks-5d632ec"}, Zones: []string{"us-west-2a"},
		},
		{Provider: "unknown", Nodes: []string{"n1"}, Ready: 1},
	}}
	tests := map[bool]string{
		false: `
NAME        ROLE      NODES   READY   CORDONED     KUBELET               ZONES
mongodbnp   mongodb   3       3       2 (1 ours)   v1.30.9,v1.31.4       japaneast-1,2,3
spare       <none>    1       0       1            v1.31.4-eks-5d632ec   us-west-2a
<none>      <none>    1       1       0            <none>                <none>
`,
		true: `
NAME        PROVIDER   ROLE      NODES   READY   CORDONED     KUBELET               ZONES                                 NODE NAMES
mongodbnp   aks        mongodb   3       3       2 (1 ours)   v1.30.9,v1.31.4       japaneast-1,japaneast-2,japaneast-3   aks-mongodbnp-34842842-vmss000000,aks-mongodbnp-34842842-vmss000001,aks-mongodbnp-34842842-vmss000002
spare       eks        <none>    1       0       1            v1.31.4-eks-5d632ec   us-west-2a                            ip-172-20-11-138.us-west-2.compute.internal
<none>      unknown    <none>    1       1       0            <none>                <none>                                n1
`,
	}
	for wide, want := range tests {
		var out strings.Builder
		if err := Pools(&out, list, Style{}, wide); err != nil {
			t.Fatal(err)
		}
		lines(t, out.String(), want)
	}
}

func TestShortZones(t *testing.T) {
	tests := []struct{ zones, want []string }{
		{nil, nil},
		{[]string{"japaneast-1"}, []string{"japaneast-1"}},
		{[]string{"japaneast-1", "japaneast-2"}, []string{"japaneast-1", "2"}},
		{[]string{"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"}, []string{"ap-northeast-1a", "c", "d"}},
		{[]string{"0"}, []string{"0"}}, // AKS without zones
		{[]string{"0", "japaneast-1"}, []string{"0", "japaneast-1"}},
		{[]string{"a", "b"}, []string{"a", "b"}},
		// Not 1 and 0.
		{[]string{"japaneast-1", "japaneast-10"}, []string{"japaneast-1", "japaneast-10"}},
		// A local zone beside zones of its region.
		{[]string{"us-west-2-lax-1a", "us-west-2a"}, []string{"us-west-2-lax-1a", "us-west-2a"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, shortZones(test.zones, false)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if diff := cmp.Diff(test.zones, shortZones(test.zones, true)); diff != "" {
			t.Errorf("wide shortens:\n%s", diff)
		}
	}
}

func TestShortNode(t *testing.T) {
	tests := map[string]string{
		"aks-mongodbnp-34842842-vmss000000":           "mongodbnp-vmss000000",
		"aks-vantiqnp-41304253-vmss00001a":            "vantiqnp-vmss00001a",
		"ip-172-20-11-138.us-west-2.compute.internal": "ip-172-20-11-138",
		"ip-172-20-11-138.ec2.internal":               "ip-172-20-11-138",
		"aksnpwin000001":                              "aksnpwin000001", // a Windows pool
		"aks-pool-1-vmss000000":                       "aks-pool-1-vmss000000",
		"gke-db-default-pool-1a2b3c4d-x7yz":           "gke-db-default-pool-1a2b3c4d-x7yz",
		"kind-worker":                                 "kind-worker",
		"":                                            "",
	}
	for name, want := range tests {
		if got := shortNode(name, false); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if got := shortNode(name, true); got != name {
			t.Errorf("wide: %s became %s", name, got)
		}
	}
}

// As with kubectl: no rows, no header.
func TestEmptyTable(t *testing.T) {
	var out strings.Builder
	if err := Pools(&out, &v1alpha1.PoolList{}, Style{}, false); err != nil || out.String() != "" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
