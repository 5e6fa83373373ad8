// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// estate is a cluster with a blocker of each kind.
func estate() []any {
	telegraf := deployed("shared/telegraf-prom", []string{"n1"})
	telegraf[0] = fixture.Deployment("shared/telegraf-prom", fixture.Label("argocd.argoproj.io/instance", "monitoring"))
	return slices.Concat(
		telegraf, []any{fixture.PDB("shared/telegraf-prom", fixture.MinAvailable("1"))},
		deployed("app/web", []string{"n1", "n1"}), []any{fixture.PDB("app/web", fixture.MinAvailable("2"), fixture.Label("app.kubernetes.io/managed-by", "web-operator"))},
		deployed("app/gate", []string{"n1"}, fixture.HostPort(443)), []any{fixture.PDB("app/gate", fixture.MinAvailable("1"))},
		deployed("app/busy", []string{"n1", "n1"}), []any{fixture.PDB("app/busy", fixture.MinAvailable("1"), fixture.Status(1, 1, 0))},
		deployed("kube-system/dns", []string{"n1"}), []any{fixture.PDB("kube-system/dns", fixture.MinAvailable("1"))},
		[]any{fixture.Node("n1"), fixture.Node("n2")},
	)
}

func TestChoose(t *testing.T) {
	tests := map[string]struct {
		wish     disruption.Wish
		want     []string
		findings []string
	}{
		"nothing is wished for": {
			disruption.Wish{},
			[]string{
				"pdb/app/gate PermanentBySize: ", "pdb/app/web PermanentBySize: ",
				"pdb/kube-system/dns PermanentBySize: ", "pdb/shared/telegraf-prom PermanentBySize: ", "pdb/app/busy Transient: ",
			},
			[]string{
				"Error VU-202 pdb/app/gate: minAvailable 1 of 1 replica(s) never allows an eviction (pod/app/gate-0 on n1) → kubectl vantiq-upgrade pause-pdb-blockers pdb/app/gate --mode=relax",
				"Error VU-202 pdb/app/web: minAvailable 2 of 2 replica(s) never allows an eviction (pod/app/web-0 on n1, pod/app/web-1 on n1); looked after by operator web-operator → kubectl vantiq-upgrade pause-pdb-blockers deployment/app/web --mode=surge",
				"Error VU-202 pdb/kube-system/dns: minAvailable 1 of 1 replica(s) never allows an eviction (pod/kube-system/dns-0 on n1) → kubectl vantiq-upgrade pause-pdb-blockers deployment/kube-system/dns --mode=surge",
				"Error VU-202 pdb/shared/telegraf-prom: minAvailable 1 of 1 replica(s) never allows an eviction (pod/shared/telegraf-prom-0 on n1); looked after by Argo CD application monitoring → kubectl vantiq-upgrade pause-pdb-blockers deployment/shared/telegraf-prom --mode=surge",
				"Info VU-206 pdb/app/busy: needs 1 healthy pods, has 1 (pod/app/busy-0 on n1, pod/app/busy-1 on n1) → ",
			},
		},
		"by the profile": {
			disruption.Wish{Profile: vantiq(t)},
			[]string{
				"pdb/app/gate PermanentBySize: ", "pdb/app/web PermanentBySize: ", "pdb/kube-system/dns PermanentBySize: ",
				"pdb/shared/telegraf-prom PermanentBySize: profile scale-to-zero deployment/shared/telegraf-prom spec.replicas 1 → 0 (deployment/shared/telegraf-prom)",
				"pdb/app/busy Transient: ",
			},
			[]string{
				"Error VU-202 pdb/app/gate: minAvailable 1 of 1 replica(s) never allows an eviction (pod/app/gate-0 on n1) → kubectl vantiq-upgrade pause-pdb-blockers pdb/app/gate --mode=relax",
				"Error VU-202 pdb/app/web: minAvailable 2 of 2 replica(s) never allows an eviction (pod/app/web-0 on n1, pod/app/web-1 on n1); looked after by operator web-operator → kubectl vantiq-upgrade pause-pdb-blockers deployment/app/web --mode=surge",
				"Error VU-202 pdb/kube-system/dns: minAvailable 1 of 1 replica(s) never allows an eviction (pod/kube-system/dns-0 on n1) → kubectl vantiq-upgrade pause-pdb-blockers deployment/kube-system/dns --mode=surge",
				"Warning VU-312 deployment/shared/telegraf-prom: Argo CD application monitoring looks after it and may put spec.replicas back to 1 while it is paused → turn automated sync of the application monitoring off for the time of the pause",
				"Info VU-206 pdb/app/busy: needs 1 healthy pods, has 1 (pod/app/busy-0 on n1, pod/app/busy-1 on n1) → ",
			},
		},
		"by the flag": {
			disruption.Wish{Mode: surge, Profile: vantiq(t)},
			[]string{
				"pdb/app/gate PermanentBySize: flag surge refused: the pods of deployment/app/gate take port 443 of their node",
				"pdb/app/web PermanentBySize: flag surge deployment/app/web spec.replicas 2 → 3 (deployment/app/web)",
				"pdb/kube-system/dns PermanentBySize: flag surge refused: it belongs to the system (namespace kube-system), which is left alone unless it is named",
				"pdb/shared/telegraf-prom PermanentBySize: flag surge deployment/shared/telegraf-prom spec.replicas 1 → 2 (deployment/shared/telegraf-prom)",
				"pdb/app/busy Transient: ",
			},
			[]string{
				"Error VU-311 pdb/app/gate: surge cannot relieve it: the pods of deployment/app/gate take port 443 of their node (minAvailable 1 of 1 replica(s) never allows an eviction) → kubectl vantiq-upgrade pause-pdb-blockers pdb/app/gate --mode=relax",
				"Error VU-311 pdb/kube-system/dns: surge cannot relieve it: it belongs to the system (namespace kube-system), which is left alone unless it is named (minAvailable 1 of 1 replica(s) never allows an eviction) → kubectl vantiq-upgrade pause-pdb-blockers deployment/kube-system/dns --mode=surge",
				"Warning VU-312 deployment/shared/telegraf-prom: Argo CD application monitoring looks after it and may put spec.replicas back to 1 while it is paused → turn automated sync of the application monitoring off for the time of the pause",
				"Info VU-206 pdb/app/busy: needs 1 healthy pods, has 1 (pod/app/busy-0 on n1, pod/app/busy-1 on n1) → ",
			},
		},
		"by the flag, and by name": {
			disruption.Wish{Mode: relax, Named: func(b *disruption.Blocker) bool { return b.PDB.Name == "dns" }},
			[]string{
				"pdb/app/gate PermanentBySize: flag relax poddisruptionbudget/app/gate spec.minAvailable 1 → 0 (poddisruptionbudget/app/gate)",
				"pdb/app/web PermanentBySize: flag relax poddisruptionbudget/app/web spec.minAvailable 2 → 1 (poddisruptionbudget/app/web)",
				"pdb/kube-system/dns PermanentBySize: flag relax poddisruptionbudget/kube-system/dns spec.minAvailable 1 → 0 (poddisruptionbudget/kube-system/dns)",
				"pdb/shared/telegraf-prom PermanentBySize: flag relax poddisruptionbudget/shared/telegraf-prom spec.minAvailable 1 → 0 (poddisruptionbudget/shared/telegraf-prom)",
				"pdb/app/busy Transient: ",
			},
			[]string{
				"Warning VU-312 poddisruptionbudget/app/web: operator web-operator looks after it and may put spec.minAvailable back to 2 while it is paused → pause web-operator by its own means for the time being",
				"Info VU-206 pdb/app/busy: needs 1 healthy pods, has 1 (pod/app/busy-0 on n1, pod/app/busy-1 on n1) → ",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fixture.Snapshot(estate()...)
			choices := disruption.Choose(s, disruption.Blockers(s, nil), test.wish)
			var got []string
			for _, c := range choices {
				line := fmt.Sprintf("%s %s: %s", c.Object(), c.Class, c.From)
				if c.Relief.Mode != "" {
					line += " " + string(c.Relief.Mode) + " " + written(c.Relief)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("choices, -want +got:\n%s", diff)
			}
			var findings []string
			for _, f := range disruption.Findings(s, choices, test.wish) {
				findings = append(findings, fmt.Sprintf("%s %s %s: %s → %s", f.Severity, f.Code, f.Object, f.Message, f.Remedy))
			}
			if diff := cmp.Diff(test.findings, findings); diff != "" {
				t.Errorf("findings, -want +got:\n%s", diff)
			}
		})
	}
}

// A profile speaks for the workloads that it names, not for others under the
// same budget.
func TestTheProfileSpeaksForItsOwn(t *testing.T) {
	tier := fixture.Label("tier", "x")
	objects := slices.Concat(deployed("shared/telegraf-prom", []string{"n1"}, tier), deployed("shared/grafana", []string{"n1"}, tier),
		[]any{fixture.PDB("shared/tier", fixture.Selecting("tier", "x"), fixture.MaxUnavailable("0"))})
	s := fixture.Snapshot(objects...)
	choices := disruption.Choose(s, disruption.Blockers(s, nil), disruption.Wish{Profile: vantiq(t)})
	if len(choices) != 1 || choices[0].From != "" || len(choices[0].Relief.Steps) > 0 {
		t.Errorf("got %v", choices)
	}
}

// Two budgets over the pods of one workload change it once.
func TestStepsNameEachFieldOnce(t *testing.T) {
	d := fixture.Deployment("app/web", fixture.Replicas(2))
	rs := fixture.ReplicaSetOf(d)
	s := fixture.Snapshot(d, rs,
		fixture.PodOf(rs, "web-0", "n1", fixture.Label("part", "a")), fixture.PodOf(rs, "web-1", "n1", fixture.Label("part", "b")),
		fixture.PDB("app/a", fixture.Selecting("part", "a"), fixture.MaxUnavailable("0")),
		fixture.PDB("app/b", fixture.Selecting("part", "b"), fixture.MaxUnavailable("0")))
	choices := disruption.Choose(s, disruption.Blockers(s, nil), disruption.Wish{Mode: toZero})
	if steps := disruption.Steps(choices); len(choices) != 2 || len(steps) != 1 || string(steps[0].After) != "0" {
		t.Errorf("got %d choices, steps %v", len(choices), steps)
	}
}

func TestFindingOfWhatIsLeft(t *testing.T) {
	web := fixture.Deployment("app/web", fixture.Replicas(2))
	tests := map[string]struct {
		objects []any
		want    v1alpha1.Finding
	}{
		"several": {
			append(two(options{fixture.MinAvailable("2")}), fixture.PDB("app/more", fixture.Selecting("app", "web"))),
			v1alpha1.Finding{
				Code: "VU-203", Severity: v1alpha1.SeverityError, Object: "pdb/app/more",
				Message: "its pods are selected by the disruption budgets more and web: the eviction API refuses such pods (pod/app/web-0 on n1, pod/app/web-1 on n2)",
				Remedy:  "kubectl delete pdb -n app web # or narrow its selector",
			},
		},
		// A drain waits for it and may be lucky; whoever asks what would block is told so.
		"sick": {
			two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, fixture.Waiting("CrashLoopBackOff", "", 3)),
			v1alpha1.Finding{
				Code: "VU-204", Severity: v1alpha1.SeverityError, Object: "pdb/app/web",
				Message: "needs 1 healthy pods, has 0; pod/app/web-0: CrashLoopBackOff (container main) (pod/app/web-0 on n1, pod/app/web-1 on n2)",
				Remedy:  "kubectl vantiq-upgrade pause-pdb-blockers pdb/app/web --mode=relax",
			},
		},
		"stale": {
			two(options{fixture.MinAvailable("1"), fixture.Generation(2)}),
			v1alpha1.Finding{
				Code: "VU-207", Severity: v1alpha1.SeverityInfo, Object: "pdb/app/web",
				Message: "the disruption controller has not seen its latest change yet (pod/app/web-0 on n1, pod/app/web-1 on n2)",
			},
		},
		"later": {
			append(two(options{fixture.MinAvailable("1"), fixture.Status(2, 1, 1)}), fixture.HPA(web, 1, 5)),
			v1alpha1.Finding{
				Code: "VU-202", Severity: v1alpha1.SeverityWarning, Object: "pdb/app/web",
				Message: "minAvailable 1 of 1 replica(s) never allows an eviction at the size of 1 to which horizontalpodautoscaler/app/web may scale down (pod/app/web-0 on n1, pod/app/web-1 on n2)",
				Remedy:  `kubectl patch hpa -n app web --type=merge -p '{"spec":{"minReplicas":2}}' # after the upgrade: 1`,
			},
		},
		"many pods": {
			append(deployed("app/web", []string{"n1", "n1", "n1", "n1", "n1"}), fixture.PDB("app/web", fixture.MaxUnavailable("0"))),
			v1alpha1.Finding{
				Code: "VU-201", Severity: v1alpha1.SeverityError, Object: "pdb/app/web",
				Message: "maxUnavailable 0 never allows an eviction (pod/app/web-0 on n1, pod/app/web-1 on n1, pod/app/web-2 on n1 and 2 more)",
				Remedy:  "kubectl vantiq-upgrade pause-pdb-blockers pdb/app/web --mode=relax",
			},
		},
	}
	for name, test := range tests {
		s := fixture.Snapshot(test.objects...)
		got := disruption.Findings(s, disruption.Choose(s, disruption.Blockers(s, nil), disruption.Wish{}), disruption.Wish{})
		if diff := cmp.Diff([]v1alpha1.Finding{test.want}, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// A remedy never stops what others need.
func TestRemedyKeepsTheDatabase(t *testing.T) {
	db := fixture.StatefulSet("app/mongodb", fixture.Replicas(3), fixture.Claims("data"))
	objects := []any{db, fixture.PDB("app/mongodb", fixture.MinAvailable("3")), fixture.Node("n1")}
	for i := range 3 {
		objects = append(objects, fixture.PodOf(db, fmt.Sprintf("mongodb-%d", i), "n1"))
	}
	s := fixture.Snapshot(objects...)
	for _, asked := range []disruption.Mode{"", surge, toZero} {
		wish := disruption.Wish{Mode: asked, Profile: vantiq(t)}
		findings := disruption.Findings(s, disruption.Choose(s, disruption.Blockers(s, nil), wish), wish)
		if len(findings) != 1 || findings[0].Remedy != "kubectl vantiq-upgrade pause-pdb-blockers pdb/app/mongodb --mode=relax" {
			t.Errorf("asked for %q: got %v", asked, findings)
		}
	}
}

// What is sick is let go rather than stopped.
func TestRemedyForTheSick(t *testing.T) {
	s := fixture.Snapshot(two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, fixture.Waiting("CrashLoopBackOff", "", 3))...)
	wish := disruption.Wish{}
	findings := disruption.Findings(s, disruption.Choose(s, disruption.Blockers(s, nil), wish), wish)
	if len(findings) != 1 || findings[0].Remedy != "kubectl vantiq-upgrade pause-pdb-blockers pdb/app/web --mode=relax" {
		t.Errorf("got %v", findings)
	}
}

func TestResult(t *testing.T) {
	s := fixture.Snapshot(append(estate(), fixture.PDB("shared/more", fixture.Selecting("app", "telegraf-prom")))...)
	choices := disruption.Choose(s, disruption.Blockers(s, nil), disruption.Wish{Mode: surge})
	got := choices[slices.IndexFunc(choices, func(c disruption.Choice) bool { return c.PDB.Name == "more" })].Result()
	want := v1alpha1.Blocker{
		Namespace: "shared", PDB: "more", Others: []string{"telegraf-prom"}, Class: "Several",
		Cause:     "its pods are selected by the disruption budgets more and telegraf-prom: the eviction API refuses such pods",
		Workloads: []v1alpha1.BlockedWorkload{{Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom", Replicas: 1, Ready: 1}},
		Owner:     &v1alpha1.Owner{Kind: "Argo CD", Name: "monitoring"},
		Pods:      []string{"telegraf-prom-0"}, Nodes: []string{"n1"},
		Mode: "surge", ModeFrom: "flag", Refused: "the eviction API refuses a pod with several budgets, however many replicas there are",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
