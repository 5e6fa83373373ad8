// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// planOf plans the drain of the pool old over two pools of two nodes each and
// the given objects.
func planOf(t *testing.T, options Options, objects ...any) *Plan {
	t.Helper()
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	objects = append(objects,
		fixture.Node("n1", fixture.Pool("aks", "old")), fixture.Node("n2", fixture.Pool("aks", "old")),
		fixture.Node("m1", fixture.Pool("aks", "mongodbnp")), fixture.Node("s1", fixture.Pool("aks", "spare")))
	s := fixture.Snapshot(objects...)
	pools := pool.List(s.Nodes, prof)
	old, err := pool.Resolve(pools, "old")
	if err != nil {
		t.Fatal(err)
	}
	return NewPlan(s, old, pools, prof, options)
}

func codesOf(findings []v1alpha1.Finding) string {
	var codes []string
	for _, f := range findings {
		codes = append(codes, string(f.Severity)+" "+f.Code+" "+f.Object)
	}
	return strings.Join(codes, "\n")
}

func wavesOf(p *Plan) [][]string {
	var waves [][]string
	for _, wave := range p.Waves {
		var names []string
		for _, t := range wave {
			names = append(names, t.Pod.Name)
		}
		waves = append(waves, names)
	}
	return waves
}

// set returns a StatefulSet and its pods on the given nodes.
func set(path string, nodes ...string) (*appsv1.StatefulSet, []*corev1.Pod) {
	s := fixture.StatefulSet(path, fixture.Replicas(len(nodes)))
	return s, fixture.PodsOf(s, nodes...)
}

func TestSelection(t *testing.T) {
	daemons := fixture.DaemonSet("kube-system/agent")
	options := DefaultOptions()
	plan := planOf(t, options, daemons,
		fixture.PodOf(daemons, "agent-1", "n1"),
		fixture.Pod("kube-system/static", fixture.On("n1"), fixture.Mirror()),
		fixture.Pod("app/orphan", fixture.On("n1"), fixture.ControlledBy("DaemonSet", "gone", "uid-of-gone")),
		fixture.Pod("app/bare", fixture.On("n2")),
		fixture.Pod("app/done", fixture.On("n2"), fixture.Phase(corev1.PodSucceeded), fixture.EmptyDir("scratch")),
		fixture.Pod("app/cache", fixture.On("n2"), fixture.EmptyDir("scratch")),
		fixture.Pod("app/elsewhere", fixture.On("s1")),
	)
	if plan.Stay != 2 || len(plan.Targets) != 4 {
		t.Errorf("%d stay, %d go", plan.Stay, len(plan.Targets))
	}
	want := "Error VU-211 pod/app/bare\nError VU-211 pod/app/cache\nError VU-211 pod/app/orphan\nError VU-212 pod/app/cache"
	if diff := cmp.Diff(want, codesOf(plan.Findings)); diff != "" {
		t.Error(diff)
	}
	options.Force, options.DeleteEmptyDirData = true, true
	allowed := planOf(t, options, fixture.Pod("app/cache", fixture.On("n2"), fixture.EmptyDir("scratch")))
	if allowed.Blocked() || len(allowed.Findings) != 2 {
		t.Errorf("with the flags: %s", codesOf(allowed.Findings))
	}
}

// TestProfileDeclaresEmptyDirsSafe for Vantiq's own workloads, and only there.
func TestProfileDeclaresEmptyDirsSafe(t *testing.T) {
	vantiq, _ := set("app/vantiq", "n1")
	other, _ := set("web/vantiq2", "n1")
	plan := planOf(t, DefaultOptions(), vantiq, other,
		fixture.PodOf(vantiq, "vantiq-0", "n1", fixture.EmptyDir("server-heap")),
		fixture.PodOf(other, "vantiq2-0", "n1", fixture.EmptyDir("server-heap")))
	if got := codesOf(plan.Findings); !strings.Contains(got, "VU-212 pod/web/vantiq2-0") || strings.Contains(got, "vantiq-0\n") {
		t.Error(got)
	}
}

func TestWaves(t *testing.T) {
	mongo, members := set("app/mongodb", "n1", "n2", "n1")
	vantiq, servers := set("app/vantiq", "n1", "n2")
	single, one := set("shared/influxdb", "n2")
	plan := planOf(t, DefaultOptions(), mongo, members, vantiq, servers, single, one)
	want := [][]string{{"mongodb-2", "influxdb-0"}, {"mongodb-1"}, {"mongodb-0"}, {"vantiq-1"}, {"vantiq-0"}}
	if diff := cmp.Diff(want, wavesOf(plan)); diff != "" {
		t.Error(diff)
	}
	if got := codesOf(plan.Findings); got != "Warning VU-213 statefulset/shared/influxdb" {
		t.Error(got)
	}
}

