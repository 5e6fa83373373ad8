// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// blink is how long after its cordon was seen the scheduler may still place pods
// on a node: its own watch of the nodes may be behind ours.
const blink = 10 * time.Second

// adoptNewcomers finds pods that reached a node of the pool after the plan was
// made. Those that came in the moment before the cordon took effect are evicted as
// well, once; those that come in spite of it would come without end.
func (e *Engine) adoptNewcomers(s *cluster.Snapshot, now time.Time) {
	x := selector{snapshot: s, view: e.plan.view, options: e.plan.options}
	for _, node := range e.plan.Pool.Nodes {
		for _, pod := range s.PodsOn(node.Name) {
			if e.known[pod.UID] || x.stays(pod) || e.refused[string(pod.UID)] {
				continue
			}
			if l := e.landed(pod, s, now); l.why != "" {
				e.refused[string(pod.UID)] = true
				e.stopReturning(x.target(pod), l)
				continue
			}
			if findings := x.judge(pod); finding.HasErrors(findings) {
				e.refused[string(pod.UID)] = true
				e.findings = append(e.findings, findings...)
				continue
			}
			e.adopt(x.target(pod), s, now).late = !e.present[pod.UID]
		}
	}
}

// landing is why a pod came to a cordoned node, and the command for that.
type landing struct{ why, remedy string }

// landed says why a pod has come to a node although that is cordoned; empty where
// it may have come before the cordon took effect. A pod that there was when the
// drain began may only have waited for its node. For one that is newer the reason
// is looked for; where none is to be seen it is taken for one of the first moment,
// unless that is over or such a pod was evicted already.
func (e *Engine) landed(pod *corev1.Pod, s *cluster.Snapshot, now time.Time) landing {
	if e.present[pod.UID] {
		return landing{}
	}
	if node := s.Node(pod.Spec.NodeName); node != nil && !node.Spec.Unschedulable {
		return landing{
			"the node " + e.whyOpen(node),
			"kubectl get node " + node.Name + " -o yaml --show-managed-fields # find who gives it back, then " + again,
		}
	}
	owner, _ := s.Owner(pod)
	remedy := comeBackRemedy(owner, pod)
	if why := ignoresCordon(pod); why != "" {
		return landing{why, remedy}
	}
	if w := s.Workload(owner); w != nil && w.NodeName == pod.Spec.NodeName {
		return landing{"its template names the node (spec.nodeName)", remedy}
	}
	since := e.began
	if away := time.Unix(0, e.away.Load()); away.After(since) {
		since = away // nothing could be seen until then
	}
	if now.Sub(since) > blink || e.hasReturned(sourceOf(owner, pod)) {
		return landing{"it does not tolerate the cordon, so its template names the node (spec.nodeName) or what places it does not heed cordons", remedy}
	}
	return landing{}
}

// hasReturned reports whether a pod of a source that was made after the drain
// began has been asked to go already.
func (e *Engine) hasReturned(source cluster.Ref) bool {
	for _, g := range e.groups {
		for _, m := range g.members {
			if m.late && m.asked && sourceOf(m.Owner, m.Pod) == source {
				return true
			}
		}
	}
	return false
}

// stopReturning stops the workload of a pod that came back to the pool. The others
// go on.
func (e *Engine) stopReturning(t Target, l landing) {
	ref := refOf(t)
	f := finding.New(finding.CameBack, ref.String(),
		cluster.PodObject(t.Pod)+" came to "+t.Pod.Spec.NodeName+", which is being drained: "+l.why+". It would come back each time, so nothing more of it is evicted",
		l.remedy)
	for _, g := range e.groups {
		if g.ref != ref {
			continue
		}
		g.returned = append(g.returned, t.Pod)
		if g.stopped == nil {
			e.giveUp(g, f)
		}
		return
	}
	if e.refused[f.Object] {
		return // one of them says it
	}
	e.refused[f.Object] = true
	e.findings = append(e.findings, f)
	e.tell(GaveUp, f.Object, f.Message)
}

// comeBackRemedy shows where it is said that pods may come to a cordoned node.
func comeBackRemedy(ref cluster.Ref, pod *corev1.Pod) string {
	if ref.Kind == cluster.KindDeployment || ref.Kind == cluster.KindStatefulSet {
		return "kubectl edit " + ref.Kind.Type() + " -n " + ref.Namespace + " " + ref.Name + " # take that out of its template, then run the same command again"
	}
	return "kubectl get pod -n " + pod.Namespace + " " + pod.Name + " -o yaml # see what makes it, and what places it"
}

