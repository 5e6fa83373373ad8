// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func TestDrainReport(t *testing.T) {
	r := &v1alpha1.DrainReport{
		Outcome: v1alpha1.DrainDone, DryRun: "none",
		Result: &v1alpha1.DrainResult{
			Seconds: 9.5,
			Pods: []v1alpha1.MovedPod{{
				PodRef: v1alpha1.PodRef{Namespace: "app", Name: "mongodb-2", Node: "aks-mongodbnp-34842842-vmss000002"},
				ToNode: "aks-keycloaknp-15823220-vmss000002", State: "Moved", How: "Evicted", UnavailableSeconds: 3.1,
			}},
			Counts: v1alpha1.DrainCounts{Moved: 1},
			Workloads: []v1alpha1.DrainedWorkload{
				{Kind: "StatefulSet", Namespace: "app", Name: "mongodb", Replicas: 3, Floor: 2, ReadyBefore: 3, LowestReady: 2, ReadyAfter: 3, ReplicasBefore: 3},
				{Kind: "Deployment", Namespace: "ingress-nginx", Name: "ingress-nginx-controller", Replicas: 2, Floor: 1, ReadyBefore: 2, LowestReady: 1, ReadyAfter: 2, ReplicasBefore: 2},
			},
		},
	}
	var out strings.Builder
	if err := DrainReport(&out, r, next(), Style{width: 80}, false); err != nil {
		t.Fatal(err)
	}
	lines(t, out.String(), `
POD             FROM                   TO                      STATE   AWAY
app/mongodb-2   mongodbnp-vmss000002   keycloaknp-vmss000002   Moved   3.1s

WORKLOAD                                        FLOOR   BEFORE   LOWEST   NOW
sts app/mongodb                                 2       3/3      2/3      3/3
deploy ingress-nginx/ingress-nginx-controller   1       2/2      1/2      2/2

Done in 9.5s: 1 pod moved.
Read back: the pool is empty and every workload is at its former readiness.
The pods stay where they are now; giving the pool back does not bring them back.
Next: upgrade the nodes, then kubectl vantiq-upgrade give-back
`)
}
