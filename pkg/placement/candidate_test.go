// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
)

// towards gives a pod a required term of affinity to, or anti-affinity from, pods
// of an app.
func towards(anti bool, key, app string) fixture.Option {
	return func(o metav1.Object) {
		terms := []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}}}
		affinity := &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
		if anti {
			affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
		}
		o.(*corev1.Pod).Spec.Affinity = affinity
	}
}

// onAddress gives a pod a port of one address of its node.
func onAddress(ip string, port int32) fixture.Option {
	return func(o metav1.Object) {
		c := &o.(*corev1.Pod).Spec.Containers[0]
		c.Ports = append(c.Ports, corev1.ContainerPort{HostIP: ip, HostPort: port, Protocol: corev1.ProtocolTCP})
	}
}

// gpu lets a pod ask for what a node may not have.
func gpu(o metav1.Object) {
	o.(*corev1.Pod).Spec.Containers[0].Resources.Requests = corev1.ResourceList{"example.com/gpu": resource.MustParse("1")}
}

func TestWhyNot(t *testing.T) {
	a, b := node("a", "", 0), node("b", "", 1)
	db := fixture.Label("app", "db")
	tests := map[string]struct {
		pod    *corev1.Pod
		others []any
		node   *corev1.Node
		want   string
	}{
		"fits":                          {fixture.Pod("x/p", fixture.Requests("4")), nil, a, ""},
		"too full":                      {fixture.Pod("x/p", fixture.Requests("4001m")), nil, a, "too full"},
		"too full with another":         {fixture.Pod("x/p", fixture.Requests("1")), []any{fixture.Pod("x/q", fixture.On("a-0"), fixture.Requests("3500m"))}, a, "too full"},
		"a finished one takes no room":  {fixture.Pod("x/p", fixture.Requests("4")), []any{fixture.Pod("x/q", fixture.On("a-0"), fixture.Requests("4"), fixture.Phase(corev1.PodFailed))}, a, ""},
		"a resource that is not there":  {fixture.Pod("x/p", gpu), nil, a, "too full"},
		"cordoned":                      {fixture.Pod("x/p"), nil, node("a", "", 0, fixture.Cordoned()), "cordoned"},
		"not Ready":                     {fixture.Pod("x/p"), nil, node("a", "", 0, fixture.NotReady()), "not Ready"},
		"tainted":                       {fixture.Pod("x/p"), nil, node("a", "", 0, fixture.Tainted("gpu")), "with a taint that it does not tolerate"},
		"node selector":                 {fixture.Pod("x/p", fixture.NodeSelector("disk", "fast")), nil, a, "not of its node affinity"},
		"kept from its like":            {fixture.Pod("x/p", db, fixture.AloneOnNode()), []any{fixture.Pod("x/q", db, fixture.On("a-0"))}, a, "kept free of it by its anti-affinity"},
		"its like elsewhere":            {fixture.Pod("x/p", db, fixture.AloneOnNode()), []any{fixture.Pod("x/q", db, fixture.On("b-1"))}, a, ""},
		"its like in another namespace": {fixture.Pod("x/p", db, fixture.AloneOnNode()), []any{fixture.Pod("y/q", db, fixture.On("a-0"))}, a, ""},
		"refused by another":            {fixture.Pod("x/p", db), []any{fixture.Pod("x/q", towards(true, corev1.LabelHostname, "db"), fixture.On("a-0"))}, a, "kept free of it by the anti-affinity of another pod"},
		"refused in the zone":           {fixture.Pod("x/p", db), []any{fixture.Pod("x/q", towards(true, corev1.LabelTopologyZone, "db"), fixture.On("b-1"))}, b, "kept free of it by the anti-affinity of another pod"},
		"not with its partner":          {fixture.Pod("x/p", towards(false, corev1.LabelTopologyZone, "db")), []any{fixture.Pod("x/q", db, fixture.On("b-1"))}, a, "without the pods that its affinity asks for"},
		"with its partner":              {fixture.Pod("x/p", towards(false, corev1.LabelTopologyZone, "db")), []any{fixture.Pod("x/q", db, fixture.On("b-1"))}, b, ""},
		"no partner anywhere":           {fixture.Pod("x/p", towards(false, corev1.LabelTopologyZone, "db")), nil, a, "without the pods that its affinity asks for"},
		"the first of its group":        {fixture.Pod("x/p", db, towards(false, corev1.LabelTopologyZone, "db")), nil, a, ""},
		"its own place counts no more":  {fixture.Pod("x/p", db, fixture.On("b-1"), towards(true, corev1.LabelTopologyZone, "db")), nil, b, ""},
		"a port that is taken":          {fixture.Pod("x/p", onAddress("", 80)), []any{fixture.Pod("x/q", onAddress("10.0.0.1", 80), fixture.On("a-0"))}, a, "with its host port taken"},
		"a port of another address":     {fixture.Pod("x/p", onAddress("10.0.0.2", 80)), []any{fixture.Pod("x/q", onAddress("10.0.0.1", 80), fixture.On("a-0"))}, a, ""},
		"a volume of another zone":      {fixture.Pod("x/p", fixture.Claim("far")), nil, a, "in another zone than its volume"},
		"a volume of several zones":     {fixture.Pod("x/p", fixture.Claim("wide")), nil, a, ""},
		"a claim without a volume":      {fixture.Pod("x/p", fixture.Claim("none")), nil, a, ""},
	}
	volumes := cluster.NewVolumes([]*corev1.PersistentVolume{
		fixture.PersistentVolume("far", fixture.ReachesZone(corev1.LabelTopologyZone, "z9")),
		fixture.PersistentVolume("wide", fixture.Zone("z1__z2")),
	}, []*corev1.PersistentVolumeClaim{
		fixture.PersistentVolumeClaim("x/far", "far"), fixture.PersistentVolumeClaim("x/wide", "wide"), fixture.PersistentVolumeClaim("x/none", ""),
	})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			nodes := []*corev1.Node{a, b}
			for i, n := range nodes {
				if n.Name == tt.node.Name {
					nodes[i] = tt.node
				}
			}
			others := append([]any{nodes}, tt.others...)
			if tt.pod.Spec.NodeName != "" {
				others = append(others, tt.pod)
			}
			space := placement.NewSpace(fixture.Snapshot(others...), volumes)
			if got := space.For(tt.pod).WhyNot(tt.node); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestRooms: the best first, by preference and then by what is left.
func TestRooms(t *testing.T) {
	all := []*corev1.Node{node("a", "compute", 0), node("b", "compute", 1), node("c", "shared", 2), node("d", "shared", 3)}
	s := fixture.Snapshot(all, fixture.Pod("x/q", fixture.On("a-0"), fixture.Requests("2")))
	pod := fixture.Pod("x/p", fixture.PrefersNodes("compute"), fixture.On("d-3"))
	var names []string
	rooms, _ := placement.NewSpace(s, nil).For(pod).Rooms(s.Nodes, nil)
	for _, n := range rooms {
		names = append(names, n.Name)
	}
	if diff := cmp.Diff([]string{"b-1", "a-0", "c-2"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	none := func(n *corev1.Node) string {
		if n.Name == "a-0" {
			return "too dear"
		}
		return ""
	}
	big := fixture.Pod("x/big", fixture.Requests("9"))
	if _, why := placement.NewSpace(s, nil).For(big).Rooms(s.Nodes, none); why != "1 too dear, 3 too full" {
		t.Errorf("why: %s", why)
	}
}
