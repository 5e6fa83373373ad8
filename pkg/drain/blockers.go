// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"slices"
	"strings"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// blockers finds what a drain could wait for in vain, or must not begin with.
func (p *Plan) blockers(s *cluster.Snapshot, pools []pool.Pool) []v1alpha1.Finding {
	findings := p.budgetBlockers(s)
	for _, m := range p.Members {
		if m.Workload.Replicas > 1 && m.Floor.Ready >= m.Workload.Replicas && !strings.HasPrefix(m.Floor.From, "pdb/") {
			findings = append(findings, finding.New(finding.FloorHoldsAll, m.Workload.String(),
				fmt.Sprintf("its floor of %d (%s) allows none of its %d replicas to go", m.Floor.Ready, m.Floor.From, m.Workload.Replicas),
				"lower the floor, or scale the workload up for the time of the drain"))
		}
		findings = append(findings, p.orderBlockers(s, m, pools)...)
	}
	return findings
}

// budgetBlockers judges each disruption budget over a target once.
func (p *Plan) budgetBlockers(s *cluster.Snapshot) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	judged := map[*policyv1.PodDisruptionBudget]bool{}
	for _, t := range p.Targets {
		if disruption.IgnoresBudget(t.Pod) {
			continue
		}
		budgets := slices.DeleteFunc(s.PDBsOf(t.Pod), p.isRelieved)
		if len(budgets) > 1 {
			findings = append(findings, severalBudgets(t, budgets))
		}
		for _, pdb := range budgets {
			if !judged[pdb] {
				judged[pdb] = true
				findings = append(findings, p.judgeBudget(s, pdb, t)...)
			}
		}
	}
	return findings
}

func (p *Plan) isRelieved(pdb *policyv1.PodDisruptionBudget) bool {
	return p.options.Relieved[pdb.Namespace+"/"+pdb.Name]
}

func severalBudgets(t Target, budgets []*policyv1.PodDisruptionBudget) v1alpha1.Finding {
	names := make([]string, 0, len(budgets))
	for _, pdb := range budgets {
		names = append(names, pdb.Name)
	}
	return finding.New(finding.PDBSeveral, cluster.PodObject(t.Pod),
		"selected by the disruption budgets "+strings.Join(names, " and ")+": the eviction API refuses such a pod",
		"kubectl delete pdb -n "+t.Pod.Namespace+" "+names[len(names)-1]+" # or narrow its selector")
}

func (p *Plan) judgeBudget(s *cluster.Snapshot, pdb *policyv1.PodDisruptionBudget, t Target) []v1alpha1.Finding {
	verdict := disruption.Classify(s, pdb)
	codes := map[disruption.Class]finding.Code{
		disruption.PermanentBySpec: finding.PDBPermanentBySpec,
		disruption.PermanentBySize: finding.PDBPermanentBySize,
		disruption.Failed:          finding.PDBFailed,
		disruption.Unhealthy:       finding.PDBUnhealthy,
		disruption.Stale:           finding.PDBStale,
		disruption.Transient:       finding.PDBTransient,
	}
	code, blocks := codes[verdict.Class]
	if !blocks {
		return nil
	}
	message := verdict.Cause + " (" + cluster.PodObject(t.Pod) + " on " + t.Pod.Spec.NodeName + ")"
	if known := p.view.Blocker(profileObject(t.Owner)); known != nil {
		message += "; known blocker " + known.Name + ": " + known.Reason
	}
	return []v1alpha1.Finding{finding.New(code, "pdb/"+pdb.Namespace+"/"+pdb.Name, message, p.budgetRemedy(verdict.Class, pdb, t))}
}

// scaleCommand scales a workload with kubectl.
func scaleCommand(ref cluster.Ref, replicas int) string {
	return fmt.Sprintf("kubectl scale %s -n %s %s --replicas=%d", ref.Kind.Type(), ref.Namespace, ref.Name, replicas)
}

