// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// Drainer carries out plans on a cluster: cordon, evict, read back.
type Drainer struct {
	Cordoner Cordoner
	Engine   Engine
	// ReadPods reads all pods past the watches, for the last look.
	ReadPods func(context.Context) ([]*corev1.Pod, error)
	// ReadJobs reads Jobs for the last look; nil leaves them out.
	ReadJobs func(context.Context, []cluster.Ref) (cluster.Jobs, error)
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
	cordoned, findings, err := d.cordon(ctx, plan)
	began := err == nil && len(findings) == 0
	if began {
		d.Engine.Cordoned = plan.Pool.NodeNames()
		findings, err = d.Engine.Run(ctx, plan)
	}
	result := &v1alpha1.DrainResult{
		Started: newTime(started), Cordoned: cordoned, Left: []v1alpha1.PodRef{},
	}
	d.Engine.record(plan, result)
	if err == nil {
		var unread []v1alpha1.Finding
		unread, err = d.readBack(ctx, plan, result)
		if began { // else nobody has asked the pods to go
			findings = append(findings, unread...)
		}
	}
	finished := d.Engine.Clock.Now()
	result.Finished = newTime(finished)
	result.Seconds = finished.Sub(started).Round(time.Millisecond).Seconds()
	finding.Sort(findings)
	return result, findings, err
}

// patiently repeats a request while the API server is away, for as long as the
// drain may take. An operator who looks on hears of the trouble from the lock.
func (d *Drainer) patiently(ctx context.Context, plan *Plan, request func() error) error {
	return patience.Patience{Clock: d.Engine.Clock, Away: plan.options.Timeout}.Do(ctx, request)
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
	findings := d.Engine.readBack(d.Engine.Source.Snapshot().WithPods(pods), result)
	failed, err := d.readBackJobs(ctx, plan)
	return append(findings, failed...), err
}
