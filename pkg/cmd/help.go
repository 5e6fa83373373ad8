// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// optionsLine ends every help, as it does kubectl's.
const optionsLine = `
Use "kubectl vantiq-upgrade options" for the flags that every command has.
`

// newCmdOptions is the help topic with the flags that every command has.
func (s *suite) newCmdOptions() *cobra.Command {
	cmd := &cobra.Command{Use: "options", Short: "The flags that every command has", Hidden: true} // the last line of each help names it
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		connection, own := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
			if s.isOfConnection(f) {
				connection.AddFlag(f)
			} else {
				own.AddFlag(f)
			}
		})
		fmt.Fprintf(cmd.OutOrStdout(), "These flags can be given to every command.\n\nOf this plugin:\n%s\nOf the connection, as kubectl has them:\n%s",
			own.FlagUsagesWrapped(s.helpWidth()), connection.FlagUsagesWrapped(s.helpWidth()))
	})
	return cmd
}

// isOfConnection reports whether a flag is one of kubectl's for the connection.
func (s *suite) isOfConnection(f *pflag.Flag) bool {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.conn.addFlags(flags)
	return flags.Lookup(f.Name) != nil
}

// helpWidth is where the lines about flags are broken: at the edge of a terminal; 0
// breaks none.
func (s *suite) helpWidth() int {
	if !report.IsTerminal(s.Out) {
		return 0
	}
	width, _ := report.TerminalSize(s.Out)()
	return width
}

// shortenHelp leaves the flags that every command has to the topic options, but for
// our own in the help of the root.
func (s *suite) shortenHelp(root *cobra.Command) {
	template := strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", s.helpWidth()))
	root.SetUsageTemplate(strings.TrimRight(template, "\n") + "\n" + optionsLine)
	usage := root.UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		var hidden []*pflag.Flag
		hide := func(f *pflag.Flag) {
			if !f.Hidden && (cmd.HasParent() || s.isOfConnection(f)) {
				f.Hidden = true
				hidden = append(hidden, f)
			}
		}
		root.PersistentFlags().VisitAll(hide)
		defer func() {
			for _, f := range hidden {
				f.Hidden = false
			}
		}()
		return usage(cmd)
	})
}