// ignoresCordon says why a pod's next may come to a cordoned node; empty where the
// scheduler keeps it off.
func ignoresCordon(pod *corev1.Pod) string {
	if t := cordonToleration(pod); t != nil {
		return "it tolerates the cordon (toleration " + describeToleration(t) + ")"
	}
	if name := pod.Spec.SchedulerName; name != "" && name != corev1.DefaultSchedulerName {
		return "the scheduler " + name + " places it, which may not heed cordons"
	}
	return ""
}

// cordonToleration is the toleration that lets a pod onto a cordoned node, as the
// scheduler's plugin NodeUnschedulable asks for it; nil where there is none.
func cordonToleration(pod *corev1.Pod) *corev1.Toleration {
	for i := range pod.Spec.Tolerations {
		t := &pod.Spec.Tolerations[i]
		key := t.Key == "" || t.Key == corev1.TaintNodeUnschedulable
		effect := t.Effect == "" || t.Effect == corev1.TaintEffectNoSchedule
		value := t.Operator == corev1.TolerationOpExists || t.Key != "" && t.Value == "" && (t.Operator == "" || t.Operator == corev1.TolerationOpEqual)
		if key && effect && value {
			return t
		}
	}
	return nil
}

func describeToleration(t *corev1.Toleration) string {
	if t.Key == "" {
		return "operator: Exists, which is for every taint"
	}
	return t.Key
}

// comesBack warns of workloads whose replacements may come back to the pool.
func (p *Plan) comesBack(s *cluster.Snapshot) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	told := map[cluster.Ref]bool{}
	for _, t := range p.Targets {
		if t.Owner == (cluster.Ref{}) || told[t.Owner] || cluster.IsFinished(t.Pod) || t.Pod.DeletionTimestamp != nil {
			continue
		}
		if f, found := p.mayComeBack(s, t); found {
			told[t.Owner] = true
			findings = append(findings, f)
		}
	}
	return findings
}

func (p *Plan) mayComeBack(s *cluster.Snapshot, t Target) (v1alpha1.Finding, bool) {
	if len(p.Pool.Nodes) == 0 {
		return v1alpha1.Finding{}, false // single pods are moved, no node is cordoned
	}
	if w := s.Workload(t.Owner); w != nil && slices.Contains(p.Pool.NodeNames(), w.NodeName) {
		return finding.New(finding.PinnedToNode, t.Owner.String(),
			"its template names the node "+w.NodeName+" (spec.nodeName): its pods come back to it, cordon or not; the drain stops with it when that happens",
			comeBackRemedy(t.Owner, t.Pod)), true
	}
	if nodes := boundTo(t.Pod); len(nodes) > 0 && !slices.ContainsFunc(nodes, func(host string) bool { return !p.hasHost(host) }) {
		return finding.New(finding.PinnedToNode, t.Owner.String(),
			"runs on "+strings.Join(nodes, ", ")+" only ("+corev1.LabelHostname+"): what takes the place of its pod has no node until that is given back",
			comeBackRemedy(t.Owner, t.Pod)), true
	}
	if why := ignoresCordon(t.Pod); why != "" {
		return finding.New(finding.MayComeBack, t.Owner.String(),
			cluster.PodObject(t.Pod)+" may come back to this pool: "+why+"; the drain stops with it when that happens",
			comeBackRemedy(t.Owner, t.Pod)), true
	}
	return v1alpha1.Finding{}, false
}

// hasHost reports whether a node of the pool has a hostname or a name.
func (p *Plan) hasHost(host string) bool {
	return slices.ContainsFunc(p.Pool.Nodes, func(n *corev1.Node) bool {
		return n.Name == host || n.Labels[corev1.LabelHostname] == host
	})
}

// boundTo are the nodes that a pod must be on by their hostname; none where it may
// be on others as well.
func boundTo(pod *corev1.Pod) []string {
	if host := pod.Spec.NodeSelector[corev1.LabelHostname]; host != "" {
		return []string{host}
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var nodes []string
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		hosts := hostsOf(term)
		if len(hosts) == 0 {
			return nil // the terms are alternatives
		}
		nodes = append(nodes, hosts...)
	}
	return nodes
}

func hostsOf(term corev1.NodeSelectorTerm) []string {
	for _, r := range term.MatchExpressions {
		if r.Key == corev1.LabelHostname && r.Operator == corev1.NodeSelectorOpIn {
			return r.Values
		}
	}
	for _, r := range term.MatchFields {
		if r.Key == "metadata.name" && r.Operator == corev1.NodeSelectorOpIn {
			return r.Values
		}
	}
	return nil
}
