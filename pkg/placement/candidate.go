// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	schedulinghelpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/component-helpers/storage/volume"
	"k8s.io/klog/v2"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Candidate is a pod that looks for a node.
type Candidate struct {
	space       *Space
	pod         *corev1.Pod
	required    nodeaffinity.RequiredNodeAffinity
	preferred   *nodeaffinity.PreferredSchedulingTerms
	requests    amounts
	ports       []hostPort
	volumes     []*corev1.PersistentVolume
	repelledBy  map[domain]bool
	refused     map[domain]bool
	attractions []attraction
}

// For prepares the search for another node for a pod. Where it is now it is taken
// to be gone from; a replica more of its kind is a copy of it without a UID.
func (s *Space) For(pod *corev1.Pod) *Candidate {
	return &Candidate{
		space: s, pod: pod,
		required: nodeaffinity.GetRequiredNodeAffinity(pod), preferred: preferredBy(pod),
		requests: requestsOf(pod), ports: portsOf(pod), volumes: s.volumes.Of(pod),
		repelledBy: s.repelledBy(pod), refused: s.refused(pod), attractions: s.attractions(pod),
	}
}

// preferredBy are the terms of a pod's preferred node affinity, nil without any.
func preferredBy(pod *corev1.Pod) *nodeaffinity.PreferredSchedulingTerms {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.NodeAffinity == nil {
		return nil
	}
	terms := pod.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	if len(terms) == 0 {
		return nil
	}
	parsed, err := nodeaffinity.NewPreferredSchedulingTerms(terms)
	if err != nil {
		return nil // the server accepts none that does not parse
	}
	return parsed
}

// Score is how well a node fits the pod's preferred node affinity.
func (c *Candidate) Score(node *corev1.Node) int64 {
	if c.preferred == nil {
		return 0
	}
	return c.preferred.Score(node)
}

// WhyNot says what keeps the pod from a node; empty when nothing does, as far as
// pods, nodes and volumes tell. Spread constraints and limits of attached disks
// are not asked for.
func (c *Candidate) WhyNot(node *corev1.Node) string {
	if why := c.barred(node); why != "" {
		return why
	}
	return c.crowded(node)
}

// barred says what keeps the pod from a node whatever pods are there.
func (c *Candidate) barred(node *corev1.Node) string {
	matches, err := c.required.Match(node)
	switch {
	case err != nil || !matches:
		return "not of its node affinity"
	case node.Spec.Unschedulable:
		return "cordoned"
	case !cluster.IsNodeReady(node):
		return "not Ready"
	case untolerated(c.pod, node, keepsOut) != "":
		return "with a taint that it does not tolerate"
	case !volumesReach(c.volumes, node):
		return "in another zone than its volume"
	}
	return ""
}

// crowded says which of the pods that there are keep the pod from a node.
func (c *Candidate) crowded(node *corev1.Node) string {
	switch {
	case keptFrom(node, c.repelledBy):
		return "kept free of it by its anti-affinity"
	case keptFrom(node, c.refused):
		return "kept free of it by the anti-affinity of another pod"
	case !c.isAttracted(node):
		return "without the pods that its affinity asks for"
	case c.portTaken(node):
		return "with its host port taken"
	case !c.hasRoom(node):
		return "too full"
	}
	return ""
}

// Rooms lists those of some nodes that would take the pod now, the best first: by
// its preferred node affinity, then the least full. also says what else keeps it
// from a node; it may be nil. Without a room it says why: what keeps the pod from
// how many of the nodes.
func (c *Candidate) Rooms(nodes []*corev1.Node, also func(*corev1.Node) string) (rooms []*corev1.Node, why string) {
	rooms, why = c.fitting(nodes, also)
	slices.SortStableFunc(rooms, func(a, b *corev1.Node) int {
		return cmp.Or(cmp.Compare(c.Score(b), c.Score(a)), cmp.Compare(c.space.fullness(a), c.space.fullness(b)))
	})
	return rooms, why
}

// fitting is Rooms in the order of nodes.
func (c *Candidate) fitting(nodes []*corev1.Node, also func(*corev1.Node) string) (rooms []*corev1.Node, why string) {
	times := map[string]int{}
	for _, node := range nodes {
		if node.Name == c.pod.Spec.NodeName {
			continue
		}
		reason := ""
		if also != nil {
			reason = also(node)
		}
		if reason == "" {
			reason = c.WhyNot(node)
		}
		if reason != "" {
			times[reason]++
			continue
		}
		rooms = append(rooms, node)
	}
	if len(rooms) == 0 {
		return nil, reasons(times)
	}
	return rooms, ""
}

// reasons counts what keeps a pod from nodes: 2 cordoned, 1 too full.
func reasons(times map[string]int) string {
	if len(times) == 0 {
		return "there is no other node"
	}
	all := make([]string, 0, len(times))
	for reason, n := range times {
		all = append(all, fmt.Sprintf("%d %s", n, reason))
	}
	slices.SortFunc(all, func(a, b string) int {
		_, reasonA, _ := strings.Cut(a, " ")
		_, reasonB, _ := strings.Cut(b, " ")
		return cmp.Compare(reasonA, reasonB)
	})
	return strings.Join(all, ", ")
}

// keepsOut selects the taints that keep a new pod from a node.
func keepsOut(taint *corev1.Taint) bool { return taint.Effect != corev1.TaintEffectPreferNoSchedule }

// untolerated names the first taint of a node, of those that count, that a pod
// does not tolerate; empty when it tolerates all of them.
func untolerated(pod *corev1.Pod, node *corev1.Node, counts func(*corev1.Taint) bool) string {
	taint, found := schedulinghelpers.FindMatchingUntoleratedTaint(klog.Background(), node.Spec.Taints, pod.Spec.Tolerations, counts, false)
	if !found {
		return ""
	}
	return taint.ToString()
}

// volumesReach reports whether all volumes can be attached to a node.
func volumesReach(volumes []*corev1.PersistentVolume, node *corev1.Node) bool {
	return !slices.ContainsFunc(volumes, func(v *corev1.PersistentVolume) bool { return !reachesNode(v, node) })
}

// reachesNode asks the volume's node affinity, and the labels of older volumes.
func reachesNode(v *corev1.PersistentVolume, node *corev1.Node) bool {
	zones, zone := cluster.VolumeZones(v), cluster.Zone(node)
	if zone != "" && len(zones) > 0 && !slices.Contains(zones, zone) {
		return false
	}
	return volume.CheckNodeAffinity(v, node.Labels) == nil
}

func keptFrom(node *corev1.Node, from map[domain]bool) bool {
	for d := range from {
		if own, in := domainOf(node, d.key); in && own == d {
			return true
		}
	}
	return false
}

func (c *Candidate) isAttracted(node *corev1.Node) bool {
	for _, a := range c.attractions {
		if d, in := domainOf(node, a.key); !in || !a.in[d] {
			return false
		}
	}
	return true
}

func (c *Candidate) portTaken(node *corev1.Node) bool {
	for _, port := range c.ports {
		if slices.ContainsFunc(c.space.ports[node.Name], port.clashes) {
			return true
		}
	}
	return false
}

// hasRoom reports whether a node has what the pod requests left. Of CPU, memory
// and pods, what the node does not report is not asked for.
func (c *Candidate) hasRoom(node *corev1.Node) bool {
	used, have := c.space.used[node.Name], c.space.have[node.Name]
	for name, want := range c.requests {
		left, reported := have[name]
		if !reported && strings.Contains(string(name), "/") && want > 0 || reported && want > 0 && used[name]+want > left {
			return false
		}
	}
	return true
}
