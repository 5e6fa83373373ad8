// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
)

// TestAKSLayout goes through what an operator meets on AKS before any pod moves, by
// way of kubectl.
func TestAKSLayout(t *testing.T) {
	s := layouts.Start(t, "aks")
	t.Run("pools", func(t *testing.T) {
		out := s.ThroughKubectl(t, "pools").Want(t, 0).Stdout
		for _, want := range []string{"mongodbnp      mongodb        3", "vantiqaiasnp   ai-assistant   3", "japaneast-1,2,3"} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in:\n%s", want, out)
			}
		}
	})
	t.Run("telegraf-prom blocks its pool", func(t *testing.T) {
		r := s.ThroughKubectl(t, "drain-pool", "keycloaknp", "--yes", "--delete-emptydir-data", "-o", "json").Want(t, 2)
		report := drainReport(t, r)
		if report.Outcome != "Blocked" || report.Result != nil {
			t.Errorf("outcome %s with result %+v", report.Outcome, report.Result)
		}
		wantFinding(t, report.Findings, "VU-202", "pdb/shared/telegraf-prom", "kubectl vantiq-upgrade pause-pdb-blockers deployment/shared/telegraf-prom")
		if n, err := s.CordonedNodes(t.Context(), "keycloaknp"); err != nil || n != 0 {
			t.Errorf("%d nodes were cordoned (%v)", n, err)
		}
	})
	t.Run("the remedy works", func(t *testing.T) {
		s.Kubectl(t, "scale", "deployment", "-n", "shared", "telegraf-prom", "--replicas=0").Want(t, 0)
		s.Kubectl(t, "wait", "-n", "shared", "--for=delete", "pod", "-l", "app=telegraf-prom", "--timeout=30s")
		r := s.ThroughKubectl(t, "drain-pool", "keycloaknp", "--yes", "--delete-emptydir-data", "-o", "json").Want(t, 0)
		for _, w := range drainReport(t, r).Result.Workloads {
			if w.LowestReady < w.Floor || w.ReadyAfter < w.ReadyBefore {
				t.Errorf("%+v", w)
			}
		}
		s.ThroughKubectl(t, "uncordon-pool", "keycloaknp").Want(t, 0)
	})
	t.Run("vantiq and mongodb never together", func(t *testing.T) {
		s.Kubectl(t, "cordon", "-l", "agentpool=mongodbnp").Want(t, 0)
		r := s.ThroughKubectl(t, "drain-pool", "vantiqnp", "--yes", "-o", "json").Want(t, 2)
		wantFinding(t, drainReport(t, r).Findings, "VU-216", "statefulset/app/vantiq", "statefulset/app/mongodb", "uncordon-pool mongodbnp")
		s.Kubectl(t, "uncordon", "-l", "agentpool=mongodbnp").Want(t, 0)
	})
	t.Run("a dependency is not Ready", func(t *testing.T) {
		s.Kubectl(t, "patch", "statefulset", "keycloak", "-n", "shared", "-p",
			`{"spec":{"template":{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/start-fast":"never"}}}}}`).Want(t, 0)
		s.Kubectl(t, "wait", "-n", "shared", "--for=jsonpath={.status.readyReplicas}=2", "statefulset/keycloak", "--timeout=60s").Want(t, 0)
		r := s.ThroughKubectl(t, "drain-pool", "vantiqnp", "--yes", "-o", "json").Want(t, 2)
		wantFinding(t, drainReport(t, r).Findings, "VU-215", "statefulset/app/vantiq", "statefulset/shared/keycloak", "2 of 3")
		if n, err := s.CordonedNodes(t.Context(), "vantiqnp"); err != nil || n != 0 {
			t.Errorf("%d nodes were cordoned (%v)", n, err)
		}
	})
}

// TestEKSLayout drains the MongoDB node group by the short name of its pool.
func TestEKSLayout(t *testing.T) {
	s := layouts.Start(t, "eks")
	if out := s.ThroughKubectl(t, "pools").Want(t, 0).Stdout; !strings.Contains(out, "MongoDB-nodegroup        mongodb        3") {
		t.Errorf("pools:\n%s", out)
	}
	members := s.Record(t, "app", "app=mongodb")
	report := drainReport(t, s.ThroughKubectl(t, "drain-pool", "mongodb", "--yes", "-o", "json").Want(t, 0))
	if report.Name != "MongoDB-nodegroup" || report.Outcome != "Done" {
		t.Errorf("%s: %s", report.Name, report.Outcome)
	}
	if members.Lowest() < 2 {
		t.Errorf("MongoDB fell to %d ready members", members.Lowest())
	}
}
