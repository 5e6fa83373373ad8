// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"

	"github.com/spf13/cobra"
)

// dryRun is the flag --dry-run: how far a command goes. Its values are
// kubectl's; a result shows them as they are.
type dryRun string

const (
	// dryRunNone does it.
	dryRunNone dryRun = "none"
	// dryRunClient asks the cluster nothing but how it is.
	dryRunClient dryRun = "client"
	// dryRunServer has the API server judge each change without making it.
	dryRunServer dryRun = "server"
)

// addFlag adds the flag; usage says what each value does to this command.
func (d *dryRun) addFlag(cmd *cobra.Command, usage string) {
	*d = dryRunNone
	cmd.Flags().Var(d, "dry-run", usage+". Without a value: client")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = string(dryRunClient)
	completeWith(cmd, "dry-run", string(dryRunNone), string(dryRunClient), string(dryRunServer))
}

// String, Set and Type make it a flag's value.
func (d *dryRun) String() string { return string(*d) }

// Set takes one of the three words.
func (d *dryRun) Set(value string) error {
	switch dryRun(value) {
	case dryRunNone, dryRunClient, dryRunServer:
		*d = dryRun(value)
		return nil
	}
	return errors.New("must be none, client or server")
}

// Type is how the help names the value.
func (d *dryRun) Type() string { return "string" }
