// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package component embeds the programs of the control plane. It is the only
// package that links Kubernetes, etcd and kwok themselves; keep its import out
// of tests, because linking it takes minutes.
package component

import (
	"fmt"
	"io"
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Command is the first argument that turns the sandbox binary into one of the
// embedded programs.
const Command = "component"

// Run becomes the program called name with its own flags and returns its exit
// code; what keeps it from starting goes to messages. A leading "--" in args is
// dropped.
func Run(name string, args []string, messages io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	// The programs read os.Args themselves, each in its own way.
	os.Args = append([]string{name}, args...)
	endWithParent()
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
		return 0
	case "kube-apiserver":
		return cli.Run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		return cli.Run(kcm.NewControllerManagerCommand())
	case "kube-scheduler":
		return cli.Run(scheduler.NewSchedulerCommand())
	case "kwok":
		return runKwok(messages)
	}
	fmt.Fprintf(messages, "sandbox: there is no component %q\n", name)
	return 2
}
