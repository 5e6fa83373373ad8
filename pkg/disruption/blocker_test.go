// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// deployed builds a Deployment with its ReplicaSet and a pod on each node.
func deployed(path string, nodes []string, ofPod ...fixture.Option) []any {
	d := fixture.Deployment(path, fixture.Replicas(len(nodes)))
	rs := fixture.ReplicaSetOf(d)
	objects := []any{d, rs}
	for i, node := range nodes {
		objects = append(objects, fixture.PodOf(rs, fmt.Sprintf("%s-%d", d.Name, i), node, ofPod...))
	}
	return objects
}

// describe writes blockers in a line each.
func describe(blockers []disruption.Blocker) []string {
	lines := make([]string, 0, len(blockers))
	for i := range blockers {
		b := &blockers[i]
		line := fmt.Sprintf("%s %s", b.Object(), b.Class)
		if b.Later {
			line += " later"
		}
		for _, other := range b.Others {
			line += " +" + other.Name
		}
		for _, w := range b.Workloads {
			line += " " + w.String()
		}
		pods := make([]string, 0, len(b.Pods))
		for _, pod := range b.Pods {
			pods = append(pods, pod.Name)
		}
		lines = append(lines, line+" ["+strings.Join(pods, " ")+"] on "+strings.Join(b.Nodes, " "))
	}
	return lines
}

