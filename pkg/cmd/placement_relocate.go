// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// relocateFlags are those of --relocate.
type relocateFlags struct {
	on, force, yes, quiet bool
	dryRun                dryRun
	drain                 drain.Options
}

// ofRelocate are the flags that say nothing without --relocate.
var ofRelocate = []string{"force", "yes", "quiet", "dry-run", "pod-timeout", "unschedulable-timeout", "delete-emptydir-data"}

func (f *relocateFlags) addFlags(cmd *cobra.Command) {
	f.drain = drain.DefaultOptions()
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "relocate", false, "Move misplaced pods to where they belong: all of them, or those of --pod and --workload")
	flags.BoolVar(&f.force, "force", false, "With --relocate: also move pods of workloads that the profile does not know")
	flags.BoolVar(&f.drain.DeleteEmptyDirData, "delete-emptydir-data", false, "With --relocate: let pods with an emptyDir go; its data is lost")
	flags.BoolVarP(&f.yes, "yes", "y", false, "With --relocate: go on without asking; needed when stdin is no terminal")
	addQuiet(cmd, &f.quiet)
	f.dryRun.addFlag(cmd, "With --relocate, how far to go: none moves pods, client stops after the plan, server also has the API server judge each eviction without doing it")
	flags.DurationVar(&f.drain.Timeout, "timeout", f.drain.Timeout, timeoutUsage+". Unless it is given: 10m without --relocate, no limit with --watch")
	flags.DurationVar(&f.drain.PodTimeout, "pod-timeout", f.drain.PodTimeout, "With --relocate: longest time in which nothing moves in a workload")
	flags.DurationVar(&f.drain.UnschedulableTimeout, "unschedulable-timeout", f.drain.UnschedulableTimeout, "With --relocate: longest time that a replacement may stay without a node")
}

func (f *relocateFlags) validate(cmd *cobra.Command) error {
	for _, name := range ofRelocate {
		if !f.on && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s is of use with --relocate only", name)
		}
	}
	return validateTimeouts(f.drain)
}

// relocate moves what is misplaced.
func (o *placementOptions) relocate(ctx context.Context, client *kubernetes.Clientset) error {
	f := &o.relocating
	t := o.newTalk(f.quiet, eventsText)
	r := &relocation{
		suite: o.suite, client: client, profile: o.profile, talk: t, drain: f.drain,
		force: f.force, yes: f.yes, dryRun: f.dryRun, command: o.command, names: o.narrow,
	}
	if len(o.pods)+len(o.workloads) > 0 {
		r.chosen = o.isNamed
	}
	r.show = func(out *v1alpha1.PlacementReport) error {
		if f.quiet && (f.yes || !report.IsTerminal(o.In)) {
			return nil
		}
		return report.Relocation(o.ErrOut, out, o.next, o.styleFor(o.ErrOut), o.output.wide)
	}
	out, err := r.run(ctx)
	t.finish(nil)
	if out != nil {
		if printErr := o.print(o.Out, out); printErr != nil {
			return printErr
		}
	}
	return err
}

// isNamed reports whether the operator named a pod; or its workload, of which only
// those move that are in a wrong place.
func (o *placementOptions) isNamed(m placement.Misplaced) bool {
	return slices.Contains(o.pods, m.Pod.Namespace+"/"+m.Pod.Name) ||
		m.Workload != nil && m.Verdict == v1alpha1.PlacementWrong && slices.Contains(o.workloads, m.Workload.String())
}
