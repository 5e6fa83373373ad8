// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// vantiq is the embedded profile over a cluster with one installation.
func vantiq(t *testing.T) *profile.View {
	t.Helper()
	p, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	return p.For([]profile.Object{{Kind: "StatefulSet", Namespace: "app", Name: "vantiq"}})
}

// written is a relief in a line.
func written(r disruption.Relief) string {
	if r.Refused != "" {
		if r.Works() || len(r.Steps) > 0 {
			return "refused, and with steps"
		}
		return "refused: " + r.Refused
	}
	steps := make([]string, 0, len(r.Steps))
	for _, s := range r.Steps {
		steps = append(steps, fmt.Sprintf("%s %s %s → %s (%s)", s.Object, s.Field, s.Before, s.After, s.UID))
	}
	return strings.Join(steps, ", ")
}

// two are a Deployment of two on n1 and n2 with a budget, and a node to spare.
func two(pdb options, ofPod ...fixture.Option) []any {
	return append(deployed("app/web", []string{"n1", "n2"}, ofPod...),
		fixture.PDB("app/web", pdb...), fixture.Node("n1"), fixture.Node("n2"), fixture.Node("n3"))
}

// set is a StatefulSet of one with a budget over it.
func set(path string, of options, ofPod ...fixture.Option) []any {
	s := fixture.StatefulSet(path, of...)
	return []any{s, fixture.PodOf(s, s.Name+"-0", "n1", ofPod...), fixture.PDB(path, fixture.MinAvailable("1")), fixture.Node("n1"), fixture.Node("n2")}
}

const (
	toZero = disruption.ScaleToZero
	surge  = disruption.Surge
	relax  = disruption.Relax
)

