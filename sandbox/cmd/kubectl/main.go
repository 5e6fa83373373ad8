// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl is the upstream kubectl, linked from this module so that the
// sandbox and its client come from the same Kubernetes release.
package main

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // the sign-in plugins of real clusters
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	// The verbosity is read before the command exists, because building the
	// command already logs (plugins, kuberc).
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