func TestBlockers(t *testing.T) {
	telegraf := append(deployed("shared/telegraf", []string{"n1"}), fixture.PDB("shared/telegraf", fixture.MinAvailable("1")))
	tests := map[string]struct {
		objects []any
		nodes   []string
		want    []string
	}{
		"nothing": {nil, nil, nil},
		"as many as there are": {
			telegraf, nil, []string{"pdb/shared/telegraf PermanentBySize deployment/shared/telegraf [telegraf-0] on n1"},
		},
		"on the nodes asked for":      {telegraf, []string{"n1"}, []string{"pdb/shared/telegraf PermanentBySize deployment/shared/telegraf [telegraf-0] on n1"}},
		"not on the nodes asked for":  {telegraf, []string{"n2"}, nil},
		"a budget that lets a pod go": {append(web(3, 3), fixture.PDB("app/web", fixture.MinAvailable("2"), fixture.Status(3, 2, 1))), nil, nil},
		"only the pods on the nodes asked for": {
			append(deployed("app/web", []string{"n1", "n2", "n2"}), fixture.PDB("app/web", fixture.MaxUnavailable("0"))),
			[]string{"n2"},
			[]string{"pdb/app/web PermanentBySpec deployment/app/web [web-1 web-2] on n2"},
		},
		// The eviction API does not ask budgets about those.
		"pods that go free of any budget": {
			[]any{
				fixture.Pod("app/a", fixture.On("n1"), fixture.Label("app", "web"), fixture.Phase(corev1.PodPending)),
				fixture.Pod("app/b", fixture.On("n1"), fixture.Label("app", "web"), fixture.Phase(corev1.PodSucceeded)),
				fixture.Pod("app/c", fixture.On("n1"), fixture.Label("app", "web"), fixture.Terminating()),
				fixture.PDB("app/web", fixture.MaxUnavailable("0")),
				fixture.PDB("app/other", fixture.Selecting("app", "web"), fixture.MaxUnavailable("0")),
			}, nil, nil,
		},
		"pods that a drain leaves": {
			[]any{
				fixture.DaemonSet("app/agent"), fixture.PodOf(fixture.DaemonSet("app/agent"), "agent-0", "n1"),
				fixture.Pod("app/kruise", fixture.On("n1"), fixture.Label("app", "agent"), fixture.ControlledBy("DaemonSet.apps.kruise.io", "kruise", "1")),
				fixture.Pod("app/etcd", fixture.On("n1"), fixture.Label("app", "agent"), fixture.Mirror()),
				fixture.PDB("app/agent", fixture.MaxUnavailable("0")),
			}, nil, nil,
		},
		"a pod whose DaemonSet is gone": {
			[]any{fixture.PodOf(fixture.DaemonSet("app/agent"), "agent-0", "n1"), fixture.PDB("app/agent", fixture.MaxUnavailable("0"))},
			nil,
			[]string{"pdb/app/agent PermanentBySpec daemonset/app/agent [agent-0] on n1"},
		},
		"a sick pod that may go, and a healthy one that may not": {
			append(web(2, 1), fixture.Pod("app/web-1", fixture.On("n1"), fixture.Label("app", "web"), fixture.NotReady()),
				fixture.PDB("app/web", fixture.MaxUnavailable("0"), fixture.UnhealthyPolicy(policyv1.AlwaysAllow))),
			nil,
			[]string{"pdb/app/web PermanentBySpec statefulset/app/web [web-0] on n1"},
		},
		"sick pods only, that may go": {
			[]any{
				fixture.Pod("app/web-1", fixture.On("n1"), fixture.Label("app", "web"), fixture.NotReady()),
				fixture.PDB("app/web", fixture.MaxUnavailable("0"), fixture.UnhealthyPolicy(policyv1.AlwaysAllow)),
			}, nil, nil,
		},
		"several budgets, one of them over more pods": {
			append(web(3, 3), fixture.Pod("app/x", fixture.On("n2"), fixture.Label("tier", "back")),
				fixture.Pod("app/y", fixture.On("n2"), fixture.Label("tier", "back"), fixture.Label("app", "web"), fixture.NotReady()),
				fixture.PDB("app/web", fixture.MinAvailable("1"), fixture.Status(3, 1, 2)),
				fixture.PDB("app/tier", fixture.Selecting("tier", "back"), fixture.MaxUnavailable("0"), fixture.UnhealthyPolicy(policyv1.AlwaysAllow))),
			nil,
			[]string{
				"pdb/app/tier PermanentBySpec [x] on n2",
				// Before the readiness is looked at.
				"pdb/app/tier Several +web [y] on n2",
			},
		},
		"worst first": {
			slices.Concat(
				[]any{fixture.PDB("a/stale", fixture.MinAvailable("1"), fixture.Generation(2))}, deployed("a/stale", []string{"n1", "n1"}),
				[]any{fixture.PDB("a/busy", fixture.MinAvailable("1"), fixture.Status(1, 1, 0))}, deployed("a/busy", []string{"n1", "n1"}),
				[]any{fixture.PDB("a/failed", fixture.MinAvailable("50%"), fixture.SyncFailed("no scale"))}, deployed("a/failed", []string{"n1", "n1"}),
				[]any{fixture.PDB("a/size", fixture.MinAvailable("2"))}, deployed("a/size", []string{"n1", "n1"}),
				[]any{fixture.PDB("a/spec", fixture.MaxUnavailable("0"))}, deployed("a/spec", []string{"n1"}),
				[]any{fixture.PDB("a/sick", fixture.MinAvailable("1"), fixture.Status(0, 1, 0))}, deployed("a/sick", []string{"n1", "n2"}, fixture.Waiting("CrashLoopBackOff", "", 3)),
			),
			nil,
			[]string{
				"pdb/a/spec PermanentBySpec deployment/a/spec [spec-0] on n1",
				"pdb/a/size PermanentBySize deployment/a/size [size-0 size-1] on n1",
				"pdb/a/failed Failed deployment/a/failed [failed-0 failed-1] on n1",
				"pdb/a/sick Unhealthy deployment/a/sick [sick-0 sick-1] on n1 n2",
				"pdb/a/stale Stale deployment/a/stale [stale-0 stale-1] on n1",
				"pdb/a/busy Transient deployment/a/busy [busy-0 busy-1] on n1",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var nodes map[string]bool
			for _, node := range test.nodes {
				if nodes == nil {
					nodes = map[string]bool{}
				}
				nodes[node] = true
			}
			got := describe(disruption.Blockers(fixture.Snapshot(test.objects...), nodes))
			if diff := cmp.Diff(test.want, got, cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// An autoscaler may bring a workload down to the size at which its budget never
// opens.
func TestAutoscalerCountsAsTheSize(t *testing.T) {
	objects := func(replicas int, lowest int32, pdb ...fixture.Option) []any {
		d := fixture.Deployment("app/web", fixture.Replicas(replicas))
		rs := fixture.ReplicaSetOf(d)
		all := []any{d, rs, fixture.HPA(d, lowest, 9), fixture.PDB("app/web", pdb...)}
		for i := range replicas {
			all = append(all, fixture.PodOf(rs, fmt.Sprintf("web-%d", i), "n1"))
		}
		return all
	}
	two := fixture.MinAvailable("2")
	tests := map[string]struct {
		objects []any
		want    disruption.Verdict
	}{
		"it is that small":      {objects(2, 2, two), disruption.Verdict{Class: disruption.PermanentBySize, Cause: "minAvailable 2 of 2 replica(s) never allows an eviction"}},
		"it allows one even so": {objects(5, 3, two, fixture.Status(5, 2, 3)), disruption.Verdict{Class: disruption.Open}},
		"it may become that small": {
			objects(5, 2, two, fixture.Status(5, 2, 3)),
			disruption.Verdict{Class: disruption.PermanentBySize, Later: true, Cause: "minAvailable 2 of 2 replica(s) never allows an eviction at the size of 2 to which horizontalpodautoscaler/app/web may scale down"},
		},
		"it may, and allows nothing now either": {
			objects(5, 2, two, fixture.Status(2, 2, 0)),
			disruption.Verdict{Class: disruption.PermanentBySize, Cause: "minAvailable 2 of 2 replica(s) never allows an eviction at the size of 2 to which horizontalpodautoscaler/app/web may scale down"},
		},
		"a percentage that rounds up": {
			objects(5, 1, fixture.MinAvailable("50%"), fixture.Status(5, 3, 2)),
			disruption.Verdict{Class: disruption.PermanentBySize, Later: true, Cause: "minAvailable 50% (rounded up to 1) of 1 replica(s) never allows an eviction at the size of 1 to which horizontalpodautoscaler/app/web may scale down"},
		},
		"to nothing at all": {objects(5, 0, two, fixture.Status(5, 2, 3)), disruption.Verdict{Class: disruption.Open}},
		"not judged yet":    {objects(5, 2, two, fixture.Generation(2)), disruption.Verdict{Class: disruption.Stale, Cause: "the disruption controller has not seen its latest change yet"}},
	}
	for name, test := range tests {
		s := fixture.Snapshot(test.objects...)
		if got := disruption.Classify(s, s.PDBs[0]); got != test.want {
			t.Errorf("%s: got  %v\nwant %v", name, got, test.want)
		}
	}
}

func TestOwnerOf(t *testing.T) {
	const argo = "argocd.argoproj.io/"
	label, annotation := fixture.Label, fixture.Annotation
	helm := options{label("app.kubernetes.io/managed-by", "Helm"), annotation("meta.helm.sh/release-name", "monitoring"), annotation("meta.helm.sh/release-namespace", "ops")}
	tests := map[string]struct {
		options options
		want    string
		reverts bool
		advice  string
	}{
		"nobody":                 {},
		"Helm":                   {helm, "Helm release ops/monitoring", false, "run no helm upgrade of ops/monitoring before it is given back"},
		"Helm, of a template":    {options{label("app.kubernetes.io/managed-by", "Helm"), label("app.kubernetes.io/instance", "monitoring")}, "Helm release shared/monitoring", false, "run no helm upgrade of shared/monitoring before it is given back"},
		"Helm 2":                 {options{label("heritage", "Tiller"), label("release", "old")}, "Helm release shared/old", false, "run no helm upgrade of shared/old before it is given back"},
		"half a mark of Helm 2":  {options{label("heritage", "Tiller")}, "", false, ""},
		"Argo CD":                {options{annotation(argo+"tracking-id", "vantiq:apps/Deployment:shared/web")}, "Argo CD application vantiq", true, "turn automated sync of the application vantiq off for the time of the pause"},
		"Argo CD, by label":      {options{label(argo+"instance", "vantiq")}, "Argo CD application vantiq", true, "turn automated sync of the application vantiq off for the time of the pause"},
		"Argo CD, by Helm":       {append(options{label(argo+"instance", "vantiq")}, helm...), "Argo CD application vantiq", true, "turn automated sync of the application vantiq off for the time of the pause"},
		"Flux":                   {options{label("kustomize.toolkit.fluxcd.io/name", "apps"), label("kustomize.toolkit.fluxcd.io/namespace", "flux-system")}, "Flux flux-system/apps", true, "flux suspend kustomization -n flux-system apps # after the upgrade: flux resume"},
		"Flux, by Helm":          {append(options{label("helm.toolkit.fluxcd.io/name", "web")}, helm...), "Flux shared/web", true, "flux suspend helmrelease -n shared web # after the upgrade: flux resume"},
		"an operator":            {append(options{fixture.ControlledBy("MongoDBCommunity", "mongodb", "1")}, helm...), "operator mongodbcommunity/mongodb", true, "pause mongodbcommunity/mongodb by its own means for the time being"},
		"an operator, by label":  {options{label("app.kubernetes.io/managed-by", "keda-operator")}, "operator keda-operator", true, "pause keda-operator by its own means for the time being"},
		"an annotation in ruins": {options{annotation(argo+"tracking-id", ":")}, "", false, ""},
	}
	for name, test := range tests {
		owner := disruption.OwnerOf(&fixture.Deployment("shared/web", test.options...).ObjectMeta)
		if owner.String() != test.want || owner.Reverts() != test.reverts || owner.Advice() != test.advice || owner.IsZero() != (test.want == "") {
			t.Errorf("%s: got %q, %v, %q", name, owner, owner.Reverts(), owner.Advice())
		}
	}
	if owner := disruption.OwnerOf(nil); !owner.IsZero() {
		t.Errorf("of nothing: got %v", owner)
	}
}
