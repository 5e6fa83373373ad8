// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Pools prints a list of pools, one line each.
func Pools(w io.Writer, list *v1alpha1.PoolList, style Style, wide bool) error {
	t := newTable("^NAME", "+PROVIDER", "ROLE", "NODES", "READY", "CORDONED", "KUBELET", "~ZONES", "+NODE NAMES")
	for i := range list.Items {
		p := &list.Items[i]
		t.add(orNone(p.Name), p.Provider, orNone(p.Role), len(p.Nodes), p.Ready, cordoned(p),
			orNone(strings.Join(p.KubeletVersions, ",")), orNone(strings.Join(shortZones(p.Zones, wide), ",")), strings.Join(p.Nodes, ","))
	}
	return t.print(w, style, wide)
}

func cordoned(p *v1alpha1.Pool) string {
	if p.CordonedByUs == 0 {
		return strconv.Itoa(p.Cordoned)
	}
	return fmt.Sprintf("%d (%d ours)", p.Cordoned, p.CordonedByUs)
}

// shortZones leaves away the region that all zones have in common:
// japaneast-1,japaneast-2 becomes japaneast-1,2. Zones of different forms (1 and
// 10, a local zone) stay whole: what is left of them would read as others.
func shortZones(zones []string, wide bool) []string {
	if wide || len(zones) < 2 {
		return zones
	}
	prefix := zones[0]
	for _, zone := range zones[1:] {
		if len(zone) != len(prefix) {
			return zones
		}
	}
	for _, zone := range zones[1:] {
		for !strings.HasPrefix(zone, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	short := []string{zones[0]}
	for _, zone := range zones[1:] {
		short = append(short, strings.TrimPrefix(zone, prefix))
	}
	return short
}
