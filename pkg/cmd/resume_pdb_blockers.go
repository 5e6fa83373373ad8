// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

func newCmdResumePDBBlockers(s *suite) *cobra.Command {
	g := &giveBack{suite: s, subcommand: "resume-pdb-blockers", output: newOutput()}
	cmd := s.command(g.subcommand, "[KIND/NAMESPACE/NAME...]")
	cmd.Long = `Give back what pause-pdb-blockers changed: each field gets the value that was
recorded before, and then the workloads are waited for until they are Ready.

Only what we changed is given back, and only where it is still as we set it.
Where somebody else has changed it meanwhile, or made the object again, it is
named and left alone, and the exit code is 2; --force puts it back all the same.
It works from any machine: the journal and the marks on the objects say what is
ours.`
	cmd.Example = `  # Give back every pause
  kubectl vantiq-upgrade resume-pdb-blockers

  # One of them, without a question
  kubectl vantiq-upgrade resume-pdb-blockers deployment/shared/telegraf-prom --yes`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		args = canonicalNames(args)
		if err := g.output.complete(); err != nil {
			return err
		}
		g.next = g.nextCommands(cmd, args)
		g.choose = func(_ []*journal.Run, found relief.Inventory) (relief.Inventory, error) {
			return chooseNamed(found, args)
		}
		return g.run(cmd.Context())
	}
	g.addFlags(cmd)
	cmd.ValidArgsFunction = s.completeArgs(-1, s.pausedNames)
	return cmd
}

// chooseNamed keeps the pauses and the marks of pauses, or those of the named objects.
func chooseNamed(found relief.Inventory, names []string) (relief.Inventory, error) {
	pauses := relief.Inventory{
		Held:   slices.DeleteFunc(slices.Clone(found.Held), func(h relief.Held) bool { return !h.IsPause() }),
		Strays: slices.DeleteFunc(slices.Clone(found.Strays), func(s relief.Stray) bool { return !s.IsPause() }),
	}
	if len(names) == 0 {
		return pauses, nil
	}
	var paused, marked []string
	for _, h := range pauses.Held {
		paused = append(paused, h.Change.Object.String())
	}
	for _, s := range pauses.Strays {
		marked = append(marked, s.Object.String())
	}
	for _, name := range names {
		if !slices.Contains(paused, name) && !slices.Contains(marked, name) {
			return relief.Inventory{}, fmt.Errorf("%s is not paused (kind/namespace/name); what is: %s%s", name, listed(paused), spelling.DidYouMean(name, slices.Concat(paused, marked)))
		}
	}
	pauses.Held = slices.DeleteFunc(pauses.Held, func(h relief.Held) bool { return !slices.Contains(names, h.Change.Object.String()) })
	pauses.Strays = slices.DeleteFunc(pauses.Strays, func(s relief.Stray) bool { return !slices.Contains(names, s.Object.String()) })
	return pauses, nil
}
