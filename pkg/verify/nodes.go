// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodeutil "k8s.io/component-helpers/node/util"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// handTaint is the key of the taint that the runbook's relocation by hand sets on
// every node, and whose removal ends in an error half-way.
const handTaint = "key"

func (j *judge) nodesReady() (string, bool) {
	if len(j.Snapshot.Nodes) == 0 {
		j.add(finding.CheckNotMade, checkObject("nodes", "nodes"), "there are no nodes: nothing could be checked", "kubectl config current-context # is it the right cluster?")
	}
	ready := 0
	for _, node := range j.Snapshot.Nodes {
		if cluster.IsNodeReady(node) {
			ready++
			continue
		}
		why := "its kubelet does not report"
		if _, c := nodeutil.GetNodeCondition(&node.Status, corev1.NodeReady); c != nil && c.Message != "" {
			why = c.Message
		}
		j.add(finding.NodeDown, "node/"+node.Name, "not Ready: "+why, "kubectl describe node "+node.Name)
	}
	return fmt.Sprintf("%d of %d", ready, len(j.Snapshot.Nodes)), false
}

// versions looks at every kubelet, and with a target at the API server too.
func (j *judge) versions() (string, bool) {
	if j.Target != nil && j.Target.IsAfter(j.Survey.Version) {
		j.add(finding.KubeletNotAtTarget, "server", "the API server is at "+j.Survey.Version+", not at "+j.Target.String(), "upgrade the control plane first")
	}
	var all []string
	for i := range j.Pools {
		p := &j.Pools[i]
		versions := p.KubeletVersions()
		for _, v := range versions {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		if len(versions) > 1 {
			j.add(finding.KubeletsMixed, "pool/"+nameOf(p.Name), "its kubelets are at "+strings.Join(versions, " and "), "kubectl vantiq-upgrade pools")
		}
		j.atTarget(p)
	}
	slices.Sort(all)
	detail := "server " + j.Survey.Version + ", kubelets " + strings.Join(all, ", ")
	if j.Target != nil {
		detail += "; wanted " + j.Target.String()
	}
	return detail, false
}

// atTarget looks for kubelets that are not at the target: one finding for a pool
// of which none is.
func (j *judge) atTarget(p *pool.Pool) {
	if j.Target == nil {
		return
	}
	off := slices.DeleteFunc(slices.Clone(p.Nodes), func(n *corev1.Node) bool { return j.Target.Matches(n.Status.NodeInfo.KubeletVersion) })
	remedy := "upgrade pool " + nameOf(p.Name) + " in the cloud"
	if len(off) > 1 && len(off) == len(p.Nodes) {
		j.add(finding.KubeletNotAtTarget, "pool/"+nameOf(p.Name), fmt.Sprintf("the kubelets of its %d nodes are at %s, not at %s",
			len(off), strings.Join(p.KubeletVersions(), " and "), j.Target), remedy)
		return
	}
	for _, node := range off {
		j.add(finding.KubeletNotAtTarget, "node/"+node.Name, "its kubelet is at "+node.Status.NodeInfo.KubeletVersion+", not at "+j.Target.String(), remedy)
	}
}

// nameOf is a pool's name for people.
func nameOf(name string) string {
	if name == "" {
		return "(none)"
	}
	return name
}

// cordons looks for nodes that take no pods, but for those that did not in the
// baseline either, and for our own, which are told of by themselves.
func (j *judge) cordons() {
	before := map[string]bool{}
	if j.Baseline != nil {
		for i := range j.Baseline.Nodes {
			before[j.Baseline.Nodes[i].Name] = j.Baseline.Nodes[i].Cordoned
		}
	}
	for _, node := range j.Snapshot.Nodes {
		if node.Spec.Unschedulable && !before[node.Name] && !j.held["node/"+node.Name] {
			j.add(finding.NodeCordoned, "node/"+node.Name, "cordoned, by no run of ours that is open", "kubectl uncordon "+node.Name)
		}
	}
}

// taints looks for taints that keep pods away and that were not there. Without a
// baseline those count that not every node of a pool has, and the one that the
// relocation by hand leaves.
func (j *judge) taints() {
	for _, p := range j.Pools {
		known := j.knownTaints(p.Name)
		for _, node := range p.Nodes {
			for _, taint := range node.Spec.Taints {
				if taint.Effect == corev1.TaintEffectPreferNoSchedule || ofTheNode(taint.Key) {
					continue
				}
				text := taint.ToString()
				expected := known[text]
				if j.Baseline == nil {
					expected = taint.Key != handTaint && sharedByAll(p.Nodes, text)
				}
				if !expected {
					j.add(finding.NodeTainted, "node/"+node.Name, "tainted "+text+", which keeps pods away", fmt.Sprintf("kubectl taint nodes %s %s:%s-", node.Name, taint.Key, taint.Effect))
				}
			}
		}
	}
}

// ofTheNode reports whether a taint stands for a condition of the node, which is
// told of by itself: not ready, unreachable, cordoned.
func ofTheNode(key string) bool {
	switch key {
	case corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable:
		return true
	}
	return false
}

func (j *judge) knownTaints(name string) map[string]bool {
	known := map[string]bool{}
	if j.Baseline == nil {
		return known
	}
	for i := range j.Baseline.Nodes {
		if j.Baseline.Nodes[i].Pool != name {
			continue
		}
		for _, taint := range j.Baseline.Nodes[i].Taints {
			known[taint] = true
		}
	}
	return known
}

func sharedByAll(nodes []*corev1.Node, taint string) bool {
	for _, node := range nodes {
		if !slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.ToString() == taint }) {
			return false
		}
	}
	return true
}
