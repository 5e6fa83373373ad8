// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Plan is what a drain of a pool is going to do, judged before it is touched.
type Plan struct {
	Pool    pool.Pool
	Targets []Target
	// Members are the workloads behind the targets, in the order of their names.
	Members []Member
	// Former are workloads that an earlier run moved from the pool; they must be
	// whole before this one says that it is done.
	Former []*cluster.Workload
	// Waves are sets of targets that can be away at the same time.
	Waves [][]Target
	// Stay counts the pods that a drain leaves.
	Stay int
	// Paused counts the pods that go because their workload is scaled to zero
	// before the drain begins.
	Paused int
	// OurOtherPools are other pools with cordons of ours.
	OurOtherPools []string
	Findings      []v1alpha1.Finding

	view    *profile.View
	options Options
	jobs    cluster.Jobs // as they were
}

// Member is a workload with pods on the pool.
type Member struct {
	Workload *cluster.Workload
	Floor    disruption.Floor
	Targets  []Target
	// Broken counts the pods that were not Ready and had little hope to be, Missing the
	// replicas that are missing for it.
	Broken, Missing int
	// force is Options.Force.
	force bool
}

// NewPlan judges a drain of p over a Snapshot. Pools are all pools of the
// cluster: a never-together pool may be one of them.
func NewPlan(s *cluster.Snapshot, p pool.Pool, pools []pool.Pool, prof *profile.Profile, options Options) *Plan {
	plan := &Plan{Pool: p, view: disruption.ViewOf(s, prof), options: options, jobs: s.Jobs()}
	chosen := selector{snapshot: s, view: plan.view, options: options}.selectFrom(p.NodeNames())
	plan.Targets, plan.Stay, plan.Paused, plan.Findings = chosen.targets, chosen.stay, chosen.paused, chosen.findings
	plan.Members = plan.members(s)
	plan.Former = plan.former(s)
	plan.Findings = append(plan.Findings, plan.blockers(s, pools)...)
	plan.Findings = append(plan.Findings, plan.warnings()...)
	plan.Findings = append(plan.Findings, plan.comesBack(s)...)
	plan.Findings = append(plan.Findings, plan.stoppedBlockers(s)...)
	plan.Findings = append(plan.Findings, plan.fullNodes()...)
	plan.OurOtherPools = ourOtherPools(p, pools)
	finding.Sort(plan.Findings)
	plan.Waves = plan.waves(s)
	return plan
}

// members groups the unfinished targets by workload.
func (p *Plan) members(s *cluster.Snapshot) []Member {
	byRef := map[cluster.Ref]*Member{}
	for _, t := range p.Targets {
		w := s.Workload(t.Owner)
		if w == nil || cluster.IsFinished(t.Pod) || w.Kind == cluster.KindDaemonSet {
			continue // nothing replaces these
		}
		if byRef[t.Owner] == nil {
			byRef[t.Owner] = &Member{Workload: w, Floor: floorOf(s, w, p.view, p.options), Broken: len(broken(w)), Missing: missingFor(w), force: p.options.Force}
		}
		byRef[t.Owner].Targets = append(byRef[t.Owner].Targets, t)
	}
	members := make([]Member, 0, len(byRef))
	for _, m := range byRef {
		slices.SortFunc(m.Targets, evictionOrder)
		members = append(members, *m)
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Compare(a.Workload.String(), b.Workload.String())
	})
	return members
}

// floorOf finds the floor of a workload among the budgets that select its pods.
func floorOf(s *cluster.Snapshot, w *cluster.Workload, view *profile.View, options Options) disruption.Floor {
	var budgets []*policyv1.PodDisruptionBudget
	for _, pod := range w.Pods {
		// Labels may differ from pod to pod in the middle of a rollout.
		for _, pdb := range s.PDBsOf(pod) {
			if !slices.Contains(budgets, pdb) {
				budgets = append(budgets, pdb)
			}
		}
	}
	known := view.Lookup(profileObject(w.Ref))
	return disruption.FloorOf(w, known, soleBudgets(s, budgets, w), options.MaxUnavailable)
}

// soleBudgets keeps the budgets whose pods all belong to w: only those say how
// many pods of w must be healthy. One that spans workloads still holds, by its
// own status.
func soleBudgets(s *cluster.Snapshot, budgets []*policyv1.PodDisruptionBudget, w *cluster.Workload) []*policyv1.PodDisruptionBudget {
	return slices.DeleteFunc(slices.Clone(budgets), func(pdb *policyv1.PodDisruptionBudget) bool {
		return slices.ContainsFunc(s.PodsOf(pdb), func(pod *corev1.Pod) bool {
			owner, _ := s.Owner(pod)
			return owner != w.Ref
		})
	})
}

// warnings tells what an operator should know and what does not block.
func (p *Plan) warnings() []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, m := range p.Members {
		findings = append(findings, m.warnings()...)
	}
	for _, node := range p.Pool.Nodes {
		if !cluster.IsNodeReady(node) {
			findings = append(findings, finding.New(finding.NodeNotReady, "node/"+node.Name,
				"not Ready: its kubelet may not confirm that pods ended",
				"kubectl describe node "+node.Name))
		}
	}
	return findings
}

