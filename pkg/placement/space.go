// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package placement judges where pods are against where they belong, and tells
// which nodes would take a pod now. It judges plain values: it takes no client
// and no clock.
package placement

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelpers "k8s.io/component-helpers/resource"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Space is the room in a cluster as its scheduler sees it. It is never changed
// after it is made.
type Space struct {
	snapshot  *cluster.Snapshot
	volumes   *cluster.Volumes
	have      map[string]amounts // what each node has for pods
	used      map[string]amounts
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
		snapshot: s, volumes: volumes,
		have: map[string]amounts{}, used: map[string]amounts{}, ports: map[string][]hostPort{},
	}
	for _, node := range s.Nodes {
		used := amounts{}
		for _, pod := range s.PodsOn(node.Name) {
			if cluster.IsFinished(pod) {
				continue
			}
			used.add(requestsOf(pod))
			space.ports[node.Name] = append(space.ports[node.Name], portsOf(pod)...)
			space.pods = append(space.pods, placedPod{pod, node})
		}
		space.have[node.Name], space.used[node.Name] = amountsOf(node.Status.Allocatable), used
	}
	space.repellers = repellersAmong(space.pods)
	return space
}

// Without returns the Space that there would be if some of its pods were gone.
func (s *Space) Without(gone func(*corev1.Pod) bool) *Space {
	var left []*corev1.Pod
	for _, placed := range s.pods {
		if !gone(placed.pod) {
			left = append(left, placed.pod)
		}
	}
	return NewSpace(s.snapshot.WithPods(left), s.volumes)
}

// requested is what the unfinished pods of a node ask for, in the units of
// amounts: thousandths of a core, bytes, pods.
func (s *Space) requested(node *corev1.Node) amounts { return s.used[node.Name] }

// fullness is how much of a node is taken, by the scarcer of CPU and memory.
func (s *Space) fullness(node *corev1.Node) float64 {
	have, used := s.have[node.Name], s.used[node.Name]
	fullest := 0.0
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if have[name] > 0 {
			fullest = max(fullest, float64(used[name])/float64(have[name]))
		}
	}
	return fullest
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

func (a amounts) add(b amounts) {
	for name, n := range b {
		a[name] += n
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
