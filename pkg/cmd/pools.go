// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// poolsOptions are the options of pools.
type poolsOptions struct {
	*suite
	output *output
	choice poolChoice
	name   string
}

func newCmdPools(s *suite) *cobra.Command {
	o := &poolsOptions{suite: s, output: newOutput()}
	cmd := s.command("pools", "[POOL]")
	cmd.Args = onePool
	cmd.Long = `List the node pools: their nodes, versions and zones, and what Vantiq runs on
them. A pool is what the labels of AKS, EKS, eksctl, Karpenter, GKE or kOps say.`
	cmd.Example = `  # All pools
  kubectl vantiq-upgrade pools

  # One of them, with its node names
  kubectl vantiq-upgrade pools mongodbnp -o wide`
	cmd.ValidArgsFunction = s.completeArgs(1, s.poolNames)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.output.complete(); err != nil {
			return err
		}
		if len(args) > 0 {
			o.name = args[0]
		}
		return o.run(cmd.Context())
	}
	o.output.addFlags(cmd)
	o.choice.addFlags(cmd)
	return cmd
}

func (o *poolsOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	nodes, err := cluster.ListNodes(ctx, client)
	if err != nil {
		return err
	}
	pools, err := o.pick(nodes)
	if err != nil {
		return err
	}
	list := &v1alpha1.PoolList{TypeMeta: v1alpha1.TypeMeta("PoolList"), Items: []v1alpha1.Pool{}}
	for _, p := range pools {
		list.Items = append(list.Items, poolObject(p))
	}
	if len(list.Items) == 0 {
		fmt.Fprintln(o.ErrOut, "No nodes found.")
	}
	o.remind(ctx, client, nil, func(text string) { fmt.Fprintln(o.ErrOut, text) })
	return o.output.print(o.Out, list, func(w io.Writer) error { return report.Pools(w, list, o.styleFor(o.Out), o.output.wide) })
}

// pick returns all pools, or the one that was asked for.
func (o *poolsOptions) pick(nodes []*corev1.Node) ([]pool.Pool, error) {
	prof, err := o.choice.load()
	if err != nil {
		return nil, err
	}
	if o.name == "" && o.choice.selector == "" {
		return pool.List(nodes, prof), nil
	}
	chosen, err := o.choice.resolve(nodes, o.name, prof)
	return []pool.Pool{chosen}, err
}

func poolObject(p pool.Pool) v1alpha1.Pool {
	out := v1alpha1.Pool{
		TypeMeta:   v1alpha1.TypeMeta("Pool"),
		ObjectMeta: metav1.ObjectMeta{Name: p.Name},
		Provider:   p.Provider, Role: p.Role, Nodes: p.NodeNames(),
		Ready: p.Ready(), Cordoned: p.Cordoned(),
		KubeletVersions: p.KubeletVersions(), Zones: p.Zones(),
	}
	for _, node := range p.Nodes {
		if _, ours := drain.MarkOf(node); ours && node.Spec.Unschedulable {
			out.CordonedByUs++
		}
	}
	return out
}
