// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

func floor(ready int, from string) disruption.Floor {
	return disruption.Floor{Ready: ready, From: from}
}

func deployment(replicas int, options ...fixture.Option) *cluster.Workload {
	d := fixture.Deployment("app/web", append(options, fixture.Replicas(replicas))...)
	return fixture.Snapshot(d).FindWorkload("Deployment", "app", "web")
}

func statefulSet(replicas int) *cluster.Workload {
	set := fixture.StatefulSet("app/db", fixture.Replicas(replicas))
	return fixture.Snapshot(set).FindWorkload("StatefulSet", "app", "db")
}

// quorum is a floor beside a majority to keep.
func quorum(n int, f disruption.Floor) disruption.Floor {
	f.Quorum = n
	return f
}

func TestFloorOfUpdateStrategy(t *testing.T) {
	const own = "update strategy"
	tests := map[string]struct {
		workload *cluster.Workload
		want     disruption.Floor
	}{
		"Deployment of 2: 25 % is 0, one may go all the same": {deployment(2), floor(1, own)},
		"Deployment of 4":                                   {deployment(4), floor(3, own)},
		"Deployment of 7: rounded down":                     {deployment(7), floor(6, own)},
		"Deployment of 8":                                   {deployment(8), floor(6, own)},
		"Deployment, maxUnavailable 0 with a surge":         {deployment(3, fixture.MaxUnavailable("0")), floor(2, own)},
		"Deployment, maxUnavailable 2":                      {deployment(5, fixture.MaxUnavailable("2")), floor(3, own)},
		"Deployment, maxUnavailable more than there are":    {deployment(3, fixture.MaxUnavailable("9")), floor(0, own)},
		"Deployment, maxUnavailable 50 %: rounded down":     {deployment(5, fixture.MaxUnavailable("50%")), floor(3, own)},
		"Deployment, maxUnavailable 100 %":                  {deployment(4, fixture.MaxUnavailable("100%")), floor(0, own)},
		"Deployment, a value that no server accepts":        {deployment(4, fixture.MaxUnavailable("many")), floor(3, own)},
		"Deployment that is recreated: no licence to do so": {deployment(8, fixture.Recreate()), floor(6, own)},
		"StatefulSet of 3":                                  {statefulSet(3), floor(2, own)},
		"StatefulSet of 40: one at a time":                  {statefulSet(40), floor(39, own)},
		"a kind that is not read: one at a time":            {&cluster.Workload{Ref: cluster.Ref{Kind: "Rollout"}, Replicas: 8}, floor(7, own)},
		"single replica":                                    {deployment(1), floor(0, "single replica")},
		"scaled to zero":                                    {statefulSet(0), floor(0, "no replicas")},
		"Job":                                               {&cluster.Workload{Ref: cluster.Ref{Kind: "Job"}, Replicas: 4}, floor(0, "none")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := disruption.FloorOf(test.workload, nil, nil, nil); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestFloorOfIsTheStrictest(t *testing.T) {
	majority := &profile.Workload{Floor: profile.MajorityFloor()}
	four := &profile.Workload{Floor: profile.NumberFloor(4)}
	nothing := &profile.Workload{}
	pdb := func(option fixture.Option) []*policyv1.PodDisruptionBudget {
		return []*policyv1.PodDisruptionBudget{fixture.PDB("app/budget", option)}
	}
	tests := map[string]struct {
		workload       *cluster.Workload
		known          *profile.Workload
		pdbs           []*policyv1.PodDisruptionBudget
		maxUnavailable string
		want           disruption.Floor
	}{
		// The strategy of a StatefulSet is as strict as the majority of 3; the
		// profile is the better reason to give.
		"majority of 3":              {workload: statefulSet(3), known: majority, want: quorum(2, floor(2, "profile"))},
		"majority of 5 is less":      {workload: statefulSet(5), known: majority, want: quorum(3, floor(4, "update strategy"))},
		"majority of 5, two may go":  {workload: statefulSet(5), known: majority, maxUnavailable: "2", want: quorum(3, floor(3, "profile"))},
		"majority of 2 allows none":  {workload: statefulSet(2), known: majority, want: quorum(2, floor(2, "profile"))},
		"majority of 1":              {workload: statefulSet(1), known: majority, want: floor(0, "single replica")},
		"a number in the profile":    {workload: deployment(4), known: four, want: floor(4, "profile")},
		"known, but without a floor": {workload: statefulSet(3), known: nothing, want: floor(2, "update strategy")},

		"budget stricter than the strategy":    {workload: deployment(8), pdbs: pdb(fixture.MinAvailable("7")), want: floor(7, "pdb/budget")},
		"budget as strict: it is the reason":   {workload: deployment(8), pdbs: pdb(fixture.MinAvailable("6")), want: floor(6, "pdb/budget")},
		"budget laxer than the strategy":       {workload: deployment(8), pdbs: pdb(fixture.MinAvailable("1")), want: floor(6, "update strategy")},
		"budget that allows none":              {workload: statefulSet(3), pdbs: pdb(fixture.MaxUnavailable("0")), want: floor(3, "pdb/budget")},
		"budget over the number of replicas":   {workload: statefulSet(3), pdbs: pdb(fixture.MinAvailable("5")), want: floor(5, "pdb/budget")},
		"minAvailable in percent rounds up":    {workload: deployment(8), pdbs: pdb(fixture.MinAvailable("76%")), want: floor(7, "pdb/budget")},
		"maxUnavailable in percent rounds up":  {workload: deployment(12, fixture.MaxUnavailable("6")), pdbs: pdb(fixture.MaxUnavailable("10%")), want: floor(10, "pdb/budget")},
		"maxUnavailable over the replicas":     {workload: deployment(3), pdbs: pdb(fixture.MaxUnavailable("9")), want: floor(2, "update strategy")},
		"budget that cannot be read":           {workload: deployment(3), pdbs: pdb(fixture.MinAvailable("many")), want: floor(3, "pdb/budget")},
		"maxUnavailable that cannot be read":   {workload: deployment(3), pdbs: pdb(fixture.MaxUnavailable("many")), want: floor(3, "pdb/budget")},
		"budget that says nothing":             {workload: deployment(3), pdbs: pdb(fixture.Label("a", "b")), want: floor(2, "update strategy")},
		"profile stricter than the budget":     {workload: statefulSet(4), known: four, pdbs: pdb(fixture.MinAvailable("2")), want: floor(4, "profile")},
		"budget stricter than the profile":     {workload: statefulSet(5), known: majority, pdbs: pdb(fixture.MinAvailable("5")), want: quorum(3, floor(5, "pdb/budget"))},
		"the strictest of two budgets":         {workload: statefulSet(5), pdbs: append(pdb(fixture.MinAvailable("5")), fixture.PDB("app/lax", fixture.MinAvailable("1"))), want: floor(5, "pdb/budget")},
		"single replica under a strict budget": {workload: statefulSet(1), pdbs: pdb(fixture.MinAvailable("1")), want: floor(0, "single replica")},

		"--max-unavailable relaxes":                  {workload: statefulSet(8), maxUnavailable: "3", want: floor(5, "--max-unavailable")},
		"--max-unavailable tightens":                 {workload: deployment(8), maxUnavailable: "1", want: floor(7, "--max-unavailable")},
		"--max-unavailable in percent rounds down":   {workload: statefulSet(7), maxUnavailable: "50%", want: floor(4, "--max-unavailable")},
		"--max-unavailable 25 % of 3 is one":         {workload: statefulSet(3), maxUnavailable: "25%", want: floor(2, "--max-unavailable")},
		"--max-unavailable 0 means none":             {workload: statefulSet(3), maxUnavailable: "0", want: floor(3, "--max-unavailable")},
		"--max-unavailable 0 % means none":           {workload: statefulSet(3), maxUnavailable: "0%", want: floor(3, "--max-unavailable")},
		"--max-unavailable 100 %":                    {workload: statefulSet(3), maxUnavailable: "100%", want: floor(0, "--max-unavailable")},
		"--max-unavailable over the replicas":        {workload: statefulSet(3), maxUnavailable: "9", want: floor(0, "--max-unavailable")},
		"--max-unavailable never below the profile":  {workload: statefulSet(3), known: majority, maxUnavailable: "100%", want: quorum(2, floor(2, "profile"))},
		"--max-unavailable says nothing of a budget": {workload: deployment(8), pdbs: pdb(fixture.MinAvailable("1")), maxUnavailable: "100%", want: floor(6, "update strategy")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var maxUnavailable *intstr.IntOrString
			if test.maxUnavailable != "" {
				maxUnavailable = new(intstr.Parse(test.maxUnavailable))
			}
			if got := disruption.FloorOf(test.workload, test.known, test.pdbs, maxUnavailable); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
