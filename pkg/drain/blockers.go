// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
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

// budgetBlockers judges the disruption budgets over the targets. What is said of each,
// and the command that relieves it, is what pause-pdb-blockers says.
func (p *Plan) budgetBlockers(s *cluster.Snapshot) []v1alpha1.Finding {
	pods := make([]*corev1.Pod, 0, len(p.Targets))
	for _, t := range p.Targets {
		pods = append(pods, t.Pod)
	}
	drained := map[string]bool{}
	for _, node := range p.Pool.Nodes {
		drained[node.Name] = true
	}
	blockers := disruption.BlockersOf(s, pods, drained)
	wish, scaled := disruption.Wish{Profile: p.view}, s.WithHPAs(p.options.Autoscalers)
	findings := make([]v1alpha1.Finding, 0, len(blockers))
	for i := range blockers {
		if !p.isRelieved(blockers[i].PDB) {
			findings = append(findings, wish.Left(scaled, &blockers[i]))
		}
	}
	return findings
}

func (p *Plan) isRelieved(pdb *policyv1.PodDisruptionBudget) bool {
	return p.options.Relieved[pdb.Namespace+"/"+pdb.Name]
}

// scaleCommand scales a workload with kubectl.
func scaleCommand(ref cluster.Ref, replicas int) string {
	return fmt.Sprintf("kubectl scale %s -n %s %s --replicas=%d", ref.Kind.Type(), ref.Namespace, ref.Name, replicas)
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