func (m Member) warnings() []v1alpha1.Finding {
	w := m.Workload
	var findings []v1alpha1.Finding
	switch {
	case !m.Downtime():
	case w.Replicas == 1:
		findings = append(findings, finding.Newf(finding.WorkloadDowntime, w.String(),
			"one replica: it is away while it moves"))
	default:
		findings = append(findings, finding.New(finding.WorkloadDowntime, w.String(),
			fmt.Sprintf("all its %d Ready pods are on the pool and may be away at once: its floor is 0 (%s)", w.Ready(), m.Floor.From),
			m.lessAtOnce()))
	}
	if message := m.held(); message != "" {
		findings = append(findings, finding.New(finding.WorkloadBelowFloor, w.String(), message,
			"kubectl get pods -n "+w.Namespace+" -o wide"))
	}
	if m.Broken > 0 {
		findings = append(findings, finding.New(finding.WorkloadPodsBroken, w.String(),
			fmt.Sprintf("%d broken of its %d pods, such as %s; the drain does not wait for them to become Ready", m.Broken, len(w.Pods), m.firstBroken()),
			"kubectl get pods -n "+w.Namespace+" -o wide"))
	}
	return findings
}

// stoppedBlockers reminds of known blockers that stand at zero, so that nobody
// forgets them after the upgrade.
func (p *Plan) stoppedBlockers(s *cluster.Snapshot) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, w := range s.Workloads() {
		if w.Scaled && w.Replicas == 0 && p.view.Blocker(profileObject(w.Ref)) != nil {
			findings = append(findings, finding.New(finding.BlockerStopped, w.String(),
				"scaled to zero; it has to be started again after the upgrade", startAgain(w)))
		}
	}
	return findings
}

// startAgain is the command that starts a stopped workload: the one that knows
// how many replicas it had, where we have paused it.
func startAgain(w *cluster.Workload) string {
	if w.Meta != nil {
		if _, paused := w.Meta.Annotations[journal.PausedAnnotation]; paused {
			return "kubectl vantiq-upgrade resume-pdb-blockers # after the upgrade"
		}
	}
	return scaleCommand(w.Ref, 1) + " # after the upgrade"
}

// ourOtherPools names the pools but p that have cordons of ours.
func ourOtherPools(p pool.Pool, pools []pool.Pool) []string {
	var names []string
	for _, other := range pools {
		ours := slices.ContainsFunc(other.Nodes, func(n *corev1.Node) bool {
			_, marked := MarkOf(n)
			return marked && n.Spec.Unschedulable
		})
		if ours && other.Name != p.Name {
			names = append(names, other.Name)
		}
	}
	return names
}

// Blocked reports whether something was found that refuses the drain.
func (p *Plan) Blocked() bool { return finding.HasErrors(p.Findings) }

// Empty reports whether there is nothing to do and nothing to wait for: no pod
// needs to move, no node needs a cordon, and what an earlier run moved is whole.
func (p *Plan) Empty() bool {
	for _, w := range p.Former {
		if w.Ready() < w.Replicas {
			return false
		}
	}
	return len(p.Targets)+p.Paused == 0 && p.Pool.Cordoned() == len(p.Pool.Nodes)
}

// former finds the workloads in the marks of earlier cordons.
func (p *Plan) former(s *cluster.Snapshot) []*cluster.Workload {
	var list []*cluster.Workload
	for _, node := range p.Pool.Nodes {
		mark, _ := MarkOf(node)
		for _, name := range mark.Workloads {
			parts := strings.Split(name, "/")
			if len(parts) != 3 {
				continue
			}
			w := s.FindWorkload(parts[0], parts[1], parts[2])
			if w != nil && !p.isMember(w.Ref) && !slices.Contains(list, w) {
				list = append(list, w)
			}
		}
	}
	return list
}

// workloadsOn lists the workloads that a node's mark names: those whose pods
// leave it and come back elsewhere.
func (p *Plan) workloadsOn(node string) []string {
	var names []string
	for _, m := range p.Members {
		on := slices.ContainsFunc(m.Targets, func(t Target) bool { return t.Pod.Spec.NodeName == node })
		if on && !m.Workload.IsTask() {
			names = append(names, string(m.Workload.Kind)+"/"+m.Workload.Namespace+"/"+m.Workload.Name)
		}
	}
	return names
}

// evictionOrder puts first what costs least: pods that are broken, then others that
// are not Ready, then the
// highest ordinals, as the StatefulSet controller goes; a primary is mostly 0.
func evictionOrder(a, b Target) int {
	return cmp.Or(
		cmp.Compare(cost(a.Pod), cost(b.Pod)),
		-cmp.Compare(len(a.Pod.Name), len(b.Pod.Name)),
		-cmp.Compare(a.Pod.Name, b.Pod.Name),
	)
}

func cost(pod *corev1.Pod) int {
	switch {
	case disruption.IgnoresBudget(pod):
		return 0
	case cluster.IsServing(pod):
		return 3
	case cluster.IsBroken(pod):
		return 1
	}
	return 2
}
