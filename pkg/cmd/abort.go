// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

func newCmdAbort(s *suite) *cobra.Command {
	g := &giveBack{suite: s, subcommand: "abort", output: newOutput()}
	all := false
	cmd := s.command(g.subcommand, "[RUN]")
	cmd.Long = `Give back everything that a run has changed and that is still ours: paused
workloads and budgets first, then cordons. What somebody else has changed
meanwhile is named and left alone.

Without the id of a run it is the one that has something left; status lists them.`
	cmd.Example = `  kubectl vantiq-upgrade abort
  kubectl vantiq-upgrade abort 20261123-103305-x7k2p --dry-run`
	cmd.Args = oneRun
	cmd.ValidArgsFunction = s.completeArgs(1, s.openRuns)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := g.output.complete(); err != nil {
			return err
		}
		if all && len(args) > 0 {
			return errors.New("give the id of a run or --all, not both")
		}
		g.next = g.nextCommands(cmd, args)
		g.aborts = func(run *journal.Run) bool { return len(args) == 0 || run.ID == args[0] }
		g.choose = func(runs []*journal.Run, found relief.Inventory) (relief.Inventory, error) {
			return chooseRun(runs, found, args, all)
		}
		return g.run(cmd.Context())
	}
	g.addFlags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "Every run that has something left")
	return cmd
}

// chooseRun keeps what one run has changed, and the marks of it that say nothing any
// more. Which run a mark is of that nobody can read is not known: it may be of any.
func chooseRun(runs []*journal.Run, found relief.Inventory, args []string, all bool) (relief.Inventory, error) {
	var ids []string
	for _, h := range found.Held {
		if !slices.Contains(ids, h.Run) {
			ids = append(ids, h.Run)
		}
	}
	switch {
	case all, len(args) == 0 && len(ids) <= 1:
		return found, nil
	case len(args) == 0:
		return relief.Inventory{}, fmt.Errorf("which run? These have something left: %s; give its id, or --all", listed(ids))
	}
	chosen := relief.Inventory{
		Held:   slices.DeleteFunc(slices.Clone(found.Held), func(h relief.Held) bool { return h.Run != args[0] }),
		Strays: slices.DeleteFunc(slices.Clone(found.Strays), func(s relief.Stray) bool { return s.Mark.Run != args[0] && !s.IsUnreadable() }),
	}
	isKnown := slices.ContainsFunc(runs, func(r *journal.Run) bool { return r.ID == args[0] }) ||
		slices.ContainsFunc(found.Strays, func(s relief.Stray) bool { return s.Mark.Run == args[0] })
	if len(chosen.Held) == 0 && !isKnown {
		return relief.Inventory{}, fmt.Errorf("there is no run %s; these have something left: %s%s", args[0], listed(ids), spelling.DidYouMean(args[0], slices.Concat(ids, runIDs(runs))))
	}
	return chosen, nil
}
