// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	goflag "flag"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
)

// addVerbosity adds kubectl's -v. klog has many more flags of its own; none of
// them is of use here. What it logs goes to stderr.
func addVerbosity(flags *pflag.FlagSet) {
	all := goflag.NewFlagSet("klog", goflag.ContinueOnError)
	klog.InitFlags(all)
	// Without this klog writes everything below an error to files.
	_ = all.Set("logtostderr", "true")
	v := pflag.PFlagFromGoFlag(all.Lookup("v"))
	v.Usage = "Log level; 6 shows every request to the API server"
	flags.AddFlag(v)
}