// TestWavesKeepBudgets: three pods and a budget of one make three waves,
// although the operator's own floor would let all go.
func TestWavesKeepBudgets(t *testing.T) {
	web, pods := set("web/app", "n1", "n2", "n1")
	all := intstr.FromString("100%")
	options := DefaultOptions()
	options.MaxUnavailable = &all
	if got := len(planOf(t, options, web, pods).Waves); got != 1 {
		t.Errorf("%d waves without a budget", got)
	}
	pdb := fixture.PDB("web/app", fixture.MinAvailable("2"), fixture.Status(3, 2, 1))
	if got := len(planOf(t, options, web, pods, pdb).Waves); got != 3 {
		t.Errorf("%d waves with a budget", got)
	}
}

func TestBlockers(t *testing.T) {
	mongo, members := set("app/mongodb", "m1", "s1", "s1")
	vantiq, servers := set("app/vantiq", "n1", "n2")
	keycloak, logins := set("shared/keycloak", "s1", "s1")
	cluster := []any{mongo, vantiq, servers, keycloak}
	if got := planOf(t, DefaultOptions(), append(cluster, members, logins)...); got.Blocked() {
		t.Errorf("a whole cluster: %s", codesOf(got.Findings))
	}
	fixture.NotReady()(members[1])
	fixture.NotReady()(logins[0])
	got := codesOf(planOf(t, DefaultOptions(), append(cluster, members, logins)...).Findings)
	want := "Error VU-215 statefulset/app/vantiq\nError VU-215 statefulset/app/vantiq\nError VU-216 statefulset/app/vantiq"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEvictionOrder: what costs least goes first, a primary (0) last.
func TestEvictionOrder(t *testing.T) {
	app, pods := set("web/app", "n1", "n1", "n1", "n1", "n1", "n1", "n1", "n1", "n1", "n1", "n1")
	fixture.NotReady()(pods[4])
	plan := planOf(t, DefaultOptions(), app, pods)
	var order []string
	for _, target := range plan.Members[0].Targets {
		order = append(order, target.Pod.Name)
	}
	if got := strings.Join(order[:4], " ") + " … " + order[10]; got != "app-4 app-10 app-9 app-8 … app-0" {
		t.Error(got)
	}
}

// TestPlanAnnouncesDowntime: whatever may have no Ready pod while it moves is told
// before, be it a single replica or a workload whose floor is 0.
func TestPlanAnnouncesDowntime(t *testing.T) {
	everything := intstr.FromString("100%")
	for name, test := range map[string]struct {
		replicas     int
		tolerates    string // rollingUpdate.maxUnavailable
		flag         *intstr.IntOrString
		nodes        []string
		objects      []any
		want, remedy string // parts; empty: nothing is announced
	}{
		"one replica":                    {replicas: 1, tolerates: "25%", nodes: []string{"n1"}, want: "one replica"},
		"three that tolerate one":        {replicas: 3, tolerates: "1", nodes: []string{"n1", "n1", "n2"}},
		"three that tolerate three":      {replicas: 3, tolerates: "100%", nodes: []string{"n1", "n1", "n2"}, want: "all its 3 Ready pods", remedy: "--max-unavailable=1"},
		"by the operator's word":         {replicas: 3, tolerates: "1", flag: &everything, nodes: []string{"n1", "n1", "n2"}, want: "(--max-unavailable)", remedy: "--max-unavailable=1"},
		"one of them is on another pool": {replicas: 3, tolerates: "100%", nodes: []string{"n1", "n2", "s1"}},
		"a budget that asks for none of it": {
			replicas: 2, tolerates: "100%", nodes: []string{"n1", "n2"}, want: "(pdb/web)", remedy: "kubectl describe pdb -n app web",
			objects: []any{fixture.PDB("app/web", fixture.MaxUnavailable("2"), fixture.Status(2, 0, 2))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := fixture.Deployment("app/web", fixture.Replicas(test.replicas), fixture.MaxUnavailable(test.tolerates))
			rs := fixture.ReplicaSetOf(d)
			objects := append([]any{d, rs}, test.objects...)
			for _, pod := range fixture.PodsOf(rs, test.nodes...) {
				objects = append(objects, pod)
			}
			options := DefaultOptions()
			options.MaxUnavailable = test.flag
			plan := planOf(t, options, objects...)
			message, remedy := "", ""
			for _, f := range plan.Findings {
				if f.Code == "VU-213" {
					message, remedy = f.Message, f.Remedy
				}
			}
			if (message == "") != (test.want == "") || !strings.Contains(message, test.want) || !strings.Contains(remedy, test.remedy) {
				t.Errorf("%q → %q, want %q, %q", message, remedy, test.want, test.remedy)
			}
			if got := plan.Report().Workloads[0].Downtime; got != (test.want != "") {
				t.Errorf("downtime %t", got)
			}
		})
	}
}
