// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// maxListed bounds the pods that a wave names one by one.
const maxListed = 12

// lineWidth is the width that text keeps to, as a terminal over a bastion has.
const lineWidth = 80

// DrainPlan prints what a drain is going to do.
func DrainPlan(w io.Writer, r *v1alpha1.DrainReport, style Style, wide bool) error {
	p := &r.Plan
	title := "Pool " + r.Name + " (" + p.Provider
	if p.Role != "" {
		title += ", role " + p.Role
	}
	fmt.Fprintf(w, "%s, %s\n%s in %s%s, %s to stay (DaemonSets, static pods)\n\n",
		style.Bold(title+")"), plural(len(p.Nodes), "node"),
		toMove(p), plural(len(p.Waves), "wave"), notToMove(p), plural(p.Stay, "pod"))
	if err := printNodes(w, p, style, wide); err != nil {
		return err
	}
	if len(p.Workloads) > 0 {
		fmt.Fprintln(w)
		if err := printWorkloads(w, p, style, wide); err != nil {
			return err
		}
	}
	if len(p.Waves) > 0 {
		fmt.Fprintln(w)
		printWaves(w, p)
	}
	if p.Finished > 0 {
		fmt.Fprintf(w, "%s among them: deleted, with their logs.\n", plural(p.Finished, "finished pod"))
	}
	return nil
}

// toMove counts the pods that are to be moved.
func toMove(p *v1alpha1.DrainPlan) string {
	return plural(podsOf(p)-p.Finished-p.Terminating, "pod") + " to move"
}

// notToMove counts the others that leave. The waves and the nodes show them too:
// together the sums come out.
func notToMove(p *v1alpha1.DrainPlan) string {
	text := ""
	if p.Finished > 0 {
		text += ", " + plural(p.Finished, "finished pod") + " to delete"
	}
	if p.Terminating > 0 {
		text += fmt.Sprintf(", %d on the way out already", p.Terminating)
	}
	return text
}

func podsOf(p *v1alpha1.DrainPlan) int {
	n := 0
	for _, wave := range p.Waves {
		n += len(wave.Pods)
	}
	return n
}

func printNodes(w io.Writer, p *v1alpha1.DrainPlan, style Style, wide bool) error {
	t := newTable("^NODE", "~ZONE", "KUBELET", "READY", "CORDON", "PODS")
	for _, n := range p.Nodes {
		t.add(shortNode(n.Name, wide), orNone(n.Zone), n.Kubelet, yesNo(n.Ready), n.Cordon, n.Pods)
	}
	return t.print(w, style, wide)
}

func printWorkloads(w io.Writer, p *v1alpha1.DrainPlan, style Style, wide bool) error {
	t := newTable("^WORKLOAD", "READY", "FLOOR", "~FLOOR FROM", "MOVE", "NOTE")
	for _, m := range p.Workloads {
		note := ""
		if m.Downtime {
			note = "downtime"
		}
		t.add(workload(inGroup(m.Group, m.Kind), m.Namespace, m.Name), fmt.Sprintf("%d/%d", m.Ready, m.Replicas), m.Floor, m.FloorFrom, m.Move, note)
	}
	return t.print(w, style, wide)
}

func printWaves(w io.Writer, p *v1alpha1.DrainPlan) {
	fmt.Fprintln(w, "Waves (a workload's next pod goes when the replacement is Ready elsewhere):")
	for i, wave := range p.Waves {
		line := fmt.Sprintf("%3d ", i+1)
		for j, pod := range wave.Pods {
			name := " " + pod.Namespace + "/" + pod.Name
			if j == maxListed {
				name = fmt.Sprintf(" and %d more", len(wave.Pods)-maxListed)
			}
			if j > 0 && len(line)+len(name) > lineWidth {
				fmt.Fprintln(w, line)
				line = "    "
			}
			line += name
			if j == maxListed {
				break
			}
		}
		fmt.Fprintln(w, line)
	}
}

// inGroup is a kind with its group, where that is named: StatefulSet.apps.kruise.io.
func inGroup(group, kind string) string {
	return schema.GroupKind{Group: group, Kind: kind}.String()
}

// workload is how tables name a workload: sts app/mongodb.
func workload(kind, namespace, name string) string {
	short := map[string]string{"StatefulSet": "sts", "Deployment": "deploy", "ReplicaSet": "rs", "DaemonSet": "ds", "Job": "job"}
	if s, known := short[kind]; known {
		kind = s
	}
	return strings.ToLower(kind) + " " + namespace + "/" + name
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