func TestRelieve(t *testing.T) {
	none := disruption.Terms{}
	all := fixture.MinAvailable("2")
	web := fixture.Deployment("app/web", fixture.Replicas(2))
	keda := fixture.HPA(web, 1, 5, fixture.ControlledBy("ScaledObject.keda.sh", "web-scaler", "1"))
	sick := fixture.Waiting("CrashLoopBackOff", "", 5)
	named := disruption.Terms{Named: true}
	profiled := disruption.Terms{Profile: vantiq(t)}

	tests := map[string]struct {
		objects []any
		mode    disruption.Mode
		terms   disruption.Terms
		want    string
		remedy  string
	}{
		"zero": {two(options{all}), toZero, none, "deployment/app/web spec.replicas 2 → 0 (deployment/app/web)", ""},
		"zero, a StatefulSet with volumes": {
			set("app/db", options{fixture.Claims("data")}), toZero, none, "statefulset/app/db spec.replicas 1 → 0 (statefulset/app/db)", "",
		},
		"zero, two workloads": {
			slices.Concat(deployed("app/web", []string{"n1"}, fixture.Label("tier", "x")), deployed("app/api", []string{"n1"}, fixture.Label("tier", "x")),
				[]any{fixture.PDB("app/tier", fixture.Selecting("tier", "x"), all)}),
			toZero, none,
			"deployment/app/api spec.replicas 1 → 0 (deployment/app/api), deployment/app/web spec.replicas 1 → 0 (deployment/app/web)", "",
		},
		"zero, several budgets": {
			append(two(options{all}), fixture.PDB("app/more", fixture.Selecting("app", "web"))), toZero, none, "deployment/app/web spec.replicas 2 → 0 (deployment/app/web)", "",
		},
		"zero, its pods are sick": {
			two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, sick), toZero, none, "deployment/app/web spec.replicas 2 → 0 (deployment/app/web)", "",
		},
		// The controller is disabled while there are no replicas.
		"zero, with an autoscaler": {
			append(two(options{all}), fixture.HPA(web, 1, 5)), toZero, none, "deployment/app/web spec.replicas 2 → 0 (deployment/app/web)", "",
		},
		"zero, an autoscaler from zero": {
			append(two(options{all}), fixture.HPA(web, 0, 5, fixture.ScaledToZero())), toZero, none,
			"refused: horizontalpodautoscaler/app/web scaled it to zero before, and would scale it up again",
			`kubectl patch hpa -n app web --type=merge -p '{"spec":{"minReplicas":1}}' # and scale by hand`,
		},
		"zero, KEDA": {
			append(two(options{all}), keda), toZero, none,
			"refused: scaledobject/app/web-scaler (KEDA) would scale it up again",
			"kubectl annotate scaledobjects.keda.sh -n app web-scaler autoscaling.keda.sh/paused-replicas=0 # after the upgrade: autoscaling.keda.sh/paused-replicas-",
		},
		"zero, a StatefulSet of another group": {
			[]any{
				fixture.StatefulSet("app/x"), // of the same name, and another thing
				fixture.Pod("app/x-0", fixture.On("n1"), fixture.Label("app", "x"), fixture.ControlledBy("StatefulSet.apps.kruise.io", "x", "1")),
				fixture.PDB("app/x", fixture.MaxUnavailable("0")),
			},
			toZero, none, "refused: statefulset.apps.kruise.io/app/x is no Deployment or StatefulSet of apps/v1: only those are scaled", "",
		},
		"zero, a kind that is not read": {
			[]any{fixture.Pod("app/x", fixture.On("n1"), fixture.Label("app", "x"), fixture.ControlledBy("Rollout.argoproj.io", "x", "1")), fixture.PDB("app/x", fixture.MaxUnavailable("0"))},
			toZero, none, "refused: rollout.argoproj.io/app/x is no Deployment or StatefulSet of apps/v1: only those are scaled", "",
		},
		"zero, the owner is gone": {
			[]any{fixture.Pod("app/x-0", fixture.On("n1"), fixture.Label("app", "x"), fixture.ControlledBy("StatefulSet", "x", "1")), fixture.PDB("app/x", fixture.MaxUnavailable("0"))},
			toZero, none, "refused: statefulset/app/x does not exist any more; its pods are left over", "",
		},
		"zero, a pod of nobody": {
			[]any{fixture.Pod("app/x", fixture.On("n1"), fixture.Label("app", "x")), fixture.PDB("app/x", fixture.MaxUnavailable("0"))},
			toZero, none, "refused: pod/app/x has no controller that could be scaled", "",
		},
		"zero, what must keep a majority": {
			append(deployedSet("app/mongodb", 3), fixture.PDB("app/mongodb", fixture.MaxUnavailable("0"))), toZero, profiled,
			"refused: statefulset/app/mongodb must keep 2 of 3 replicas by the profile (majority); it is stopped only when it is named", "",
		},
		"zero, what others depend on": {
			append(deployedSet("shared/keycloak", 1), fixture.PDB("shared/keycloak", fixture.MaxUnavailable("0"))), toZero, profiled,
			"refused: statefulset/app/vantiq depends on statefulset/shared/keycloak by the profile; it is stopped only when it is named", "",
		},
		"zero, what others depend on, by name": {
			append(deployedSet("shared/keycloak", 1), fixture.PDB("shared/keycloak", fixture.MaxUnavailable("0"))), toZero,
			disruption.Terms{Named: true, Profile: vantiq(t)},
			"statefulset/shared/keycloak spec.replicas 1 → 0 (statefulset/shared/keycloak)", "",
		},
		"of the system": {
			append(deployed("kube-system/coredns", []string{"n1"}), fixture.PDB("kube-system/coredns", fixture.MinAvailable("1"))), toZero, none,
			"refused: it belongs to the system (namespace kube-system), which is left alone unless it is named", "",
		},
		"of the system, by name": {
			append(deployed("kube-system/coredns", []string{"n1"}), fixture.PDB("kube-system/coredns", fixture.MinAvailable("1"))), toZero, named,
			"deployment/kube-system/coredns spec.replicas 1 → 0 (deployment/kube-system/coredns)", "",
		},
		"for the moment only": {
			two(options{fixture.MinAvailable("1"), fixture.Status(1, 1, 0)}), toZero, named, "refused: it allows nothing for the moment only, and opens by itself", "",
		},
		"not judged yet": {
			two(options{fixture.MinAvailable("1"), fixture.Generation(2)}), relax, named,
			"refused: the disruption controller has not judged its latest change yet; it may be open in a moment", "",
		},
		"later": {
			append(two(options{fixture.MinAvailable("1"), fixture.Status(2, 1, 1)}), fixture.HPA(web, 1, 5)), toZero, none,
			"refused: it allows evictions now; it is left alone unless it is named", "",
		},
		"no mode": {two(options{all}), "fly", none, `refused: "fly" is no mode`, ""},

		"surge": {two(options{all}), surge, none, "deployment/app/web spec.replicas 2 → 3 (deployment/app/web)", ""},
		"surge, a StatefulSet": {
			set("app/db", nil), surge, none, "statefulset/app/db spec.replicas 1 → 2 (statefulset/app/db)", "",
		},
		"surge, a StatefulSet with volumes": {
			set("app/db", options{fixture.Claims("data")}), surge, none,
			"refused: statefulset/app/db has a volume of its own for each replica: one more would start with an empty one, which stays behind", "",
		},
		"surge, a shared volume": {
			two(options{all}, fixture.Claim("data")), surge, none,
			"refused: the pods of deployment/app/web share persistentvolumeclaim/data: one more could not mount it on another node, or would write to it at the same time", "",
		},
		"surge, a port of the node": {two(options{all}, fixture.HostPort(443)), surge, none, "refused: the pods of deployment/app/web take port 443 of their node", ""},
		"surge, maxUnavailable 0":   {two(options{fixture.MaxUnavailable("0")}), surge, none, "refused: maxUnavailable 0 allows nothing, however many replicas there are", ""},
		"surge, 100 %":              {two(options{fixture.MinAvailable("100%")}), surge, none, "refused: minAvailable 100% (rounded up to 3) of 3 replicas would allow nothing either", ""},
		"surge, rounded up again":   {two(options{fixture.MinAvailable("90%")}), surge, none, "refused: minAvailable 90% (rounded up to 3) of 3 replicas would allow nothing either", ""},
		"surge, rounded up no more": {two(options{fixture.MinAvailable("60%")}), surge, none, "deployment/app/web spec.replicas 2 → 3 (deployment/app/web)", ""},
		"surge, far too many":       {two(options{fixture.MinAvailable("4")}), surge, none, "refused: minAvailable 4 of 3 replicas would allow nothing either", ""},
		"surge, with an autoscaler": {
			append(two(options{all}), fixture.HPA(web, 2, 5)), surge, none,
			"refused: horizontalpodautoscaler/app/web scales it and would take one more replica away",
			`kubectl patch hpa -n app web --type=merge -p '{"spec":{"minReplicas":3}}' # after the upgrade: 2`,
		},
		"surge, KEDA": {
			append(two(options{all}), keda), surge, none,
			"refused: scaledobject/app/web-scaler (KEDA) scales it and would take one more replica away",
			"kubectl annotate scaledobjects.keda.sh -n app web-scaler autoscaling.keda.sh/paused-replicas=3 # after the upgrade: autoscaling.keda.sh/paused-replicas-",
		},
		"surge, several budgets": {
			append(two(options{all}), fixture.PDB("app/more", fixture.Selecting("app", "web"))), surge, none,
			"refused: the eviction API refuses a pod with several budgets, however many replicas there are", "",
		},
		"surge, its pods are sick": {
			two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, sick), surge, none, "refused: its pods are not healthy: one more would not be either", "",
		},
		"surge, one is sick and counts": {
			append(sick1of2(), fixture.PDB("app/web", fixture.MinAvailable("2"))), surge, none,
			"refused: pod/app/web-1 is not healthy (CrashLoopBackOff (container main)): the budget would allow nothing even then", "",
		},
		"relax, one is sick and counts": {
			append(sick1of2(), fixture.PDB("app/web", fixture.MinAvailable("2"))), relax, none,
			"refused: pod/app/web-1 is not healthy (CrashLoopBackOff (container main)): the budget would allow nothing even then", "",
		},
		"zero, one is sick and counts": {
			append(sick1of2(), fixture.PDB("app/web", fixture.MinAvailable("2"))), toZero, none, "statefulset/app/web spec.replicas 2 → 0 (statefulset/app/web)", "",
		},
		"surge, not computed": {
			two(options{fixture.MinAvailable("50%"), fixture.SyncFailed("no scale")}), surge, none,
			"refused: the disruption controller cannot compute the budget, however many replicas there are", "",
		},
		"surge, a pod of nobody": {
			[]any{fixture.Pod("app/x", fixture.On("n1"), fixture.Label("app", "x")), fixture.PDB("app/x", fixture.MinAvailable("1"))},
			surge, none, "refused: its pods have no workload that could be scaled", "",
		},
		"surge, one of two workloads": {
			slices.Concat(deployed("app/web", []string{"n1"}, fixture.Label("tier", "x")), deployed("app/api", []string{"n1"}, fixture.Label("tier", "x"), fixture.HostPort(80)),
				[]any{fixture.PDB("app/tier", fixture.Selecting("tier", "x"), all), fixture.Node("n1")}),
			surge, none, "deployment/app/web spec.replicas 1 → 2 (deployment/app/web)", "",
		},

		"relax":                        {two(options{all}), relax, none, "poddisruptionbudget/app/web spec.minAvailable 2 → 1 (poddisruptionbudget/app/web)", ""},
		"relax, 100 %":                 {two(options{fixture.MinAvailable("100%")}), relax, none, `poddisruptionbudget/app/web spec.minAvailable "100%" → 1 (poddisruptionbudget/app/web)`, ""},
		"relax, far too many":          {two(options{fixture.MinAvailable("7")}), relax, none, "poddisruptionbudget/app/web spec.minAvailable 7 → 1 (poddisruptionbudget/app/web)", ""},
		"relax, maxUnavailable 0":      {two(options{fixture.MaxUnavailable("0")}), relax, none, "poddisruptionbudget/app/web spec.maxUnavailable 0 → 1 (poddisruptionbudget/app/web)", ""},
		"relax, maxUnavailable 0 %":    {two(options{fixture.MaxUnavailable("0%")}), relax, none, `poddisruptionbudget/app/web spec.maxUnavailable "0%" → 1 (poddisruptionbudget/app/web)`, ""},
		"relax, one replica":           {set("app/db", nil), relax, none, "poddisruptionbudget/app/db spec.minAvailable 1 → 0 (poddisruptionbudget/app/db)", ""},
		"relax, what an HPA may leave": {append(two(options{all}), fixture.HPA(web, 1, 5)), relax, none, "poddisruptionbudget/app/web spec.minAvailable 2 → 0 (poddisruptionbudget/app/web)", ""},
		"relax, several budgets": {
			append(two(options{all}), fixture.PDB("app/more", fixture.Selecting("app", "web"))), relax, none,
			"refused: the eviction API refuses a pod with several budgets, whatever their numbers; remove or narrow all but one", "",
		},
		"relax, its pods are sick": {
			two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, sick), relax, none,
			`poddisruptionbudget/app/web spec.unhealthyPodEvictionPolicy null → "AlwaysAllow" (poddisruptionbudget/app/web)`, "",
		},
		"relax, its pods are sick and held by word": {
			two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0), fixture.UnhealthyPolicy(policyv1.IfHealthyBudget)}, sick), relax, none,
			`poddisruptionbudget/app/web spec.unhealthyPodEvictionPolicy "IfHealthyBudget" → "AlwaysAllow" (poddisruptionbudget/app/web)`, "",
		},
		"relax, the sick one has no node": {
			append(web1of2(), fixture.PDB("app/web", fixture.MinAvailable("1"), fixture.Status(1, 1, 0))), relax, none,
			"refused: the 1 pod(s) that it holds are healthy: they are held until the others are mended", "",
		},
		"relax, the sick may go already": {
			append(web1of2(), fixture.PDB("app/web", fixture.MinAvailable("1"), fixture.Status(1, 1, 0), fixture.UnhealthyPolicy(policyv1.AlwaysAllow))), relax, none,
			"refused: its unhealthy pods may go already (unhealthyPodEvictionPolicy AlwaysAllow); the healthy ones are held until the others are mended", "",
		},
		"relax, a percentage that is not computed": {
			[]any{
				fixture.Pod("app/x", fixture.On("n1"), fixture.Label("app", "x"), fixture.ControlledBy("Rollout.argoproj.io", "x", "1")),
				fixture.Pod("app/y", fixture.On("n1"), fixture.Label("app", "x"), fixture.ControlledBy("Rollout.argoproj.io", "x", "1")),
				fixture.PDB("app/x", fixture.MinAvailable("50%"), fixture.SyncFailed("no scale")),
			}, relax, none, `poddisruptionbudget/app/x spec.minAvailable "50%" → 1 (poddisruptionbudget/app/x)`, "",
		},
		"relax, maxUnavailable that is not computed": {
			two(options{fixture.MaxUnavailable("1"), fixture.SyncFailed("no scale")}), relax, none,
			"refused: the disruption controller cannot compute maxUnavailable for these pods, whatever the number; a minAvailable that is no percentage would do", "",
		},
		"relax, a number that is not computed": {
			two(options{fixture.MinAvailable("1"), fixture.SyncFailed("conflict")}), relax, none,
			"refused: its number needs no owner with a scale; see the condition on the budget for what is wrong", "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fixture.Snapshot(test.objects...)
			blockers := disruption.Blockers(s, nil)
			if len(blockers) != 1 {
				t.Fatalf("got %d blockers: %v", len(blockers), describe(blockers))
			}
			r := blockers[0].Relieve(s, test.mode, test.terms)
			if got := written(r); got != test.want || r.Remedy != test.remedy || r.Mode != test.mode {
				t.Errorf("got  %s\nwant %s\ngot  %s\nwant %s", got, test.want, r.Remedy, test.remedy)
			}
		})
	}
}

