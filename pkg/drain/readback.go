// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// record writes down what became of the pods and the workloads. Where the engine did
// not come to begin, all are where they were.
func (e *Engine) record(plan *Plan, result *v1alpha1.DrainResult) {
	if e.plan == nil {
		e.begin(plan)
	}
	result.Pods, result.Workloads = e.Moved(), e.Workloads()
	result.Counts = countsOf(result.Pods)
}

// readBack takes in a last reading past the watches, writes down what became of
// the pods, and says what is not as it should be. What is in the lists, in the
// counts and in the findings comes from that one reading.
func (e *Engine) readBack(s *cluster.Snapshot, result *v1alpha1.DrainResult) []v1alpha1.Finding {
	now, before := e.Clock.Now(), len(e.findings)
	e.snapshot = s
	e.observe(s, now)
	e.record(e.plan, result)
	findings := append([]v1alpha1.Finding{}, e.findings[before:]...)
	left := selector{snapshot: s, view: e.plan.view, options: e.plan.options}.selectFrom(e.plan.Pool.NodeNames()).targets
	result.Counts.StillThere = len(left)
	for _, t := range left {
		result.Left = append(result.Left, podRef(t))
		if f, untold := e.leftThere(t, s, now); untold {
			findings = append(findings, f)
		}
	}
	for _, g := range e.groups {
		findings = append(findings, e.readBackGroup(g)...)
	}
	return append(findings, e.readBackJoined(s)...)
}

// leftThere is the finding for a pod that is still on the pool. It is told once:
// where the drain gave its workload up the cause has been told, but each pod that
// does not end is named.
func (e *Engine) leftThere(t Target, s *cluster.Snapshot, now time.Time) (v1alpha1.Finding, bool) {
	object, m, g := cluster.PodObject(t.Pod), e.memberOf(t.Pod), e.groupOf(t)
	for _, f := range e.findings {
		if f.Object == object {
			return v1alpha1.Finding{}, false
		}
	}
	switch {
	case m != nil && m.phase == leaving && now.Sub(m.leftAt) > m.grace():
		return stuck(m, s, now), true
	case g != nil && g.stopped != nil, e.refused[refOf(t).String()]:
		return v1alpha1.Finding{}, false
	}
	return finding.New(finding.PoolNotEmpty, object,
		"still on "+t.Pod.Spec.NodeName, "kubectl describe pod -n "+t.Pod.Namespace+" "+t.Pod.Name), true
}

func (e *Engine) memberOf(pod *corev1.Pod) *member {
	for _, g := range e.groups {
		for _, m := range g.members {
			if m.Pod.UID == pod.UID {
				return m
			}
		}
	}
	return nil
}

// readBackGroup compares a workload with what it was before the drain.
func (e *Engine) readBackGroup(g *group) []v1alpha1.Finding {
	if !g.isReplaced() {
		return nil
	}
	var findings []v1alpha1.Finding
	if g.changed != "" && (g.stopped == nil || g.stopped.Code != string(finding.WorkloadChanged)) {
		f := finding.Newf(finding.WorkloadChanged, g.ref.String(), "%s by somebody else while the pool was drained", g.changed)
		if g.replicas > 0 {
			f = finding.WithSeverity(f, v1alpha1.SeverityInfo) // as an autoscaler does
		}
		findings = append(findings, f)
	}
	get := "kubectl get pods -n " + g.ref.Namespace + " -o wide"
	switch {
	case g.stopped != nil || g.replicas == 0:
	case g.ready < g.expected():
		findings = append(findings, finding.New(finding.WorkloadNotBack, g.ref.String(), fmt.Sprintf("%d of %d Ready%s", g.ready, g.replicas, g.lack.suffix()), get))
	case g.ready < g.replicas:
		findings = append(findings, finding.New(finding.WorkloadStillBroken, g.ref.String(),
			fmt.Sprintf("not whole before the drain, and as far from it after: %d of %d were Ready, now %d of %d", g.before, g.replicasBefore, g.ready, g.replicas), get))
	}
	return findings
}
