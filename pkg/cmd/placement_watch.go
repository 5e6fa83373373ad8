// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// rejudgeEvery is how often a changing cluster is judged anew, at most; a pod may
// become overdue without any change, so that a still one is looked at as well.
const (
	rejudgeEvery = time.Second
	rejudgeStill = 10 * time.Second
)

// follow judges the cluster again and again until it is interrupted, or --timeout
// is over.
func (o *placementOptions) follow(ctx context.Context, client kubernetes.Interface) error {
	if err := o.mayWatch(ctx, client, "placement-check", "watch"); err != nil {
		return err
	}
	t := o.newTalk(false, eventsText)
	watcher, stop, err := o.watch(ctx, client, t)
	if err != nil {
		return err
	}
	defer stop()
	if err := watcher.WatchVolumes(ctx); err != nil {
		return err
	}
	first := o.judge(watcher.Snapshot(), watcher.Volumes())
	if err := o.narrow(first); err != nil {
		return err
	}
	if report.CanLive(o.Out, o.Getenv) {
		return o.followLive(ctx, watcher, t, first)
	}
	if err := o.print(o.Out, first); err != nil {
		return err
	}
	before := first
	o.rejudge(ctx, watcher, func(out *v1alpha1.PlacementReport) {
		report.PlacementChanges(o.Out, before, out)
		before = out
	})
	return endOfWatch(ctx, before)
}

// followLive draws the report in place, as far as the terminal shows it, and
// prints the last one whole.
func (o *placementOptions) followLive(ctx context.Context, watcher *cluster.Watcher, t *talk, first *v1alpha1.PlacementReport) error {
	var mu sync.Mutex
	last := first
	live := report.NewLive(o.Out, report.TerminalSize(o.Out), o.Clock, func(width, height int) []string {
		mu.Lock()
		defer mu.Unlock()
		return o.screen(last, width, height)
	})
	t.printAbove(live)
	o.rejudge(ctx, watcher, func(out *v1alpha1.PlacementReport) {
		mu.Lock()
		defer mu.Unlock()
		last = out
	})
	live.Close()
	if err := o.print(o.Out, last); err != nil {
		return err
	}
	return endOfWatch(ctx, last)
}

// endOfWatch is how a watch ends: by the operator, or by --timeout with the last
// verdict.
func endOfWatch(ctx context.Context, last *v1alpha1.PlacementReport) error {
	if isTimeout(ctx) {
		return verdictOf(last)
	}
	return &ExitError{Code: codeInterrupted}
}

// screen is what of a report a terminal has room for.
func (o *placementOptions) screen(out *v1alpha1.PlacementReport, width, height int) []string {
	var text strings.Builder
	if err := o.print(&text, out); err != nil {
		return []string{err.Error()}
	}
	return report.Screen(text.String(), width, height)
}

// rejudge calls show with what has become of the cluster whenever it changes,
// until ctx ends.
func (o *placementOptions) rejudge(ctx context.Context, watcher *cluster.Watcher, show func(*v1alpha1.PlacementReport)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.Clock.After(rejudgeEvery):
		}
		select {
		case <-ctx.Done():
			return
		case <-watcher.Changed():
		case <-o.Clock.After(rejudgeStill):
		}
		out := o.judge(watcher.Snapshot(), watcher.Volumes())
		// A pod that was named may be gone for a moment; then there is nothing to
		// say of it.
		if len(o.pods)+len(o.workloads) > 0 && placement.Only(out, o.pods, o.workloads) != nil {
			continue
		}
		show(out)
	}
}
