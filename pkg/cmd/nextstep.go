// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// nextSteps are the commands that go on with the upgrade after the drains that are
// done: they give back the pools that are still cordoned, the latest first.
func (o *statusOptions) nextSteps(changes []v1alpha1.ChangeStatus, runs []*journal.Run) []string {
	var steps []string
	for _, run := range runs {
		isCordoned := slices.ContainsFunc(changes, func(c v1alpha1.ChangeStatus) bool {
			return c.Run == run.ID && c.Mode == drain.ModeCordon && c.State == v1alpha1.ChangeOurs
		})
		if run.Outcome != journal.OutcomeDone || len(run.Command) == 0 || run.Command[0] != "drain-pool" || !isCordoned {
			continue
		}
		if step := o.command("uncordon-pool", poolWords(run.Command[1:])...); !slices.Contains(steps, step) {
			steps = append(steps, step)
		}
	}
	return steps
}

// poolWords are those words of a recorded command that say which pool it is about.
func poolWords(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		return strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--selector=") && !strings.HasPrefix(word, "--profile=")
	})
}