// pauseCommand relieves a budget. A known blocker is stopped, as the profile says;
// what has a floor in the profile, or what others depend on, must not be.
func (p *Plan) pauseCommand(pdb *policyv1.PodDisruptionBudget, ref cluster.Ref) string {
	const pause = "kubectl vantiq-upgrade pause-pdb-blockers "
	object := profileObject(ref)
	known := p.view.Lookup(object)
	switch {
	case p.view.Blocker(object) != nil:
		return pause + ref.String() + " # or drain-pool with --pause-pdb-blockers"
	case known != nil && known.Floor != (profile.Floor{}), len(p.view.DependentsOf(object)) > 0:
		return pause + "pdb/" + pdb.Namespace + "/" + pdb.Name + " --mode=" + string(disruption.Relax)
	}
	return pause + ref.String() + " --mode=" + string(disruption.ScaleToZero)
}

// budgetRemedy is the command that opens a budget. What is to be remembered
// stands behind a #, so that the line can be pasted into a shell.
func (p *Plan) budgetRemedy(class disruption.Class, pdb *policyv1.PodDisruptionBudget, t Target) string {
	describe := "kubectl describe pdb -n " + pdb.Namespace + " " + pdb.Name
	switch class {
	case disruption.PermanentBySpec, disruption.PermanentBySize:
		if t.Owner.Kind == cluster.KindDeployment || t.Owner.Kind == cluster.KindStatefulSet {
			return p.pauseCommand(pdb, t.Owner)
		}
		return describe
	case disruption.Unhealthy:
		return "kubectl get pods -n " + pdb.Namespace + " -o wide"
	case disruption.Failed:
		return describe
	case disruption.Open, disruption.Several, disruption.Stale, disruption.Transient:
	}
	return ""
}

// orderBlockers refuses a workload whose dependencies are not Ready, or whose
// never-together partner is disrupted.
func (p *Plan) orderBlockers(s *cluster.Snapshot, m Member, pools []pool.Pool) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	object := profileObject(m.Workload.Ref)
	for _, dependency := range p.view.DependenciesOf(object) {
		w := s.FindWorkload(dependency.Kind, dependency.Namespace, dependency.Name)
		if w != nil && w.Ready() < w.Replicas && !p.isMember(w.Ref) {
			findings = append(findings, finding.New(finding.DependencyNotReady, m.Workload.String(),
				fmt.Sprintf("depends on %s, of which %d of %d are Ready", w, w.Ready(), w.Replicas),
				"kubectl rollout status -n "+w.Namespace+" "+w.Kind.Type()+"/"+w.Name))
		}
	}
	for _, partner := range p.view.NeverTogetherWith(object) {
		findings = append(findings, p.partnerBlockers(s, m, partner, pools)...)
	}
	return findings
}

func (p *Plan) partnerBlockers(s *cluster.Snapshot, m Member, partner profile.Object, pools []pool.Pool) []v1alpha1.Finding {
	w := s.FindWorkload(partner.Kind, partner.Namespace, partner.Name)
	if w == nil || p.isMember(w.Ref) {
		return nil
	}
	if w.Ready() < w.Replicas {
		return []v1alpha1.Finding{finding.New(finding.NeverTogether, m.Workload.String(),
			fmt.Sprintf("must never be disrupted together with %s, of which %d of %d are Ready", w, w.Ready(), w.Replicas),
			"kubectl rollout status -n "+w.Namespace+" "+w.Kind.Type()+"/"+w.Name)}
	}
	for _, other := range pools {
		if other.Name != p.Pool.Name && holdsOnCordoned(w, other) {
			return []v1alpha1.Finding{finding.New(finding.NeverTogether, m.Workload.String(),
				fmt.Sprintf("must never be disrupted together with %s, whose pool %s is cordoned", w, other.Name),
				"finish that pool first, or give it back: kubectl vantiq-upgrade uncordon-pool "+other.Name)}
		}
	}
	return nil
}

// holdsOnCordoned reports whether pods of w are on cordoned nodes of a pool: it
// is being disrupted, or is about to be.
func holdsOnCordoned(w *cluster.Workload, p pool.Pool) bool {
	for _, node := range p.Nodes {
		for _, pod := range w.Pods {
			if node.Spec.Unschedulable && pod.Spec.NodeName == node.Name {
				return true
			}
		}
	}
	return false
}

func (p *Plan) isMember(ref cluster.Ref) bool {
	for _, m := range p.Members {
		if m.Workload.Ref == ref {
			return true
		}
	}
	return false
}
