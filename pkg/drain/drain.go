// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// cordonsInFlight bounds the nodes that are cordoned at the same time.
const cordonsInFlight = 20

// cordonShown bounds the wait until the watch shows our own cordons.
const cordonShown = 30 * time.Second

// Drainer carries out plans on a cluster: cordon, evict, read back.
type Drainer struct {
	Cordoner Cordoner
	Engine   Engine
	// ReadPods reads all pods past the watches, for the last look.
	ReadPods func(context.Context) ([]*corev1.Pod, error)
	// By is who drains, as user@host.
	By string
	// Recorder writes the cordons down before they are made; nil writes nothing.
	Recorder Recorder
}

// Drain carries out plan. The result is never nil and is true however the drain
// ended; an error means that it could not go on: an API error while cordoning,
// or ctx's own.
func (d *Drainer) Drain(ctx context.Context, plan *Plan) (*v1alpha1.DrainResult, []v1alpha1.Finding, error) {
	started := d.Engine.Clock.Now()
	cordoned, err := d.cordon(ctx, plan)
	var findings []v1alpha1.Finding
	if err == nil {
		d.Engine.Cordoned = plan.Pool.NodeNames()
		findings, err = d.Engine.Run(ctx, plan)
	}
	result := &v1alpha1.DrainResult{
		Started: newTime(started), Cordoned: cordoned, Left: []v1alpha1.PodRef{},
	}
	if err == nil {
		var unread []v1alpha1.Finding
		unread, err = d.readBack(ctx, plan, result)
		findings = append(findings, unread...)
	} else {
		d.Engine.record(plan, result)
	}
	finished := d.Engine.Clock.Now()
	result.Finished = newTime(finished)
	result.Seconds = finished.Sub(started).Round(time.Millisecond).Seconds()
	finding.Sort(findings)
	return result, findings, err
}

// cordon makes every node of the pool unschedulable before the first pod goes,
// so that no replacement lands on a node that is next. It returns the nodes
// that it changed, and returns when the watch shows them.
func (d *Drainer) cordon(ctx context.Context, plan *Plan) ([]string, error) {
	lines, err := d.writeAhead(ctx, plan.Pool.Nodes)
	if err != nil {
		return []string{}, err
	}
	did, err := d.cordonAll(ctx, plan)
	cordoned := []string{}
	for name, mine := range did {
		if mine {
			cordoned = append(cordoned, name)
		}
	}
	slices.Sort(cordoned)
	if err != nil {
		return cordoned, err
	}
	if err := d.writeDone(ctx, lines, did); err != nil {
		return cordoned, err
	}
	return cordoned, d.awaitCordons(ctx, plan)
}

// cordonAll cordons the nodes, several at a time. It returns for each node that
// was answered for whether the cordon is ours.
func (d *Drainer) cordonAll(ctx context.Context, plan *Plan) (map[string]bool, error) {
	at := d.Engine.Clock.Now().UTC().Truncate(time.Second)
	type outcome struct {
		node string
		did  bool
		err  error
	}
	outcomes := make(chan outcome)
	slots := make(chan struct{}, cordonsInFlight)
	for _, node := range plan.Pool.Nodes {
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := ctx.Err(); err != nil {
				outcomes <- outcome{node.Name, false, err}
				return
			}
			did := false
			err := d.patiently(ctx, plan, func() error {
				var err error
				did, err = d.Cordoner.Cordon(ctx, node, Mark{
					By: d.By, At: at, Pool: plan.Pool.Name, Run: d.runID(), Workloads: plan.workloadsOn(node.Name),
				})
				return err
			})
			outcomes <- outcome{node.Name, did, err}
		}()
	}
	did := map[string]bool{}
	var errs []error
	for range plan.Pool.Nodes {
		o := <-outcomes
		if o.err != nil {
			errs = append(errs, o.err)
			continue
		}
		did[o.node] = o.did
		if o.did {
			d.Engine.tell(Cordoned, "node/"+o.node, "")
		}
	}
	return did, errors.Join(errs...)
}

// patiently repeats a request while the API server is away, for as long as the
// drain may take. An operator who looks on hears of the trouble from the lock.
func (d *Drainer) patiently(ctx context.Context, plan *Plan, request func() error) error {
	return patience.Patience{Clock: d.Engine.Clock, Away: plan.options.Timeout}.Do(ctx, request)
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

// readBack looks at the cluster once more, past the watches: success is said
// only when it was seen.
func (d *Drainer) readBack(ctx context.Context, plan *Plan, result *v1alpha1.DrainResult) ([]v1alpha1.Finding, error) {
	var pods []*corev1.Pod
	err := d.patiently(ctx, plan, func() error {
		var err error
		pods, err = d.ReadPods(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading back: %w", err)
	}
	return d.Engine.readBack(d.Engine.Source.Snapshot().WithPods(pods), result), nil
}
