// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"testing"

	"github.com/spf13/cobra"
)

// TestCommandLine: a command to be typed again has what it does, and not how it
// printed or that it did not ask.
func TestCommandLine(t *testing.T) {
	for want, args := range map[string][]string{
		"kubectl vantiq-upgrade drain-pool old":                                    {"old", "-o", "wide", "--yes", "--quiet", "--events=text", "--color=never"},
		"kubectl vantiq-upgrade drain-pool old --context=prod --pod-timeout=5m0s":  {"old", "--pod-timeout", "5m", "--context", "prod", "--token", "secret"},
		"kubectl vantiq-upgrade drain-pool --force '--selector=pool in (a, b)'":    {"-l", "pool in (a, b)", "--force", "--dry-run"},
		"kubectl vantiq-upgrade drain-pool old --pause-pdb-blockers=scale-to-zero": {"old", "--pause-pdb-blockers=scale-to-zero", "-y"},
	} {
		root, err := NewRootCommand(testSystem())
		if err != nil {
			t.Fatal(err)
		}
		drain, _, err := root.Find([]string{"drain-pool"})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		drain.RunE = func(cmd *cobra.Command, args []string) error {
			got = commandLine(cmd, "drain-pool", args, "dry-run")
			return nil
		}
		root.SetArgs(append([]string{"drain-pool"}, args...))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Error(err)
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
