// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// maxNamed bounds the pods that a message names one by one.
const maxNamed = 3

// Findings say what is left of each blocker after what was chosen: those that
// nobody relieves, with the command that would; those whose mode is refused, and
// why; and owners that may put a change back.
func Findings(s *cluster.Snapshot, choices []Choice, wish Wish) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, c := range choices {
		switch {
		case c.Relief.Works():
			findings = append(findings, c.reverts()...)
			findings = append(findings, c.stops(s, wish)...)
		case c.Relief.Refused != "":
			findings = append(findings, c.refused(s, wish))
		default:
			findings = append(findings, c.weigh(c.left(s, wish)))
		}
	}
	finding.Sort(findings)
	return findings
}

// reverts warns of owners that put a change back by themselves.
func (c Choice) reverts() []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, step := range c.Relief.Steps {
		if step.Owner.Reverts() {
			findings = append(findings, finding.New(finding.OwnerMayRevert, step.Object.String(),
				fmt.Sprintf("%s looks after it and may put %s back to %s while it is paused", step.Owner, step.Field, step.Before), step.Owner.Advice()))
		}
	}
	return findings
}

// stops warns of workloads that stop although the profile keeps some of them up:
// the operator has named them.
func (c Choice) stops(s *cluster.Snapshot, wish Wish) []v1alpha1.Finding {
	if c.Relief.Mode != ScaleToZero {
		return nil
	}
	remedy := ""
	if c.Relieve(s, Surge, Terms{Named: true}).Works() {
		remedy = c.PauseCommand(Surge)
	}
	var findings []v1alpha1.Finding
	for _, w := range c.Workloads {
		if why := whyNeeded(w, wish.Profile); why != "" {
			findings = append(findings, finding.New(finding.FloorGivenUp, w.String(), "all its replicas stop, because it was named: "+why, remedy))
		}
	}
	return findings
}

// refused says why the chosen mode cannot work.
func (c Choice) refused(s *cluster.Snapshot, wish Wish) v1alpha1.Finding {
	remedy := c.Relief.Remedy
	if remedy == "" {
		remedy = c.remedy(s, wish)
	}
	f := finding.New(finding.ReliefRefused, c.Object(), fmt.Sprintf("%s cannot relieve it: %s (%s)", c.Relief.Mode, c.Relief.Refused, c.Cause), remedy)
	return c.weigh(f)
}

// Left says that a blocker is there and that nobody relieves it, for a drain: one that
// it may wait for weighs less than what holds it for ever.
func (w Wish) Left(s *cluster.Snapshot, b *Blocker) v1alpha1.Finding {
	f := Choice{Blocker: b}.left(s, w)
	if b.Later {
		return finding.WithSeverity(f, v1alpha1.SeverityWarning)
	}
	return f
}

// left is a blocker that nobody wants relieved.
func (c Choice) left(s *cluster.Snapshot, wish Wish) v1alpha1.Finding {
	codes := map[Class]finding.Code{
		PermanentBySpec: finding.PDBPermanentBySpec,
		PermanentBySize: finding.PDBPermanentBySize,
		Several:         finding.PDBSeveral,
		Failed:          finding.PDBFailed,
		Unhealthy:       finding.PDBUnhealthy,
		Stale:           finding.PDBStale,
		Transient:       finding.PDBTransient,
	}
	parts := []string{c.Cause + " (" + c.where() + ")"}
	if !c.Owner.IsZero() {
		parts = append(parts, "looked after by "+c.Owner.String())
	}
	for _, w := range c.Workloads {
		if known := wish.known(w); known != nil {
			parts = append(parts, "known blocker "+known.Name+": "+known.Reason)
		}
	}
	return finding.New(codes[c.Class], c.Object(), strings.Join(parts, "; "), c.remedy(s, wish))
}

// weigh makes an error of what would hold a drain now, whatever else its code
// weighs, and less of what would not.
func (c Choice) weigh(f v1alpha1.Finding) v1alpha1.Finding {
	switch {
	case c.Later:
		return finding.WithSeverity(f, v1alpha1.SeverityWarning)
	case c.Class == Stale || c.Class == Transient:
		return finding.WithSeverity(f, v1alpha1.SeverityInfo)
	}
	return finding.WithSeverity(f, v1alpha1.SeverityError)
}

// where names the pods that are held.
func (c Choice) where() string {
	names := make([]string, 0, maxNamed)
	for _, pod := range c.Pods[:min(maxNamed, len(c.Pods))] {
		names = append(names, cluster.PodObject(pod)+" on "+pod.Spec.NodeName)
	}
	text := strings.Join(names, ", ")
	if more := len(c.Pods) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Result is the blocker as a result shows it.
func (c Choice) Result() v1alpha1.Blocker {
	r := v1alpha1.Blocker{
		Namespace: c.PDB.Namespace, PDB: c.PDB.Name, Class: string(c.Class), Cause: c.Cause, Later: c.Later,
		Workloads: []v1alpha1.BlockedWorkload{}, Pods: []string{}, Nodes: append([]string{}, c.Nodes...),
		Mode: string(c.Relief.Mode), ModeFrom: c.From, Refused: c.Relief.Refused,
	}
	for _, other := range c.Others {
		r.Others = append(r.Others, other.Name)
	}
	for _, w := range c.Workloads {
		r.Workloads = append(r.Workloads, v1alpha1.BlockedWorkload{
			Group: w.Kind.Group(), Kind: w.Kind.Name(), Namespace: w.Namespace, Name: w.Name, Replicas: w.Replicas, Ready: w.Ready(),
		})
	}
	for _, pod := range c.Pods {
		r.Pods = append(r.Pods, pod.Name)
	}
	if !c.Owner.IsZero() {
		r.Owner = &v1alpha1.Owner{Kind: c.Owner.Kind, Name: c.Owner.Name}
	}
	return r
}
