// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

func TestCanonicalName(t *testing.T) {
	tests := map[string][]string{
		"deployment/shared/telegraf-prom": {
			"deployment/shared/telegraf-prom", "deploy/shared/telegraf-prom", "deployments/shared/telegraf-prom", "Deployment/shared/telegraf-prom",
			"deployment.apps/shared/telegraf-prom", "deployments.apps/shared/telegraf-prom", "deployment.v1.apps/shared/telegraf-prom", "DEPLOY/shared/telegraf-prom",
		},
		"statefulset/app/mongodb": {"statefulset/app/mongodb", "sts/app/mongodb", "statefulsets/app/mongodb", "StatefulSet.apps/app/mongodb"},
		"replicaset/app/web":      {"rs/app/web", "replicasets.apps/app/web"},
		"daemonset/app/agent":     {"ds/app/agent", "DaemonSet/app/agent"},
		"job/app/backup":          {"jobs/app/backup", "job.batch/app/backup"},
		"pdb/app/web": {
			"pdb/app/web", "PDB/app/web", "poddisruptionbudget/app/web", "PodDisruptionBudgets/app/web", "poddisruptionbudget.policy/app/web", "poddisruptionbudgets.v1.policy/app/web",
		},
		"node/n1": {"node/n1", "no/n1", "nodes/n1", "Node/n1"},
		// The name keeps its case, and one without a namespace stays without one.
		"deployment/App/Web": {"deploy/App/Web"},
		"deployment/web":     {"deploy/web"},
		// What is none of these is left as it is.
		"web":                       {"web"},
		"":                          {""},
		"/a/b":                      {"/a/b"},
		"Rollout/app/web":           {"Rollout/app/web"},
		"deployment.extensions/a/b": {"deployment.extensions/a/b"},
		"node.policy/n1":            {"node.policy/n1"},
		// A kind of another group keeps it.
		"statefulset.apps.x/app/web":         {"statefulset.apps.x/app/web", "StatefulSets.apps.x/app/web", "statefulset.Apps.x/app/web"},
		"rollout.argoproj.io/app/web":        {"Rollout.argoproj.io/app/web"},
		"daemonset.apps.kruise.io/app/agent": {"daemonsets.apps.kruise.io/app/agent"},
	}
	for want, names := range tests {
		for _, name := range names {
			if got := canonicalName(name); got != want {
				t.Errorf("%q is %q, want %q", name, got, want)
			}
		}
	}
}

// TestCanonicalNamesAreOurs: what it makes is what the journal and the workloads
// are called.
func TestCanonicalNamesAreOurs(t *testing.T) {
	for name, want := range map[string]string{
		"deploy/a/b": journal.Object{Kind: "Deployment", Namespace: "a", Name: "b"}.String(),
		"sts/a/b":    cluster.Ref{Kind: cluster.KindStatefulSet, Namespace: "a", Name: "b"}.String(),
		"StatefulSet.apps.kruise.io/a/b": cluster.Ref{
			Kind: cluster.KindOf("apps.kruise.io/v1beta1", "StatefulSet"), Namespace: "a", Name: "b",
		}.String(),
		"poddisruptionbudget.policy/a/b": journal.Object{
			Kind: "PodDisruptionBudget", Namespace: "a", Name: "b",
		}.String(),
		"no/n1": journal.Object{Kind: "Node", Name: "n1"}.String(),
	} {
		if got := canonicalName(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
