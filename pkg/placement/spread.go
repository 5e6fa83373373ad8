// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// judgeSpread looks at the replicas of each workload: they should be on different
// nodes, and evenly over the zones.
func (j *judge) judgeSpread() {
	for _, members := range j.members {
		var replicas []*subject
		for _, s := range members {
			if s.isReplica() {
				replicas = append(replicas, s)
			}
		}
		if len(replicas) > 1 {
			j.judgeNodes(replicas)
			j.judgeZones(replicas)
		}
	}
}

// judgeNodes blames all but one of the replicas on a node. Moving a pod that is in
// a wrong place puts that right, too, so it is not blamed twice, and the one that
// stays is another.
func (j *judge) judgeNodes(replicas []*subject) {
	on := map[string][]*subject{}
	for _, s := range replicas {
		on[s.node.Name] = append(on[s.node.Name], s)
	}
	free := j.freeNodes(replicas[0], on)
	for _, name := range slices.Sorted(maps.Keys(on)) {
		together := on[name]
		slices.SortStableFunc(together, func(a, b *subject) int {
			return cmp.Compare(len(a.faults), len(b.faults)) // the one with least against it stays
		})
		for _, s := range together[1:] {
			if !s.has(finding.WrongPool) {
				j.blameShared(s, together[0], free)
				free--
			}
		}
	}
}

// freeNodes counts the nodes where a workload belongs that have no replica of it.
func (j *judge) freeNodes(s *subject, on map[string][]*subject) int {
	free, required := 0, nodeaffinity.GetRequiredNodeAffinity(s.pod)
	for _, node := range j.home(s) {
		matches, err := required.Match(node)
		if err == nil && matches && len(on[node.Name]) == 0 && !node.Spec.Unschedulable &&
			cluster.IsNodeReady(node) && untolerated(s.pod, node, keepsOut) == "" {
			free++
		}
	}
	return free
}

// blameShared says that a pod shares its node with another replica. Of a workload
// that nothing is known of it is no news where it has more replicas than nodes.
func (j *judge) blameShared(s, other *subject, free int) {
	f := fault{
		code: finding.SharedNode, severity: v1alpha1.SeverityWarning, cause: "on the same node as " + other.pod.Name,
		mends: func(node *corev1.Node, l *layout) string {
			if l.of(s).nodes[node.Name] > 0 {
				return "with another replica"
			}
			return ""
		},
	}
	switch {
	case free <= 0 && s.known == nil:
		return
	case free <= 0:
		f.cause += ", and there is no other node where it belongs without a replica"
	case s.known != nil:
		f.severity = v1alpha1.SeverityError
	}
	s.blame(f)
}

// judgeZones compares the zones of the pool where the replicas belong, or of the
// one that they all are on.
func (j *judge) judgeZones(replicas []*subject) {
	in := map[string][]*subject{}
	for _, node := range j.poolNodes(replicas) {
		if zone := cluster.Zone(node); zone != "" {
			in[zone] = nil
		}
	}
	if len(in) < 2 {
		return
	}
	for _, s := range replicas {
		if _, counts := in[s.out.Zone]; counts && !s.has(finding.WrongPool) {
			in[s.out.Zone] = append(in[s.out.Zone], s)
		}
	}
	zones := slices.Sorted(maps.Keys(in))
	fewer := func(a, b string) int { return cmp.Compare(len(in[a]), len(in[b])) }
	least, most := slices.MinFunc(zones, fewer), slices.MaxFunc(zones, fewer)
	if len(in[most])-len(in[least]) > 1 {
		j.blameZone(in[most], least, spreadOf(in, zones))
	}
}

// poolNodes are the nodes of the pools where replicas belong; without a place of
// their own those of the one pool that they all are on.
func (j *judge) poolNodes(replicas []*subject) []*corev1.Node {
	first := replicas[0]
	if len(first.roles()) > 0 {
		return j.home(first)
	}
	for _, s := range replicas {
		if s.pool != first.pool {
			return nil
		}
	}
	if first.pool == nil {
		return nil
	}
	return first.pool.Nodes
}

// blameZone names one pod of the fullest zone that is free to go to the emptiest.
func (j *judge) blameZone(pods []*subject, least, spread string) {
	mends := func(node *corev1.Node, _ *layout) string {
		if cluster.Zone(node) == least {
			return ""
		}
		return "of a fuller zone"
	}
	cause := "its replicas are spread unevenly over the zones: " + spread
	for _, s := range slices.Backward(pods) {
		volumes := j.Volumes.Of(s.pod)
		if slices.ContainsFunc(j.home(s), func(n *corev1.Node) bool { return mends(n, nil) == "" && volumesReach(volumes, n) }) {
			s.blame(fault{
				code: finding.SharedZone, severity: v1alpha1.SeverityWarning, object: s.owner.String(),
				cause: cause + "; " + s.pod.Name + " could go to " + least, mends: mends,
			})
			return
		}
	}
	j.findings = append(j.findings, finding.New(finding.SharedZone, pods[0].owner.String(), cause+"; their volumes hold them there", ""))
}

// spreadOf writes how many replicas are in each zone.
func spreadOf(in map[string][]*subject, zones []string) string {
	counts := make([]string, 0, len(zones))
	for _, zone := range zones {
		counts = append(counts, fmt.Sprintf("%s %d", zone, len(in[zone])))
	}
	return strings.Join(counts, ", ")
}

// judgePartners looks at workloads that must share a zone: the last of a group
// stays, the others belong in its zone.
func (j *judge) judgePartners() {
	if !j.mapped {
		return
	}
	for _, group := range j.Profile.MustShareZone() {
		anchor := group[len(group)-1]
		zones := map[string]bool{}
		for _, s := range j.podsOf(anchor) {
			zones[s.out.Zone] = true
		}
		if len(zones) == 0 || zones[""] {
			continue
		}
		for _, other := range group[:len(group)-1] {
			j.blameApart(other, anchor, zones)
		}
	}
}

func (j *judge) blameApart(object, anchor profile.Object, zones map[string]bool) {
	there := strings.Join(slices.Sorted(maps.Keys(zones)), " and ")
	for _, s := range j.podsOf(object) {
		if s.out.Zone == "" || zones[s.out.Zone] {
			continue
		}
		s.blame(fault{
			code: finding.PartnersApart, severity: v1alpha1.SeverityError,
			cause: fmt.Sprintf("in zone %s, but %s is in %s", s.out.Zone, anchor.Name, there),
			mends: func(node *corev1.Node, _ *layout) string {
				if zones[cluster.Zone(node)] {
					return ""
				}
				return "not in the zone of " + anchor.Name
			},
		})
	}
}

// podsOf are the pods of a workload that have a node.
func (j *judge) podsOf(object profile.Object) []*subject {
	w := j.Snapshot.FindWorkload(object.Kind, object.Namespace, object.Name)
	if w == nil {
		return nil
	}
	var placed []*subject
	for _, s := range j.members[w.Ref] {
		if s.node != nil {
			placed = append(placed, s)
		}
	}
	return placed
}
