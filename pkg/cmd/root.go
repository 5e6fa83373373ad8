// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cmd holds the subcommands: one file each, flags → Options{Complete,
// Validate, Run}. It turns flags into calls of the domain packages and their
// results into output; it decides nothing about a cluster.
package cmd

import (
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// Groups of subcommands in the help.
const (
	groupLook   = "look"
	groupChange = "change"
)

// releaseTimeout bounds how long an ending command tries to give the lock back;
// an interrupted one must end within a second.
const releaseTimeout = 200 * time.Millisecond

// NewTree returns the commands as they are on every machine, for those who read them
// and run none: documentation and its checks.
func NewTree() (*cobra.Command, error) {
	return NewRootCommand(System{
		IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard},
		Getenv:    func(string) string { return "" },
		Clock:     clock.RealClock{},
	})
}

// NewRootCommand returns the command tree.
func NewRootCommand(system System) (*cobra.Command, error) {
	reg, err := registry.Load()
	if err != nil {
		return nil, err
	}
	if system.course == nil {
		system.course = &course{}
	}
	s := &suite{System: system, registry: reg, conn: newConnection(system.Clock), logs: &logs{to: system.ErrOut, wanted: isVerbose}}
	s.course.conn = s.conn
	root := &cobra.Command{
		Use:   "kubectl-vantiq_upgrade",
		Short: "Take a Vantiq Private Cloud on AKS or EKS safely through a Kubernetes upgrade",
		Long: `Take a Vantiq Private Cloud on AKS or EKS safely through a Kubernetes upgrade.

No workload is taken below the number of Ready replicas it needs, with or
without a disruption budget. Every command can be run again: it goes on where
it was. Results go to stdout, talk goes to stderr.

Exit codes: 0 done; 1 error; 2 blocked, nothing was touched, or findings of
severity Error; 3 stopped part-way, run it again to go on; 4 another run holds
the lock; 130 interrupted.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl vantiq-upgrade"},
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noSubcommand,

		PersistentPreRunE: func(*cobra.Command, []string) error { return s.colour.validate() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetIn(system.In)
	root.SetOut(system.Out)
	root.SetErr(system.ErrOut)
	root.AddGroup(
		&cobra.Group{ID: groupLook, Title: "Look (change nothing):"},
		&cobra.Group{ID: groupChange, Title: "Change:"},
	)
	s.conn.addFlags(root.PersistentFlags())
	root.PersistentFlags().StringVar(&s.colour.mode, "color", "auto", "Colour the output: auto, always or never. auto colours a terminal unless NO_COLOR is set")
	s.addJournalNamespace(root)
	addVerbosity(root.PersistentFlags(), s.logs)
	s.completeConnection(root)
	root.AddCommand(newCmdPools(s), newCmdDrainPool(s), newCmdUncordonPool(s), newCmdVersion(s),
		newCmdPausePDBBlockers(s), newCmdResumePDBBlockers(s), newCmdStatus(s), newCmdResume(s), newCmdAbort(s),
		newCmdPlacementCheck(s), newCmdSnapshot(s), newCmdVerify(s), newCmdExplain(s), newCmdCompletion(s), newCmdRBAC(s))
	for _, cmd := range root.Commands() {
		if !strings.Contains(cmd.Use, " ") {
			cmd.Args = noArguments
		}
		s.bound(cmd)
	}
	root.AddCommand(s.newCmdOptions())
	s.shortenHelp(root)
	return root, nil
}
