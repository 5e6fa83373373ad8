// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Command sandbox runs a complete Kubernetes control plane with simulated
// nodes on one machine.
package main

import (
	"os"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/cli"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/component"
)

func main() {
	// The control plane's programs are this same binary, started again. They
	// bring their own flags, so they are told apart before cobra sees the line.
	if len(os.Args) > 2 && os.Args[1] == component.Command {
		os.Exit(component.Run(os.Args[2], os.Args[3:], os.Stderr))
	}
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
