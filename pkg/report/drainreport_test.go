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

// TestWhatMoved: what moved is told apart from what is only gone, lost, on the way or
// still there; of workloads that others changed nothing is claimed.
func TestWhatMoved(t *testing.T) {
	whole := v1alpha1.DrainedWorkload{Replicas: 3, ReadyBefore: 3, ReadyAfter: 3}
	broken := v1alpha1.DrainedWorkload{Replicas: 3, ReadyAfter: 0, BrokenBefore: 3}
	changed := v1alpha1.DrainedWorkload{ReadyBefore: 4, ReplicasBefore: 4, Changed: "deleted"}
	for _, test := range []struct {
		counts    v1alpha1.DrainCounts
		workloads []v1alpha1.DrainedWorkload
		tally     string
		readiness string
	}{
		{
			v1alpha1.DrainCounts{Moved: 2},
			[]v1alpha1.DrainedWorkload{whole},
			"1 node cordoned by this run, 2 pods moved, 0 still there",
			" and every workload is at its former readiness",
		},
		{
			v1alpha1.DrainCounts{Moved: 1, Gone: 2, Lost: 1},
			[]v1alpha1.DrainedWorkload{whole, broken},
			"1 node cordoned by this run, 1 pod moved, 2 gone without a replacement to wait for, 1 lost, 0 still there",
			" and every workload is at its former readiness (1 workload not whole before either)",
		},
		{
			v1alpha1.DrainCounts{Replacing: 1, Returned: 2, Terminating: 1, LeftAlone: 3, StillThere: 4},
			[]v1alpha1.DrainedWorkload{whole, changed},
			"1 node cordoned by this run, 0 pods moved, 1 on the way, 2 came back to the pool, 4 still there (1 of them evicted)",
			" and every other workload is at its former readiness; others changed 1 workload meanwhile",
		},
		{
			v1alpha1.DrainCounts{Gone: 4},
			[]v1alpha1.DrainedWorkload{changed},
			"1 node cordoned by this run, 0 pods moved, 4 gone without a replacement to wait for, 0 still there",
			", and others changed 1 workload meanwhile",
		},
	} {
		if got := tally(&v1alpha1.DrainResult{Cordoned: []string{"n1"}, Counts: test.counts}); got != test.tally {
			t.Errorf("%s\nwant %s", got, test.tally)
		}
		if got := readiness(test.workloads); got != test.readiness {
			t.Errorf("%s\nwant %s", got, test.readiness)
		}
	}
}

// TestNotesOnPods stand in a column of their own, only where there are some.
func TestNotesOnPods(t *testing.T) {
	r := &v1alpha1.DrainResult{Pods: []v1alpha1.MovedPod{
		{PodRef: v1alpha1.PodRef{Namespace: "app", Name: "a", Node: "n1"}, ToNode: "s1", State: "Moved", How: v1alpha1.HowEvicted, UnavailableSeconds: 3.1},
		{PodRef: v1alpha1.PodRef{Namespace: "app", Name: "b", Node: "n1"}, State: "Gone", How: v1alpha1.HowFinished},
		{PodRef: v1alpha1.PodRef{Namespace: "app", Name: "c", Node: "n1"}, State: "Terminating", How: v1alpha1.HowBefore},
		{PodRef: v1alpha1.PodRef{Namespace: "app", Name: "d", Node: "n1"}, State: "Gone", How: v1alpha1.HowByOthers},
		{PodRef: v1alpha1.PodRef{Namespace: "app", Name: "e", Node: "n1"}, State: "Gone", How: v1alpha1.HowEvicted, Lost: true},
	}}
	var out strings.Builder
	if err := printResult(&out, r, Style{width: 80}, false); err != nil {
		t.Fatal(err)
	}
	lines(t, out.String(), `
POD     FROM   TO       STATE         AWAY   NOTE
app/a   n1     s1       Moved         3.1s
app/b   n1     <none>   Gone                 had ended
app/c   n1     <none>   Terminating          left before
app/d   n1     <none>   Gone                 by others
app/e   n1     <none>   Gone                 lost

`)
}