// deployedSet builds a StatefulSet with all its pods on n1.
func deployedSet(path string, replicas int) []any {
	set := fixture.StatefulSet(path, fixture.Replicas(replicas))
	objects := []any{set}
	for i := range replicas {
		objects = append(objects, fixture.PodOf(set, fmt.Sprintf("%s-%d", set.Name, i), "n1"))
	}
	return objects
}

// web1of2 is a workload of two of which one finds no node.
func web1of2() []any {
	set := fixture.StatefulSet("app/web", fixture.Replicas(2))
	return []any{set, fixture.PodOf(set, "web-0", "n1"), fixture.PodOf(set, "web-1", "", fixture.Unschedulable("0/1 nodes are available"))}
}

// sick1of2 is a workload of two of which one crashes.
func sick1of2() []any {
	set := fixture.StatefulSet("app/web", fixture.Replicas(2))
	return []any{
		set, fixture.Node("n1"), fixture.Node("n2"),
		fixture.PodOf(set, "web-0", "n1"), fixture.PodOf(set, "web-1", "n1", fixture.Waiting("CrashLoopBackOff", "", 7)),
	}
}

// One replica more needs a node.
func TestSurgeNeedsANode(t *testing.T) {
	const no = "no node is free for one more replica"
	tests := map[string]struct {
		nodes []any
		pod   options
		want  string
	}{
		"a free one":               {[]any{fixture.Node("n3")}, nil, ""},
		"none at all":              {nil, nil, no + ": 2 to be drained"},
		"a cordoned one":           {[]any{fixture.Node("n3", fixture.Cordoned())}, nil, no + ": 1 cordoned, 2 to be drained"},
		"one that is not Ready":    {[]any{fixture.Node("n3", fixture.NotReady())}, nil, no + ": 1 not Ready, 2 to be drained"},
		"a tainted one":            {[]any{fixture.Node("n3", fixture.Tainted("gpu"))}, nil, no + ": 2 to be drained, 1 with a taint that it does not tolerate"},
		"full ones":                {[]any{fixture.Node("n3", fixture.Allocatable("1")), fixture.Node("n4", fixture.Allocatable("1"))}, options{fixture.Requests("1500m")}, no + ": 2 to be drained, 2 too full"},
		"one that is just enough":  {[]any{fixture.Node("n3", fixture.Allocatable("1"))}, options{fixture.Requests("1")}, ""},
		"one with a pod like it":   {[]any{fixture.Node("n3"), fixture.Pod("app/web-9", fixture.On("n3"), fixture.Label("app", "web"))}, options{fixture.AloneOnNode()}, no + ": 1 kept free of it by its anti-affinity, 2 to be drained"},
		"one with another's pod":   {[]any{fixture.Node("n3"), fixture.Pod("other/web-9", fixture.On("n3"), fixture.Label("app", "web"))}, options{fixture.AloneOnNode()}, ""},
		"full of somebody else's":  {[]any{fixture.Node("n3", fixture.Allocatable("2")), fixture.Pod("other/x", fixture.On("n3"), fixture.Requests("1500m"))}, options{fixture.Requests("1")}, no + ": 2 to be drained, 1 too full"},
		"not one that it asks for": {[]any{fixture.Node("n3")}, options{fixture.NodeSelector("disk", "ssd")}, no + ": 1 not of its node affinity, 2 to be drained"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			objects := append(deployed("app/web", []string{"n1", "n2"}, test.pod...), fixture.PDB("app/web", fixture.MinAvailable("2")), fixture.Node("n1"), fixture.Node("n2"))
			if name == "one with a pod like it" {
				// It stands outside the budget's workload: its size must not count.
				objects[len(objects)-3] = fixture.PDB("app/web", fixture.MinAvailable("3"))
			}
			s := fixture.Snapshot(append(objects, test.nodes...)...)
			blockers := disruption.Blockers(s, map[string]bool{"n1": true, "n2": true})
			if len(blockers) != 1 {
				t.Fatalf("got %v", describe(blockers))
			}
			if r := blockers[0].Relieve(s, surge, disruption.Terms{}); r.Refused != test.want {
				t.Errorf("got  %q\nwant %q", r.Refused, test.want)
			}
		})
	}
}

