// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// refuseFull refuses the reliefs that change an object without room for our mark, and
// says of each why.
func refuseFull(choices []disruption.Choice) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for i := range choices {
		r := &choices[i].Relief
		for _, step := range r.Steps {
			object := journal.Object(step.Object)
			f, full := drain.NoRoom(object.String(), relief.Describable(object), annotationsOf(choices[i].Blocker, step), drain.MarkRoom)
			if !full {
				continue
			}
			r.Refused, r.Remedy, r.Steps = f.Object+": "+f.Message, f.Remedy, nil
			if !slices.ContainsFunc(findings, func(other v1alpha1.Finding) bool { return other.Object == f.Object }) {
				findings = append(findings, f)
			}
			break
		}
	}
	return findings
}

// annotationsOf are those of the object that a step changes.
func annotationsOf(b *disruption.Blocker, step disruption.Step) map[string]string {
	for _, w := range b.Workloads {
		if w.UID == step.UID && w.Meta != nil {
			return w.Meta.Annotations
		}
	}
	if b.PDB.UID == step.UID {
		return b.PDB.Annotations
	}
	for _, other := range b.Others {
		if other.UID == step.UID {
			return other.Annotations
		}
	}
	return nil
}
