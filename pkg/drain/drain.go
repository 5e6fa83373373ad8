// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"fmt"
	"slices"
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
	result := &v1alpha1.DrainResult{
		Started: newTime(started), Cordoned: cordoned,
		Pods: []v1alpha1.MovedPod{}, Workloads: []v1alpha1.DrainedWorkload{}, Left: []v1alpha1.PodRef{},
	}
	if began {
		d.Engine.Cordoned = plan.Pool.NodeNames()
		findings, err = d.Engine.Run(ctx, plan)
		result.Pods, result.Workloads = d.Engine.Moved(), d.Engine.Workloads()
	} else {
		plan.unmoved(result)
	}
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
	s := d.Engine.Source.Snapshot().WithPods(pods)
	var findings []v1alpha1.Finding
	for _, t := range (selector{snapshot: s, view: plan.view, options: plan.options}).selectFrom(plan.Pool.NodeNames()).targets {
		result.Left = append(result.Left, podRef(t))
		findings = append(findings, finding.New(finding.PoolNotEmpty, cluster.PodObject(t.Pod),
			"still on "+t.Pod.Spec.NodeName, "kubectl describe pod -n "+t.Pod.Namespace+" "+t.Pod.Name))
	}
	for i := range result.Workloads {
		if f, short := d.readBackWorkload(s, &result.Workloads[i]); short {
			findings = append(findings, f)
		}
	}
	return d.withoutTold(findings), nil
}

func (d *Drainer) readBackWorkload(s *cluster.Snapshot, r *v1alpha1.DrainedWorkload) (v1alpha1.Finding, bool) {
	w := s.FindWorkload(r.Kind, r.Namespace, r.Name)
	if w == nil {
		return v1alpha1.Finding{}, false
	}
	r.ReadyAfter = w.Ready()
	for _, g := range d.Engine.groups {
		if g.ref == w.Ref && r.ReadyAfter < g.expected() {
			return finding.New(finding.WorkloadNotBack, w.String(),
				fmt.Sprintf("%d of %d Ready%s", r.ReadyAfter, w.Replicas, startingPods(w)),
				"kubectl get pods -n "+w.Namespace+" -o wide"), true
		}
	}
	return v1alpha1.Finding{}, false
}

// withoutTold drops findings about workloads that the drain gave up on: their
// cause has been told already.
func (d *Drainer) withoutTold(findings []v1alpha1.Finding) []v1alpha1.Finding {
	told := map[string]bool{}
	for _, g := range d.Engine.groups {
		if g.stopped == nil {
			continue
		}
		told[g.ref.String()] = true
		for _, m := range g.members {
			told[cluster.PodObject(m.Pod)] = true
		}
	}
	return slices.DeleteFunc(findings, func(f v1alpha1.Finding) bool { return told[f.Object] })
}
