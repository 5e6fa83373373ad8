// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// uncordonPoolOptions are the options of uncordon-pool.
type uncordonPoolOptions struct {
	*suite
	output *output
	choice poolChoice
	name   string
	all    bool
	quiet  bool
	dryRun dryRun
}

func newCmdUncordonPool(s *suite) *cobra.Command {
	o := &uncordonPoolOptions{suite: s, output: newOutput()}
	cmd := s.command("uncordon-pool", "POOL")
	cmd.Args = onePool
	cmd.Long = `Give a drained node pool back: pods may be scheduled on it again.

Only nodes that drain-pool cordoned are given back; a node that somebody else
had cordoned stays so, unless --all is given.`
	cmd.Example = `  # Give back what drain-pool cordoned
  kubectl vantiq-upgrade uncordon-pool mongodbnp

  # Every node of the pool, whoever cordoned it
  kubectl vantiq-upgrade uncordon-pool mongodbnp --all`
	cmd.ValidArgsFunction = s.completePools
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(args); err != nil {
			return err
		}
		if err := o.choice.validate(o.name); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	o.output.addFlags(cmd)
	o.choice.addFlags(cmd)
	addQuiet(cmd, &o.quiet)
	o.dryRun.addFlag(cmd, "How far to go: none gives the pool back, client only shows what would be done, server also has the API server judge each change without making it")
	cmd.Flags().BoolVar(&o.all, "all", false, "Give back every node of the pool, whoever cordoned it")
	return cmd
}

func (o *uncordonPoolOptions) complete(args []string) error {
	if len(args) > 0 {
		o.name = args[0]
	}
	return o.output.complete()
}

func (o *uncordonPoolOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	if err := o.refuseWithoutRights(ctx, client); err != nil {
		return err
	}
	nodes, err := cluster.ListNodes(ctx, client)
	if err != nil {
		return err
	}
	prof, err := o.choice.load()
	if err != nil {
		return err
	}
	chosen, err := o.choice.resolve(nodes, o.name, prof)
	if err != nil {
		return err
	}
	out := &v1alpha1.UncordonReport{
		TypeMeta:   v1alpha1.TypeMeta("UncordonReport"),
		ObjectMeta: metav1.ObjectMeta{Name: chosen.Name},
		DryRun:     o.dryRun.String(),
		Nodes:      []v1alpha1.UncordonedNode{},
	}
	held := ctx
	if o.dryRun == dryRunNone {
		var release func()
		talk := o.newTalk(o.quiet, eventsText)
		held, release, err = o.lock(ctx, client, "uncordon-pool "+chosen.Name, talk, talk.trouble)
		if err != nil {
			return err
		}
		defer release()
	}
	failed := o.uncordon(held, client, chosen.Nodes, out)
	if held.Err() != nil && ctx.Err() == nil {
		failed = &ExitError{Code: codeStopped, Err: context.Cause(held)}
	}
	err = o.output.print(o.Out, out, func(w io.Writer) error {
		return report.Uncordon(w, out, o.styleFor(o.Out), o.output.wide)
	})
	if err != nil {
		return err
	}
	return failed
}

func (o *uncordonPoolOptions) refuseWithoutRights(ctx context.Context, client kubernetes.Interface) error {
	missing, err := o.missingRights(ctx, client, "uncordon-pool")
	if err != nil || len(missing) == 0 {
		return err
	}
	var names []string
	for _, access := range missing {
		names = append(names, access.String())
	}
	return &ExitError{Code: codeBlocked, Err: &missingRightsError{names}}
}

// missingRightsError lists what the current user may not do.
type missingRightsError struct{ rights []string }

func (e *missingRightsError) Error() string {
	return "the current user may not " + strings.Join(e.rights, ", ") + "; nothing was touched"
}

// uncordon gives the nodes back one after the other; what was done before an
// error is in the report.
func (o *uncordonPoolOptions) uncordon(ctx context.Context, client kubernetes.Interface, nodes []*corev1.Node, out *v1alpha1.UncordonReport) error {
	cordoner := drain.Cordoner{Nodes: client.CoreV1().Nodes(), DryRun: o.dryRun == dryRunServer}
	for _, node := range nodes {
		mark, ours := drain.MarkOf(node)
		line := v1alpha1.UncordonedNode{Name: node.Name, Action: uncordonAction(node, ours, o.all), CordonedBy: mark.By}
		if !mark.At.IsZero() {
			at := metav1.NewTime(mark.At)
			line.CordonedAt = &at
		}
		if changes := line.Action == "uncordoned" || line.Action == "mark removed"; changes && o.dryRun != dryRunClient {
			if err := cordoner.Uncordon(ctx, node); err != nil {
				return err
			}
		}
		out.Nodes = append(out.Nodes, line)
	}
	return nil
}

// uncordonAction says what is to happen to a node.
func uncordonAction(node *corev1.Node, ours, all bool) string {
	switch {
	case node.Spec.Unschedulable && (ours || all):
		return "uncordoned"
	case node.Spec.Unschedulable:
		return "left cordoned"
	case ours:
		return "mark removed"
	}
	return "not cordoned"
}
