// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package placement judges where pods are against where they belong, and tells
// which nodes would take a pod now. It judges plain values: it takes no client
// and no clock.
package placement

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelpers "k8s.io/component-helpers/resource"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Space is the room in a cluster as its scheduler sees it. It is never changed
// after it is made; who plans moves has a clone of it.
type Space struct {
	volumes   *cluster.Volumes
	have      map[string]amounts // what each node has for pods
	used      map[string]amounts
	loads     map[string]load
	ports     map[string][]hostPort
	pods      []placedPod
	repellers []repeller
}

// placedPod is an unfinished pod and its node.
type placedPod struct {
	pod  *corev1.Pod
	node *corev1.Node
}

// NewSpace measures a cluster; volumes may be nil.
func NewSpace(s *cluster.Snapshot, volumes *cluster.Volumes) *Space {
	space := &Space{
		volumes: volumes,
		have:    make(map[string]amounts, len(s.Nodes)), used: make(map[string]amounts, len(s.Nodes)),
		loads: make(map[string]load, len(s.Nodes)), ports: map[string][]hostPort{},
	}
	for _, node := range s.Nodes {
		space.have[node.Name], space.used[node.Name] = amountsOf(node.Status.Allocatable), amounts{}
		for _, pod := range s.PodsOn(node.Name) {
			if !cluster.IsFinished(pod) {
				space.put(pod, node)
			}
		}
	}
	return space
}

// clone returns a Space that may be changed.
func (s *Space) clone() *Space {
	other := &Space{
		volumes: s.volumes, have: s.have, used: make(map[string]amounts, len(s.used)), loads: maps.Clone(s.loads),
		ports: make(map[string][]hostPort, len(s.ports)), pods: slices.Clone(s.pods), repellers: slices.Clone(s.repellers),
	}
	for name, used := range s.used {
		other.used[name] = maps.Clone(used)
	}
	for name, ports := range s.ports {
		other.ports[name] = slices.Clone(ports)
	}
	return other
}

// put lets a pod take its room on a node. One that is not of the cluster (any
// more) has none to take.
func (s *Space) put(pod *corev1.Pod, node *corev1.Node) {
	used, known := s.used[node.Name]
	if !known {
		return
	}
	requests, placed := requestsOf(pod), placedPod{pod, node}
	used.add(requests, 1)
	s.loads[node.Name] = s.loads[node.Name].plus(loadOf(requests), 1)
	if ports := portsOf(pod); len(ports) > 0 {
		s.ports[node.Name] = append(s.ports[node.Name], ports...)
	}
	s.pods = append(s.pods, placed)
	if terms := antiAffinityOf(pod); len(terms) > 0 {
		s.repellers = append(s.repellers, repeller{placed, terms})
	}
}

// take gives back the room that a pod has on a node.
func (s *Space) take(pod *corev1.Pod, node *corev1.Node) {
	at := slices.Index(s.pods, placedPod{pod, node})
	if at < 0 {
		return
	}
	s.pods = slices.Delete(s.pods, at, at+1)
	requests := requestsOf(pod)
	s.used[node.Name].add(requests, -1)
	s.loads[node.Name] = s.loads[node.Name].plus(loadOf(requests), -1)
	for _, port := range portsOf(pod) {
		if at := slices.Index(s.ports[node.Name], port); at >= 0 {
			s.ports[node.Name] = slices.Delete(s.ports[node.Name], at, at+1)
		}
	}
	s.repellers = slices.DeleteFunc(s.repellers, func(r repeller) bool { return r.placedPod == placedPod{pod, node} })
}

// requested is what the unfinished pods of a node ask for, in the units of
// amounts: thousandths of a core, bytes, pods.
func (s *Space) requested(node *corev1.Node) amounts { return s.used[node.Name] }

// fullness is how much of a node is taken, by the scarcer of CPU and memory.
func (s *Space) fullness(node *corev1.Node) float64 {
	have, used := s.have[node.Name], s.loads[node.Name]
	fullest := 0.0
	if cpu := have[corev1.ResourceCPU]; cpu > 0 {
		fullest = float64(used.milliCPU) / float64(cpu)
	}
	if memory := have[corev1.ResourceMemory]; memory > 0 {
		fullest = max(fullest, float64(used.memory)/float64(memory))
	}
	return fullest
}

// load is what pods are taken to use of a node when nodes are compared. A pod
// that asks for nothing counts as well, or all such pods would go to one node.
type load struct {
	milliCPU, memory int64 // thousandths of a core, bytes
}

// What the scheduler takes a container to use that asks for nothing
// (pkg/scheduler/util/pod_resources.go of Kubernetes); here of a whole pod.
const (
	usualMilliCPU = 100
	usualMemory   = 200 << 20
)

func loadOf(requests amounts) load {
	return load{cmp.Or(requests[corev1.ResourceCPU], usualMilliCPU), cmp.Or(requests[corev1.ResourceMemory], usualMemory)}
}

// plus adds another load so many times.
func (l load) plus(other load, times int64) load {
	return load{l.milliCPU + times*other.milliCPU, l.memory + times*other.memory}
}

// amounts are quantities of resources: CPU in thousandths of a core, all others
// in whole units.
type amounts map[corev1.ResourceName]int64

func amountsOf(list corev1.ResourceList) amounts {
	a := make(amounts, len(list))
	for name, quantity := range list {
		if name == corev1.ResourceCPU {
			a[name] = quantity.MilliValue()
		} else {
			a[name] = quantity.Value()
		}
	}
	return a
}

// add adds other amounts so many times.
func (a amounts) add(b amounts, times int64) {
	for name, n := range b {
		a[name] += times * n
	}
}

// requestsOf is what a pod takes of a node, its place among the pods included.
func requestsOf(pod *corev1.Pod) amounts {
	list := resourcehelpers.PodRequests(pod, resourcehelpers.PodResourcesOptions{})
	list[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
	return amountsOf(list)
}

// hostPort is a port of the node that a pod takes.
type hostPort struct {
	protocol corev1.Protocol
	ip       string
	port     int32
}

func portsOf(pod *corev1.Pod) []hostPort {
	var ports []hostPort
	for i := range pod.Spec.Containers {
		for _, p := range pod.Spec.Containers[i].Ports {
			if p.HostPort > 0 {
				ports = append(ports, hostPort{p.Protocol, p.HostIP, p.HostPort})
			}
		}
	}
	return ports
}

// clashes reports whether two pods cannot have these ports on one node; an empty
// address, and 0.0.0.0, are all addresses.
func (p hostPort) clashes(other hostPort) bool {
	if p.port != other.port || p.protocol != other.protocol {
		return false
	}
	return p.ip == other.ip || p.isEverywhere() || other.isEverywhere()
}

func (p hostPort) isEverywhere() bool { return p.ip == "" || p.ip == "0.0.0.0" }
