// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// onePool takes at most one argument, the name of a pool.
func onePool(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	if err := strayValue(cmd, args); err != nil {
		return err
	}
	return fmt.Errorf("one pool at a time; got %s", strings.Join(args, " "))
}

// oneFile takes at most one argument, the name of a file. An empty one is refused:
// a script's empty variable must not mean the default.
func oneFile(cmd *cobra.Command, args []string) error {
	if err := strayValue(cmd, args); err != nil {
		return err
	}
	switch {
	case len(args) > 1:
		return fmt.Errorf("one file at a time; got %s", strings.Join(args, " "))
	case len(args) == 1 && args[0] == "":
		return errors.New("FILE is empty")
	}
	return nil
}

// strayValue refuses a word that was meant for a flag.
func strayValue(cmd *cobra.Command, args []string) error {
	for _, arg := range args {
		if flag := flagOfValue(cmd, arg); flag != "" {
			return fmt.Errorf("--%s takes its value with an equals sign: --%s=%s", flag, flag, arg)
		}
	}
	return nil
}

// oneRun takes at most one argument, the id of a run.
func oneRun(_ *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return fmt.Errorf("one run at a time; got %s", strings.Join(args, " "))
}

// flagOfValue names the flag that a word was meant for: one that was given without
// its value, which it takes with an equals sign only.
func flagOfValue(cmd *cobra.Command, word string) string {
	values := map[string][]string{
		"dry-run":            {string(dryRunNone), string(dryRunClient), string(dryRunServer)},
		"pause-pdb-blockers": append(pauseModes(), string(disruption.Relax)),
	}
	for _, flag := range slices.Sorted(maps.Keys(values)) {
		if cmd.Flags().Changed(flag) && slices.Contains(values[flag], word) {
			return flag
		}
	}
	return ""
}

// noArguments is for subcommands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments; got %s", cmd.Name(), strings.Join(args, " "))
}

// noSubcommand is for words after the root that name no subcommand.
func noSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if meant := spelling.DidYouMean(args[0], names); meant != "" {
		return fmt.Errorf("no subcommand %q%s", args[0], meant)
	}
	return fmt.Errorf("no subcommand %q; kubectl vantiq-upgrade --help lists them", args[0])
}

// wrongFlag tells of a flag that is not known. The flags of a mistyped
// subcommand are not; then the typo is what has to be told.
func wrongFlag(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return noSubcommand(cmd, words)
	}
	unknown := (*pflag.NotExistError)(nil)
	meant := ""
	if errors.As(err, &unknown) {
		meant = spelling.DidYouMean("--"+unknown.GetSpecifiedName(), flagNames(cmd))
	}
	return fmt.Errorf("%w; see %s --help%s", err, cmd.CommandPath(), meant)
}

// flagNames are the flags that a command takes, as they are typed.
func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}
