// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// inPlace makes three pods of vantiq and one of metrics-collector where they
// belong; any node of the two pools takes one of each.
func inPlace(t *testing.T, name string) (*harness.Scope, string) {
	t.Helper()
	c := shared.Get(t).NewScope(t, name)
	quick := func(t *corev1.PodTemplateSpec) { t.Annotations[startFast], t.Annotations[stopFast] = "50ms", "50ms" }
	c.Pool("vantiqnp", 3)
	c.StatefulSet("vantiq", 3, quick, harness.Spread)
	c.Ready("vantiq", 3)
	cordonPool(t, c, "cordon", "vantiqnp")
	c.Pool("metricsnp", 3)
	c.StatefulSet("metrics-collector", 1, quick)
	c.Ready("metrics-collector", 1)
	cordonPool(t, c, "uncordon", "vantiqnp")
	return c, c.PlacesProfile()
}

// remedyOf is the command that a report of placement-check gives for a pod.
func commandFor(t *testing.T, r *v1alpha1.PlacementReport, pod string) []string {
	t.Helper()
	for _, f := range r.Findings {
		if command, is := strings.CutPrefix(f.Remedy, "kubectl vantiq-upgrade "); is && f.Object == "pod/"+pod {
			return strings.Fields(command)
		}
	}
	t.Fatalf("no command for %s in %+v", pod, r.Findings)
	return nil
}

// TestRelocateToACordonedPool: a pod whose pool we have cordoned is told the command
// that gives the pool back; --relocate is blocked, touches nothing, and does not say
// that the same command goes on.
func TestRelocateToACordonedPool(t *testing.T) {
	c, profile := inPlace(t, "cordoned-home")
	own(t, c, "drain-pool", "metricsnp", "--yes", "--profile", profile).Want(t, 0)
	wantPool(t, c, "metrics-collector-0", "vantiqnp")
	check := read[v1alpha1.PlacementReport](t, own(t, c, "placement-check", "-o", "json", "--profile", profile).Want(t, 2))
	wantFinding(t, check.Findings, "VU-401", "no room: 3 cordoned")
	remedy := commandFor(t, check, "cordoned-home/metrics-collector-0")
	if got := strings.Join(remedy, " "); got != "uncordon-pool metricsnp" {
		t.Errorf("remedy %q", got)
	}

	before, audit := c.NodeSpecs(), c.Audit(t)
	out := relocate(t, c, 2, profile)
	if m := out.Relocation.Moves; out.Relocation.Outcome != v1alpha1.RelocationBlocked || len(m) != 1 || m[0].State != "Refused" {
		t.Errorf("%+v", out.Relocation)
	}
	wantFinding(t, out.Findings, "VU-422", "cordoned", "uncordon-pool metricsnp")
	text := own(t, c, "placement-check", "--relocate", "--yes", "--profile", profile).Want(t, 2).Stdout
	if strings.Contains(text, "To go on") || !strings.Contains(text, "Next: mend what is named above") {
		t.Errorf("stdout:\n%s", text)
	}
	same(t, "the nodes", before, c.NodeSpecs())
	if evicted := audit.Evictions(t); len(evicted) > 0 {
		t.Errorf("%+v", evicted)
	}

	own(t, c, append(remedy, "--profile", profile)...).Want(t, 0)
	if out := relocate(t, c, 0, profile); out.Relocation.Outcome != v1alpha1.RelocationDone {
		t.Errorf("%+v", out.Relocation)
	}
	wantPool(t, c, "metrics-collector-0", "metricsnp")
	wantClean(t, c)
}

// TestRoomIsPromisedOnce: three pods are not told of room on one node of three; the
// check and the plan expect the same, and the pods come to their pool.
func TestRoomIsPromisedOnce(t *testing.T) {
	c, profile := inPlace(t, "promised-once")
	own(t, c, "drain-pool", "vantiqnp", "--yes", "--profile", profile).Want(t, 0)
	own(t, c, "uncordon-pool", "vantiqnp", "--profile", profile).Want(t, 0)
	check := read[v1alpha1.PlacementReport](t, own(t, c, "placement-check", "-o", "json", "--profile", profile).Want(t, 2))
	expected, nodes := map[string]string{}, []string{}
	for _, name := range []string{"vantiq-0", "vantiq-1", "vantiq-2"} {
		p := placed(t, check, "promised-once/"+name)
		wantFinding(t, check.Findings, "VU-401", "pod/promised-once/"+name, "room on "+p.Expected)
		expected[name] = p.Expected
		nodes = append(nodes, p.Expected)
	}
	slices.Sort(nodes)
	if nodes = slices.Compact(nodes); len(nodes) != 3 || !strings.HasPrefix(nodes[0], "aks-vantiqnp-") {
		t.Errorf("three pods are expected on %v", nodes)
	}
	plan := relocate(t, c, 0, profile, "--dry-run=client")
	for _, m := range plan.Relocation.Moves {
		if m.ToNode != expected[m.Pod] {
			t.Errorf("%s: the plan says %s, the check %s", m.Pod, m.ToNode, expected[m.Pod])
		}
	}
	if text := own(t, c, "placement-check", "--relocate", "--dry-run=client", "--profile", profile).Stdout; !strings.Contains(text, "EXPECTED") {
		t.Errorf("a plan promises a node:\n%s", text)
	}
	if out := relocate(t, c, 0, profile); out.Relocation.Outcome != v1alpha1.RelocationDone || len(out.Relocation.Moves) != 3 {
		t.Errorf("%+v", out.Relocation)
	}
	for name := range expected {
		wantPool(t, c, name, "vantiqnp")
	}
	wantClean(t, c)
}
