// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sample makes placement reports of any size for the tests of the picture.
package sample

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

const zones = 3

// Large is a cluster of so many nodes and pods in three zones and seven pools.
// Every wrongEvery-th pod is wrong, every third of those without room where it
// belongs; some are poor and some pending.
func Large(nodes, pods, wrongEvery int) *v1alpha1.PlacementReport {
	r := &v1alpha1.PlacementReport{
		Time:          metav1.NewTime(time.Date(2026, 11, 23, 21, 20, 12, 0, time.FixedZone("JST", 9*3600))),
		Installations: []string{"app"},
	}
	for z := range zones {
		r.Zones = append(r.Zones, fmt.Sprintf("japaneast-%d", z+1))
	}
	for i := range nodes {
		r.Nodes = append(r.Nodes, oneNode(i, nodes))
	}
	for i := range pods {
		r.Pods = append(r.Pods, onePod(r.Nodes, i, wrongEvery))
	}
	for i := range r.Pods {
		count(&r.Summary, r.Pods[i].Verdict)
	}
	return r
}

// oneNode puts nodes into zones by turns and makes the first pools the larger ones.
func oneNode(i, all int) v1alpha1.PlacementNode {
	roles := []string{"vantiq", "vantiq", "vantiq", "mongodb", "mongodb", "userdb", "keycloak", "keycloak", "grafana", "metrics", "ai-assistant", ""}
	role := roles[i*len(roles)/all]
	pool := role + "np"
	if role == "" {
		pool = "batchnp"
	}
	return v1alpha1.PlacementNode{
		Name: fmt.Sprintf("aks-%s-15823220-vmss%06d", pool, i), Pool: pool, Role: role,
		Zone: fmt.Sprintf("japaneast-%d", i%zones+1), Ready: i%61 != 7, Cordoned: i%37 == 11,
		Requested:   v1alpha1.NodeResources{MilliCPU: int64(400 + i*977%3400), Memory: int64(1+i*7%25) << 30, Pods: 15},
		Allocatable: v1alpha1.NodeResources{MilliCPU: 3860, Memory: 27 << 30, Pods: 30},
	}
}

func onePod(nodes []v1alpha1.PlacementNode, i, wrongEvery int) v1alpha1.PlacedPod {
	on := nodes[i%len(nodes)]
	pod := v1alpha1.PlacedPod{
		Namespace: "app", Name: fmt.Sprintf("worker-6d6598f56b-%05d", i), Workload: "deployment/app/worker",
		Node: on.Name, Pool: on.Pool, Zone: on.Zone, Verdict: v1alpha1.PlacementRight, DaemonSet: i%5 == 0,
	}
	switch {
	case i%wrongEvery == wrongEvery/2:
		to := nodes[(i*31+len(nodes)/2)%len(nodes)]
		pod.Verdict, pod.Belongs, pod.Codes = v1alpha1.PlacementWrong, []string{to.Pool}, []string{"VU-401"}
		if i/wrongEvery%3 == 1 {
			pod.NoRoom = "every node of " + to.Pool + " is full"
		} else {
			pod.Room, pod.Expected = []string{to.Name}, to.Name
		}
	case i%311 == 13:
		pod.Verdict, pod.Codes = v1alpha1.PlacementPoor, []string{"VU-408"}
	case i%701 == 17:
		pod.Verdict, pod.Codes, pod.NoRoom = v1alpha1.PlacementPending, []string{"VU-410"}, "0 nodes are available: insufficient memory"
		pod.Node, pod.Pool, pod.Zone = "", "", ""
	}
	return pod
}

func count(s *v1alpha1.PlacementSummary, v v1alpha1.PlacementVerdict) {
	s.Pods++
	switch v {
	case v1alpha1.PlacementWrong:
		s.Wrong++
	case v1alpha1.PlacementPoor:
		s.Poor++
	case v1alpha1.PlacementPending:
		s.Pending++
	default:
		s.Right++
	}
}
