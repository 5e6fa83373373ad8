// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

func statusCommand() *cobra.Command {
	var dir, output string
	command := &cobra.Command{
		Use:   "status --dir DIR",
		Short: "Tell about a sandbox; exit 0 when it runs, 1 when it does not",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return status(command.OutOrStdout(), dir, output)
		},
	}
	addDir(command, &dir)
	command.Flags().StringVarP(&output, "output", "o", "", "json for a machine-readable answer")
	return command
}

func status(out io.Writer, dir, output string) error {
	if output != "" && output != "json" {
		return fmt.Errorf("there is no output format %q: use json", output)
	}
	dir, err := absolute(dir)
	if err != nil {
		return err
	}
	state, err := supervise.ReadState(dir)
	if err != nil {
		return err
	}
	if output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(withAge(state))
	} else {
		err = printState(out, state)
	}
	if err != nil {
		return fmt.Errorf("print the status: %w", err)
	}
	if state.Phase != supervise.PhaseRunning {
		return errNotRunning
	}
	return nil
}

// agedState is what status prints as JSON.
type agedState struct {
	supervise.State
	AgeSeconds int `json:"ageSeconds"`
}

func withAge(state supervise.State) agedState {
	if state.Created.IsZero() {
		return agedState{State: state}
	}
	return agedState{State: state, AgeSeconds: int(time.Since(state.Created).Seconds())}
}

func printState(out io.Writer, state supervise.State) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "state\t%s\n", state.Phase)
	if state.Message != "" {
		fmt.Fprintf(table, "reason\t%s\n", state.Message)
	}
	if !state.Created.IsZero() {
		fmt.Fprintf(table, "kubernetes\t%s\n", state.KubernetesVersion)
		fmt.Fprintf(table, "layout\t%s\n", state.Layout)
		fmt.Fprintf(table, "speed\t%s\n", state.Speed)
		fmt.Fprintf(table, "age\t%s\n", time.Since(state.Created).Round(time.Second))
		fmt.Fprintf(table, "ports\tapi server %d, etcd %d and %d\n",
			state.Ports.APIServer, state.Ports.EtcdClient, state.Ports.EtcdPeer)
		fmt.Fprintf(table, "supervisor\tprocess %d\n", state.Supervisor.PID)
	}
	for _, name := range slices.Sorted(maps.Keys(state.Components)) {
		fmt.Fprintf(table, "%s\tprocess %d\n", name, state.Components[name].PID)
	}
	return table.Flush()
}
