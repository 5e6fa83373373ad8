// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
)

// planned shows the plan for what --relocate moves without being asked: groups as
// "a>n1", several moves of one joined by +, and refusals as "a: why".
func planned(found placement.Found) []string {
	var moving []placement.Misplaced
	for _, m := range found.Misplaced {
		if m.Verdict == v1alpha1.PlacementWrong && m.Known && m.Workload != nil {
			moving = append(moving, m)
		}
	}
	groups, refused := found.Plan(moving)
	var shown []string
	for _, g := range groups {
		var steps []string
		for _, s := range g {
			steps = append(steps, s.Pod.Name+">"+s.To)
		}
		shown = append(shown, strings.Join(steps, "+"))
	}
	for _, r := range refused {
		shown = append(shown, r.Pod.Name+": "+r.Why)
	}
	return shown
}

// expected shows of a report which node is expected to take which pod.
func expected(r *v1alpha1.PlacementReport) map[string]string {
	nodes := map[string]string{}
	for i := range r.Pods {
		if p := &r.Pods[i]; p.Verdict != v1alpha1.PlacementRight {
			nodes[p.Name] = p.Expected
		}
	}
	return nodes
}

// memory lets a pod ask for so many GiB, as a node has.
func memory(gib string) fixture.Option {
	return func(o metav1.Object) {
		switch o := o.(type) {
		case *corev1.Pod:
			o.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(gib + "Gi")}
		case *corev1.Node:
			o.Status.Allocatable[corev1.ResourceMemory] = resource.MustParse(gib + "Gi")
		}
	}
}

