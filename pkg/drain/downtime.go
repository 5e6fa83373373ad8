// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// Downtime reports whether the workload may be away while it moves: it has one
// replica, or no floor keeps any of its Ready pods.
func (m Member) Downtime() bool {
	w := m.Workload
	if w.IsTask() || w.Replicas <= 1 {
		return w.Replicas == 1 && !w.IsTask()
	}
	leaving := 0
	for _, t := range m.Targets {
		if cluster.IsServing(t.Pod) {
			leaving++
		}
	}
	return m.Floor.Ready == 0 && leaving > 0 && leaving == w.Ready()
}

// lessAtOnce is what has the pods of a workload without a floor go one after the
// other. A budget's word is not the drain's to better.
func (m Member) lessAtOnce() string {
	if budget, is := strings.CutPrefix(m.Floor.From, disruption.FromBudget); is {
		return "kubectl describe pdb -n " + m.Workload.Namespace + " " + budget + " # have it keep some, or announce that it is away"
	}
	return "add --max-unavailable=1 to have them go one after the other"
}

// announces reports whether the plan has told that a workload is away while it moves.
// It could not tell so of one that was not on the pool yet.
func (p *Plan) announces(ref cluster.Ref) bool {
	for _, m := range p.Members {
		if m.Workload.Ref == ref {
			return m.Downtime()
		}
	}
	return true
}

// unannounced is where the floor of a workload comes from that had one when the plan
// was made, and has none by what somebody else has changed since.
const unannounced = "the plan announced no downtime"

// lastOne says so when all that is left of a workload to go is a pod without which it
// would be away, and the plan did not say so: an autoscaler has scaled it down. It gets
// a moment, since that may scale it up again.
func (e *Engine) lastOne(g *group, now time.Time) (v1alpha1.Finding, bool) {
	if g.floor.From != unannounced || g.replicas != 1 || now.Sub(g.lastProgress) < e.plan.options.startPatience() {
		return v1alpha1.Finding{}, false
	}
	m, cause := g.held()
	if m == nil || !cluster.IsServing(m.Pod) {
		return v1alpha1.Finding{}, false
	}
	f := finding.New(finding.WorkloadChanged, g.ref.String(),
		cmp.Or(g.changed, "scaled to 1")+" by somebody else while the pool was drained: it would be away while "+cluster.PodObject(m.Pod)+" moves ("+cause+")",
		again+": its plan announces that")
	return finding.WithSeverity(f, v1alpha1.SeverityError), true
}
