// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"fmt"
	"io"

	"github.com/spf13/pflag"
	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

// runKwok does what kwok's own main does before its command: --config and
// --v are flags of a separate set, parsed ahead of the command's own.
func runKwok(messages io.Writer) int {
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	ctx, _ := log.InitFlags(signals.SetupSignalContext(), flags)
	ctx, err := config.InitFlags(ctx, flags)
	if err != nil {
		fmt.Fprintf(messages, "kwok: read the configuration: %v\n", err)
		return 1
	}
	command := cmd.NewCommand(ctx)
	// The Kubernetes programs in this binary define a --version flag of another
	// type for everybody; cobra must not take it for kwok's.
	command.Version = ""
	command.PersistentFlags().AddFlagSet(flags)
	if err := command.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(messages, "kwok: %v\n", err)
		return 1
	}
	return 0
}
