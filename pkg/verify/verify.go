// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Input is what is judged.
type Input struct {
	Snapshot *cluster.Snapshot
	Survey   *cluster.Survey
	Pools    []pool.Pool
	Profile  *profile.View
	// Now are the records of the same state.
	Now *v1alpha1.ClusterSnapshot
	// Status is what is still ours, Placement where the pods are.
	Status    *v1alpha1.StatusReport
	Placement *v1alpha1.PlacementReport
	// Baseline is the state to compare with; nil for none. Source says where it
	// was kept.
	Baseline *v1alpha1.ClusterSnapshot
	Source   string
	// Target is the version that every kubelet should have; nil for none.
	Target *Target
	// Probes are the answers of pages.
	Probes []v1alpha1.Probe
	// Ignore are the findings that are left out of the verdict.
	Ignore []Rule
	// Time is when the cluster was looked at.
	Time time.Time
}

// Judge makes every check.
func Judge(in Input) *v1alpha1.VerifyReport {
	j := newJudge(in)
	r := &v1alpha1.VerifyReport{
		TypeMeta: v1alpha1.TypeMeta("VerifyReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Time: metav1.NewTime(in.Time), Cluster: in.Now.Cluster, Target: in.Target.String(),
		Checks: []v1alpha1.Check{}, Findings: []v1alpha1.Finding{}, Probes: in.Probes, Checklist: checklist(in.Profile),
	}
	if in.Baseline != nil {
		r.Baseline = &v1alpha1.BaselineRef{Source: in.Source, Time: in.Baseline.Time, Version: in.Baseline.Cluster.Version}
	}
	for _, c := range checks() {
		r.Checks = append(r.Checks, j.make(c))
	}
	_, ignored, unused := Apply(j.all, in.Ignore)
	r.Ignored = ignored
	r.Findings = append(append(r.Findings, j.kept...), unused...)
	finding.Sort(r.Findings)
	r.Differences, r.Events = j.sorted(), j.events
	r.Outcome = outcome(r.Findings)
	return r
}

// outcome is the verdict of findings.
func outcome(findings []v1alpha1.Finding) v1alpha1.VerifyOutcome {
	failed := slices.ContainsFunc(findings, func(f v1alpha1.Finding) bool {
		return f.Severity == v1alpha1.SeverityError && f.Code != string(finding.CheckNotMade)
	})
	switch {
	case failed:
		return v1alpha1.VerifyFailed
	case finding.HasErrors(findings):
		return v1alpha1.VerifyNotChecked
	}
	return v1alpha1.VerifyPassed
}

// checklist is what only a person can see, in the order of the runbook; nothing
// where there is no installation.
func checklist(p *profile.View) []v1alpha1.ChecklistItem {
	if len(p.Installations()) == 0 {
		return []v1alpha1.ChecklistItem{}
	}
	const ide = "Vantiq IDE"
	return []v1alpha1.ChecklistItem{
		{Where: ide, Text: "The System Admin can open the IDE, and sees what was there before the upgrade"},
		{Where: "Grafana", Text: "The System Admin can open Grafana, and its dashboards show what they showed before the upgrade"},
		{Where: ide, Text: "System namespace: no new errors, or their causes are known"},
		{Where: ide, Text: "Organization root: no new errors, or their causes are known"},
		{Where: ide, Text: "Application namespaces: no data of before the upgrade is missing"},
		{Where: ide, Text: "Application namespaces: no new errors, or their causes are known"},
	}
}