// TestSurgeJudgesByOnePod: of two pods of the same second, as in a rollout, every command
// takes the same one, in whatever order they are listed.
func TestSurgeJudgesByOnePod(t *testing.T) {
	web := fixture.Deployment("app/web", fixture.Replicas(2))
	old := fixture.PodOf(fixture.ReplicaSetOf(web), "web-a", "n1", fixture.NodeSelector("disk", "ssd"))
	fresh := fixture.PodOf(fixture.ReplicaSetOf(web), "web-b", "n2")
	for _, pods := range [][]any{{old, fresh}, {fresh, old}} {
		s := fixture.Snapshot(append(pods, web, fixture.ReplicaSetOf(web), fixture.PDB("app/web", fixture.MinAvailable("2")), fixture.Node("n1"), fixture.Node("n2"))...)
		blockers := disruption.Blockers(s, nil)
		if len(blockers) != 1 {
			t.Fatalf("got %v", describe(blockers))
		}
		if r := blockers[0].Relieve(s, surge, disruption.Terms{Named: true}); r.Refused != "" {
			t.Errorf("refused: %s", r.Refused)
		}
	}
}

func TestParseMode(t *testing.T) {
	for _, mode := range disruption.Modes() {
		if got, err := disruption.ParseMode(string(mode)); got != mode || err != nil {
			t.Errorf("got %s, %v", got, err)
		}
		if !slices.Contains(profile.Modes(), string(mode)) {
			t.Errorf("a profile cannot name the mode %s", mode)
		}
	}
	if len(profile.Modes()) != len(disruption.Modes()) {
		t.Errorf("a profile may name %v", profile.Modes())
	}
	if _, err := disruption.ParseMode("delete"); err == nil || err.Error() != `unknown mode "delete", want one of surge, relax, scale-to-zero` {
		t.Errorf("got %v", err)
	}
}
