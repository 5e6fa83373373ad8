// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// askServer has the API server judge each step without taking it. It answers
// each eviction as if it were the only one: budgets are not used up.
func (r *runDrain) askServer(ctx context.Context, plan *drain.Plan, out *v1alpha1.DrainReport) error {
	cordoner := drain.Cordoner{Nodes: r.client.CoreV1().Nodes(), DryRun: true}
	for _, node := range plan.Pool.Nodes {
		_, err := cordoner.Cordon(ctx, node, drain.Mark{By: r.Operator})
		switch {
		case refusal.Is(err):
			out.Findings = append(out.Findings, drain.CordonRefused(node.Name, err))
		case err != nil:
			return err
		}
	}
	evictor := drain.APIEvictor{Client: r.client.CoreV1().RESTClient(), DryRun: true}
	for _, target := range plan.Targets {
		if err := evictor.Evict(ctx, target.Pod, r.drainPoolOptions.drain.GracePeriodSeconds, false); err != nil {
			out.Findings = append(out.Findings, finding.New(finding.ServerWouldRefuse, cluster.PodObject(target.Pod), drain.Explain(err), ""))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	finding.Sort(out.Findings)
	if finding.HasErrors(out.Findings) {
		out.Outcome = v1alpha1.DrainBlocked
		return &ExitError{Code: codeBlocked}
	}
	return nil
}
