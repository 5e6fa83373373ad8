// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// cordonsInFlight bounds the nodes that are cordoned at the same time.
const cordonsInFlight = 20

// cordonShown bounds the wait until the watch shows our own cordons.
const cordonShown = 30 * time.Second

// cordon makes every node of the pool unschedulable before the first pod goes,
// so that no replacement lands on a node that is next. It returns the nodes
// that it changed, and returns when the watch shows them. Nodes that the API server
// refuses to have cordoned are in the findings; nothing is waited for then.
func (d *Drainer) cordon(ctx context.Context, plan *Plan) ([]string, []v1alpha1.Finding, error) {
	cordoned := []string{}
	lines, err := d.writeAhead(ctx, plan.Pool.Nodes)
	if err != nil {
		return cordoned, nil, err
	}
	outcomes := d.cordonAll(ctx, plan)
	var findings []v1alpha1.Finding
	var failed []error
	for _, o := range outcomes {
		switch {
		case o.did:
			cordoned = append(cordoned, o.node)
		case refusal.Is(o.err):
			findings = append(findings, CordonRefused(o.node, o.err))
		case o.err != nil:
			failed = append(failed, o.err)
		}
	}
	// Also what was made before the server was lost is written down, if it can be.
	failed = append(failed, d.writeDone(ctx, lines, outcomes))
	if err := errors.Join(failed...); err != nil || len(findings) > 0 {
		return cordoned, findings, err
	}
	return cordoned, nil, d.awaitCordons(ctx, plan)
}

// CordonRefused says that the API server refuses to cordon a node.
func CordonRefused(node string, err error) v1alpha1.Finding {
	return finding.New(finding.CordonRefused, "node/"+node, "the API server refuses to cordon it: "+refusal.Sentence(err), refusal.Remedy(err, ""))
}

// cordonOutcome is what became of one node: did is true when the cordon is ours.
type cordonOutcome struct {
	node string
	did  bool
	err  error
}

// cordonAll cordons the nodes, several at a time, each whatever becomes of the others.
// The outcomes are in the order of the nodes.
func (d *Drainer) cordonAll(ctx context.Context, plan *Plan) []cordonOutcome {
	at := d.Engine.Clock.Now().UTC().Truncate(time.Second)
	outcomes := make(chan cordonOutcome)
	slots := make(chan struct{}, cordonsInFlight)
	for _, node := range plan.Pool.Nodes {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := ctx.Err(); err != nil {
				outcomes <- cordonOutcome{node.Name, false, err}
				return
			}
			did := false
			err := d.patiently(ctx, plan, func() error {
				var err error
				did, err = d.Cordoner.Cordon(ctx, node, Mark{
					By: d.By, At: at, Pool: plan.Pool.Name, Run: d.runID(), UID: node.UID, Workloads: plan.workloadsOn(node.Name),
				})
				return err
			})
			outcomes <- cordonOutcome{node.Name, did && err == nil, err}
		}()
	}
	all := make([]cordonOutcome, 0, len(plan.Pool.Nodes))
	for range plan.Pool.Nodes {
		o := <-outcomes
		if o.did {
			d.Engine.tell(Cordoned, "node/"+o.node, "")
		}
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b cordonOutcome) int { return cmp.Compare(a.node, b.node) })
	return all
}

// awaitCordons waits until the watch shows the nodes as unschedulable: what is
// decided after that is decided on what the scheduler sees too.
func (d *Drainer) awaitCordons(ctx context.Context, plan *Plan) error {
	timer := d.Engine.Clock.NewTimer(cordonShown)
	defer timer.Stop()
	for {
		s := d.Engine.Source.Snapshot()
		missing := slices.IndexFunc(plan.Pool.Nodes, func(n *corev1.Node) bool {
			live := s.Node(n.Name)
			return live != nil && !live.Spec.Unschedulable
		})
		if missing < 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C():
			return fmt.Errorf("node %s was cordoned and is schedulable again after %s: somebody else gives it back", plan.Pool.Nodes[missing].Name, cordonShown)
		case <-d.Engine.Source.Changed():
		}
	}
}