func TestPlan(t *testing.T) {
	metrics, influx := fixture.StatefulSet("app/metrics-collector"), fixture.StatefulSet("shared/influxdb")
	vantiq, mongodb := fixture.StatefulSet("app/vantiq", fixture.Replicas(3)), fixture.StatefulSet("app/mongodb", fixture.Replicas(3))
	keycloak := fixture.StatefulSet("shared/keycloak", fixture.Replicas(3))
	sets := []any{metrics, influx, vantiq, mongodb, keycloak}
	all := with(nodes(), sets...)
	one := func(more ...any) []any { // a node of a pool, and one that is nobody's
		return with(sets, append([]any{node("vantiqnp", "compute", 0), node("metricsnp", "compute", 0), node("grafananp", "influxdb", 0), node("spare", "", 0), node("spare", "", 1)}, more...)...)
	}
	big := fixture.Requests("3")
	tests := map[string]struct {
		world []any
		want  []string
	}{
		"each finds room": {
			one(fixture.PodOf(metrics, "metrics-collector-0", "spare-0", big), fixture.PodOf(vantiq, "vantiq-0", "spare-1", big)),
			[]string{"metrics-collector-0>metricsnp-0", "vantiq-0>vantiqnp-0"},
		},
		"two for one place: the room is given once": {
			one(fixture.PodOf(vantiq, "vantiq-0", "spare-0", big), fixture.PodOf(vantiq, "vantiq-1", "spare-1", big)),
			[]string{"vantiq-0>vantiqnp-0", "vantiq-1: no room where it belongs: 1 too full"},
		},
		"one makes room for the other": {
			one(fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", big), fixture.PodOf(vantiq, "vantiq-0", "spare-0", big)),
			[]string{"metrics-collector-0>metricsnp-0", "vantiq-0>vantiqnp-0"},
		},
		"the other way round, too": {
			one(fixture.PodOf(influx, "influxdb-0", "vantiqnp-0", big), fixture.PodOf(vantiq, "vantiq-0", "spare-0", big)),
			[]string{"influxdb-0>grafananp-0", "vantiq-0>vantiqnp-0"},
		},
		"a swap: the single replica goes first": {
			one(fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0", big), fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", big)),
			[]string{"metrics-collector-0>metricsnp-0+vantiq-0>vantiqnp-0"},
		},
		"a ring of three": {
			one(fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0", big), fixture.PodOf(metrics, "metrics-collector-0", "grafananp-0", big),
				fixture.PodOf(influx, "influxdb-0", "vantiqnp-0", big)),
			[]string{"metrics-collector-0>metricsnp-0+influxdb-0>grafananp-0+vantiq-0>vantiqnp-0"},
		},
		"a swap beside others": {
			one(fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0", fixture.Requests("2")), fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", fixture.Requests("2")),
				fixture.Pod("other/big", fixture.On("vantiqnp-0"), fixture.Requests("2")), fixture.Pod("other/small", fixture.On("metricsnp-0"), fixture.Requests("1500m"))),
			[]string{"metrics-collector-0>metricsnp-0+vantiq-0>vantiqnp-0"},
		},
		"after a vain try all is as before": {
			one(fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0", fixture.Requests("1")), fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", big),
				fixture.Pod("other/big", fixture.On("metricsnp-0"), fixture.Requests("2"))),
			[]string{"vantiq-0>vantiqnp-0", "metrics-collector-0: no room where it belongs: 1 too full"},
		},
		"it is on the only node": {
			one(fixture.PodOf(vantiq, "vantiq-0", "vantiqnp-0", big, fixture.NodeSelector("disk", "fast"))),
			[]string{"vantiq-0: no room where it belongs: there is no other node"},
		},
		"one without a controller does not leave": {
			one(fixture.PodOf(vantiq, "vantiq-0", "spare-0", big), fixture.Pod("other/bare", fixture.On("vantiqnp-0"), big, fixture.NodeSelector("disk", "fast"))),
			[]string{"vantiq-0: no room where it belongs: 1 too full"},
		},
		"one that waits for a node comes first": {
			one(fixture.PodOf(vantiq, "vantiq-0", "spare-0", big), fixture.PodOf(vantiq, "vantiq-1", "", big)),
			[]string{"vantiq-0: no room where it belongs: 1 too full"},
		},
		"over the nodes and the zones": {
			with(all, fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0"), fixture.PodOf(vantiq, "vantiq-1", "grafananp-0"), fixture.PodOf(vantiq, "vantiq-2", "keycloaknp-0")),
			[]string{"vantiq-0>vantiqnp-1", "vantiq-1>vantiqnp-2", "vantiq-2>vantiqnp-0"},
		},
		"where the least is asked for": {
			with(all, fixture.Pod("other/a", fixture.On("vantiqnp-1"), fixture.Requests("2")), fixture.Pod("other/b", fixture.On("vantiqnp-0"), fixture.Requests("1")),
				fixture.Pod("other/c", fixture.On("vantiqnp-2"), fixture.Requests("500m")), fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0")),
			[]string{"vantiq-0>vantiqnp-2"},
		},
		"by its volume": {
			with(all, fixture.PodOf(mongodb, "mongodb-0", "vantiqnp-0", fixture.Claim("a")), fixture.PodOf(mongodb, "mongodb-1", "vantiqnp-0", fixture.Claim("b"))),
			[]string{"mongodb-0>mongodbnp-2", "mongodb-1>mongodbnp-2"},
		},
		"by its host port": {
			with(all, fixture.PodOf(mongodb, "mongodb-0", "vantiqnp-0", fixture.Claim("a"), onAddress("", 80)), fixture.PodOf(mongodb, "mongodb-1", "vantiqnp-0", fixture.Claim("b"), onAddress("", 80))),
			[]string{"mongodb-0>mongodbnp-2", "mongodb-1: no room where it belongs: 2 in another zone than its volume, 1 with its host port taken"},
		},
		"by the anti-affinity of one that is planned before": {
			with(all, fixture.PodOf(mongodb, "mongodb-0", "vantiqnp-0", fixture.Claim("a"), fixture.Label("app", "db"), fixture.AloneOnNode()),
				fixture.PodOf(mongodb, "mongodb-1", "vantiqnp-0", fixture.Claim("b"), fixture.Label("app", "db"))),
			[]string{"mongodb-0>mongodbnp-2", "mongodb-1: no room where it belongs: 2 in another zone than its volume, 1 kept free of it by the anti-affinity of another pod"},
		},
		"a pool that is cordoned": {
			one(node("mongodbnp", "database", 0, fixture.Cordoned()), fixture.PodOf(mongodb, "mongodb-0", "spare-0")),
			[]string{"mongodb-0: no room where it belongs: 1 cordoned"},
		},
	}
	volumes := []any{
		fixture.PersistentVolume("va", fixture.Zone("z3")), fixture.PersistentVolume("vb", fixture.Zone("z3")),
		fixture.PersistentVolumeClaim("app/a", "va"), fixture.PersistentVolumeClaim("app/b", "vb"),
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, planned(found(t, with(volumes, test.world...)...))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestExpectedIsThePlan: the check, and so its picture, says of every pod what
// --relocate plans.
func TestExpectedIsThePlan(t *testing.T) {
	metrics, vantiq := fixture.StatefulSet("app/metrics-collector"), fixture.StatefulSet("app/vantiq", fixture.Replicas(4))
	f := found(t, with(nodes(), metrics, vantiq,
		fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1", fixture.Requests("3")),
		fixture.PodOf(vantiq, "vantiq-0", "metricsnp-0", fixture.Requests("3")),
		fixture.PodOf(vantiq, "vantiq-1", "keycloaknp-0", fixture.Requests("3")),
		fixture.PodOf(vantiq, "vantiq-2", "keycloaknp-1", fixture.Requests("3")))...)
	want := map[string]string{}
	for _, group := range planned(f) {
		for step := range strings.SplitSeq(group, "+") {
			pod, to, _ := strings.Cut(step, ">")
			want[pod] = to
		}
	}
	if diff := cmp.Diff(want, expected(f.Report)); diff != "" || len(want) != 4 {
		t.Errorf("%v; -want +got:\n%s", want, diff)
	}
	if p := podOf(t, f.Report, "app/metrics-collector-0"); len(p.Room) > 0 || !strings.HasPrefix(p.NoRoom, "1 too full; there will be on metricsnp-0") || strings.Contains(p.Command, "--pod") {
		t.Errorf("%+v", p)
	}
}

// TestManyPods: eighty pods do not point at one node, whether they are of one
// workload or of many, and whether or not they ask for anything.
func TestManyPods(t *testing.T) {
	const pods, nodesOfPool = 80, 40
	vantiq := fixture.StatefulSet("app/vantiq", fixture.Replicas(pods))
	world := []any{vantiq, fixture.StatefulSet("app/mongodb", fixture.Replicas(3)), node("mongodbnp", "database", 0)}
	for i := range nodesOfPool {
		world = append(world, node("vantiqnp", "compute", i, fixture.Zone(fmt.Sprintf("z%d", i%3+1))), node("keycloaknp", "shared", i))
	}
	var ofOne, ofMany, asking []any
	for i := range pods {
		ofOne = append(ofOne, fixture.PodOf(vantiq, fmt.Sprintf("vantiq-%d", i), "mongodbnp-0"))
		other := fixture.StatefulSet(fmt.Sprintf("other/web-%d", i))
		ofMany = append(ofMany, other, fixture.PodOf(other, fmt.Sprintf("web-%d-0", i), "mongodbnp-0"))
		asking = append(asking, other, fixture.PodOf(other, fmt.Sprintf("web-%d-0", i), "mongodbnp-0", memory("1")))
	}
	for name, objects := range map[string][]any{"of one workload": ofOne, "of many": ofMany, "that ask": asking} {
		t.Run(name, func(t *testing.T) {
			on := map[string]int{}
			for _, node := range expected(found(t, with(world, objects...)...).Report) {
				on[node]++
			}
			for node, n := range on {
				if n > 2 || node == "" {
					t.Errorf("%d pods are expected on %q", n, node)
				}
			}
			if len(on) != nodesOfPool {
				t.Errorf("on %d nodes", len(on))
			}
		})
	}
}

// TestStayingPodsFreeNothing: what --relocate does not move keeps its place, and
// the room that it is told is not told again.
func TestStayingPodsFreeNothing(t *testing.T) {
	web, db := fixture.StatefulSet("other/web"), fixture.StatefulSet("other/db")
	vantiq, mongodb := fixture.StatefulSet("app/vantiq", fixture.Replicas(3)), fixture.StatefulSet("app/mongodb", fixture.Replicas(3))
	r := found(t, vantiq, mongodb, web, db, node("vantiqnp", "compute", 0), node("mongodbnp", "database", 0), node("keycloaknp", "shared", 0),
		fixture.PodOf(vantiq, "vantiq-0", "mongodbnp-0", fixture.Requests("1")),
		fixture.PodOf(web, "web-0", "vantiqnp-0", fixture.Requests("3500m")),
		fixture.PodOf(db, "db-0", "mongodbnp-0", fixture.Requests("3"))).Report
	if p := podOf(t, r, "app/vantiq-0"); p.NoRoom != "1 too full" || p.Command != "" {
		t.Errorf("a warned pod is taken to leave: %+v", p)
	}
	if p := podOf(t, r, "other/db-0"); p.Expected != "keycloaknp-0" {
		t.Errorf("%+v", p)
	}
	if p := podOf(t, r, "other/web-0"); p.NoRoom != "1 too full with those that go there before it" || len(p.Room) > 0 {
		t.Errorf("the room is promised twice: %+v", p)
	}
}

// TestRemedyForACordon: where only a cordon keeps a pod from where it belongs, the
// command that lifts it is told; that of somebody else only with a reason to ask.
func TestRemedyForACordon(t *testing.T) {
	mongodb := fixture.StatefulSet("app/mongodb", fixture.Replicas(3))
	cordoned := []fixture.Option{fixture.Cordoned(), fixture.Tainted(corev1.TaintNodeUnschedulable)}
	tests := map[string]struct {
		pool []any
		ours bool
		want string
	}{
		"ours":                {[]any{node("mongodbnp", "database", 0, cordoned...)}, true, "kubectl vantiq-upgrade uncordon-pool mongodbnp"},
		"somebody else's":     {[]any{node("mongodbnp", "database", 0, cordoned...)}, false, "somebody else has cordoned it; when that is no longer needed: kubectl uncordon mongodbnp-0"},
		"full as well":        {[]any{node("mongodbnp", "database", 0, append(cordoned, fixture.Allocatable("1"))...)}, true, "make room where it belongs, then look again"},
		"not Ready as well":   {[]any{node("mongodbnp", "database", 0, append(cordoned, fixture.NotReady())...)}, true, "make room where it belongs, then look again"},
		"another one is free": {[]any{node("mongodbnp", "database", 0, cordoned...), node("mongodbnp", "database", 1)}, true, "kubectl vantiq-upgrade placement-check --relocate --pod app/mongodb-0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(t, append(test.pool, mongodb, fixture.StatefulSet("app/vantiq"), node("spare", "", 0), fixture.PodOf(mongodb, "mongodb-0", "spare-0", fixture.Requests("2")))...)
			in.IsOurs = func(*corev1.Node) bool { return test.ours }
			if got := placement.Judge(in).Findings[0].Remedy; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			found := placement.Find(in)
			if _, refused := found.Plan(found.Misplaced); len(refused) > 0 && strings.Contains(test.want, "cordon") && refused[0].Remedy != test.want {
				t.Errorf("the plan: %q", refused[0].Remedy)
			}
		})
	}
}

// TestAgeAtThePlan: what was told before the question is told again after it.
func TestAgeAtThePlan(t *testing.T) {
	mongodb := fixture.StatefulSet("app/mongodb", fixture.Replicas(3))
	in := input(t, mongodb, fixture.StatefulSet("app/vantiq"), node("mongodbnp", "database", 0, fixture.Cordoned()), node("spare", "", 0), fixture.PodOf(mongodb, "mongodb-0", "spare-0"))
	in.Planned = fixture.Epoch().Add(9e9)
	if got := placement.Judge(in).Findings[0].Message; !strings.Contains(got, "on spare-0 for 9s") {
		t.Error(got)
	}
	in.Planned = fixture.Epoch().Add(-9e9) // it came after the plan
	if got := placement.Judge(in).Findings[0].Message; !strings.Contains(got, "on spare-0 for 60m") {
		t.Error(got)
	}
}
