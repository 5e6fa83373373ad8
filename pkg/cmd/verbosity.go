// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	goflag "flag"
	"io"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"
)

// addVerbosity adds kubectl's -v. klog has many more flags of its own; none of
// them is of use here. What it logs goes to w, each line once, and nowhere else.
func addVerbosity(flags *pflag.FlagSet, w io.Writer) {
	all := goflag.NewFlagSet("klog", goflag.ContinueOnError)
	klog.InitFlags(all)
	_ = all.Set("logtostderr", "false")
	_ = all.Set("alsologtostderr", "false")
	_ = all.Set("stderrthreshold", "FATAL")
	_ = all.Set("one_output", "true")
	klog.SetOutput(w)
	v := pflag.PFlagFromGoFlag(all.Lookup("v"))
	v.Usage = "Log level; 6 shows every request to the API server"
	flags.AddFlag(v)
}

// isVerbose reports whether -v was given. Without it klog is not shown: what
// client-go says of watches and requests that failed is told by us, in an
// operator's words.
func isVerbose() bool { return klog.V(1).Enabled() }
