// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/picture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// placementOptions are the options of placement-check.
type placementOptions struct {
	*suite
	output *output

	pods, workloads []string
	profileFile     string
	profile         *profile.Profile
	watching        bool
	relocating      relocateFlags
	command         []string
	next            report.Next
}

func newCmdPlacementCheck(s *suite) *cobra.Command {
	o := &placementOptions{suite: s, output: newOutput()}
	o.output.also = map[string]printers.ResourcePrinter{"svg": pictured(picture.SVG), "html": pictured(picture.HTML)}
	cmd := s.command("placement-check", "")
	cmd.Long = `Show where pods are against where they belong: by the profile's map of pools (the
vantiq and the metrics pool carry the same label, so the map decides), by the pod's
own affinity and tolerations, by the spread of replicas over nodes and zones, by the
zones of volumes; and the nodes that a DaemonSet misses.

For each pod that is not right it says since when, whether a node where it belongs
has room now, and the command that moves it. On a cluster without a Vantiq
installation the map is not asked.

Without --relocate it changes nothing; the exit code is 2 if a pod is in a wrong
place or something could not be checked, 0 if there are warnings only.

With --relocate each pod in a wrong place goes to a node where it belongs; with --pod
that one, also from a poor place; with --workload those of it in a wrong place. They go
one after the other, evicted within every floor and kept off every other
node while it restarts, by pods that do nothing but repel this one (no node is
tainted or cordoned, no other pod is affected). Two that hold each other's place are
swapped, the single replica going away first.`
	cmd.Example = `  # What is wrong
  kubectl vantiq-upgrade placement-check

  # Every pod, with its pool, its zone and since when it is there
  kubectl vantiq-upgrade placement-check -o wide

  # Move what is in a wrong place; first see what would be done
  kubectl vantiq-upgrade placement-check --relocate --dry-run=client
  kubectl vantiq-upgrade placement-check --relocate

  # One workload, again and again
  kubectl vantiq-upgrade placement-check --workload statefulset/app/vantiq --watch`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(); err != nil {
			return err
		}
		o.command = commandWords(cmd, args)
		o.next = report.Next{Again: commandLine(cmd, cmd.Name(), args)}
		if err := o.relocating.validate(cmd); err != nil {
			return err
		}
		if err := o.validate(cmd); err != nil {
			return err
		}
		o.limitUsually(cmd)
		return o.run(cmd.Context())
	}
	o.addFlags(cmd)
	return cmd
}

func (o *placementOptions) addFlags(cmd *cobra.Command) {
	o.output.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&o.pods, "pod", nil, "Only this pod, as namespace/name; may be given several times")
	flags.StringSliceVar(&o.workloads, "workload", nil, "Only the pods of this workload, as kind/namespace/name; may be given several times")
	flags.StringVar(&o.profileFile, "profile", "", "File with what is known of Vantiq, in place of the built-in one")
	flags.BoolVarP(&o.watching, "watch", "w", false, "Look again on every change, at most once a second: on a terminal redraw, in a pipe write a line for each change of a verdict")
	_ = cmd.MarkFlagFilename("profile", "yaml", "yml")
	o.completeFlag(cmd, "pod", o.podNames)
	o.completeFlag(cmd, "workload", o.workloadNames)
	o.relocating.addFlags(cmd)
}

func (o *placementOptions) complete() error {
	if err := o.output.complete(); err != nil {
		return err
	}
	o.workloads = canonicalNames(o.workloads)
	for i, pod := range o.pods {
		o.pods[i] = strings.TrimPrefix(pod, "pod/")
	}
	var err error
	o.profile, err = profile.Load(o.profileFile)
	return err
}

func (o *placementOptions) validate(cmd *cobra.Command) error {
	for name, given := range map[string][]string{"pod": o.pods, "workload": o.workloads} {
		// An empty variable of a script must not mean all of them.
		if cmd.Flags().Changed(name) && len(given) == 0 {
			return fmt.Errorf("--%s is empty", name)
		}
	}
	for _, pod := range o.pods {
		if strings.Count(pod, "/") != 1 {
			return fmt.Errorf("--pod: want namespace/name, got %q", pod)
		}
	}
	for _, workload := range o.workloads {
		if strings.Count(workload, "/") != 2 {
			return fmt.Errorf("--workload: want kind/namespace/name, got %q", workload)
		}
	}
	if o.watching && o.relocating.on {
		return errors.New("give --watch or --relocate, not both")
	}
	if o.watching && !o.output.human {
		return errors.New("--watch shows tables; give it without -o, or with -o wide")
	}
	return nil
}

// limitUsually sets the limit of what does not relocate, unless it is given.
func (o *placementOptions) limitUsually(cmd *cobra.Command) {
	switch {
	case cmd.Flags().Changed("timeout"), o.relocating.on:
	case o.watching:
		o.limit.become(0)
	default:
		o.limit.become(readingTimeout)
	}
}

func (o *placementOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	switch {
	case o.watching:
		return o.follow(ctx, client)
	case o.relocating.on:
		return o.relocate(ctx, client)
	}
	out, err := o.look(ctx, client)
	if err != nil {
		return err
	}
	o.remind(ctx, client, nil, func(text string) { fmt.Fprintln(o.ErrOut, text) })
	if err := o.print(o.Out, out); err != nil {
		return err
	}
	return verdictOf(out)
}

// pictured prints a report as a picture, with times of this machine's zone.
func pictured(draw func(io.Writer, *v1alpha1.PlacementReport) error) printers.ResourcePrinter {
	return printers.ResourcePrinterFunc(func(object runtime.Object, w io.Writer) error {
		r, is := object.(*v1alpha1.PlacementReport)
		if !is {
			return fmt.Errorf("a %T cannot be drawn", object)
		}
		shown := *r
		shown.Time.Time = r.Time.Local()
		return draw(w, &shown)
	})
}

// verdictOf is the exit code that a report stands for.
func verdictOf(out *v1alpha1.PlacementReport) error {
	if finding.HasErrors(out.Findings) {
		return &ExitError{Code: codeBlocked}
	}
	return nil
}

func (o *placementOptions) print(w io.Writer, out *v1alpha1.PlacementReport) error {
	return o.output.print(w, out, func(w io.Writer) error {
		if out.Relocation != nil {
			return report.Relocation(w, out, o.next, o.styleFor(o.Out), o.output.wide)
		}
		return report.PlacementReport(w, out, o.styleFor(o.Out), o.output.wide)
	})
}

// look reads the cluster once, by one list a kind, and judges it.
func (o *placementOptions) look(ctx context.Context, client kubernetes.Interface) (*v1alpha1.PlacementReport, error) {
	var snapshot *cluster.Snapshot
	var volumes *cluster.Volumes
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		snapshot, err = cluster.List(reading, client)
		return err
	})
	group.Go(func() (err error) {
		volumes, err = cluster.ListVolumes(reading, client)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := o.judge(snapshot, volumes)
	return out, o.narrow(out)
}

// judge says where the pods are and where they belong.
func (o *placementOptions) judge(s *cluster.Snapshot, volumes *cluster.Volumes) *v1alpha1.PlacementReport {
	return placement.Judge(placement.Input{
		Snapshot: s, Volumes: volumes, Pools: pool.List(s.Nodes, o.profile), Profile: disruption.ViewOf(s, o.profile), Time: o.now(), IsOurs: isOurCordon,
	})
}

// narrow keeps what the operator named.
func (o *placementOptions) narrow(out *v1alpha1.PlacementReport) error {
	if len(o.pods)+len(o.workloads) == 0 {
		return nil
	}
	return placement.Only(out, o.pods, o.workloads)
}
