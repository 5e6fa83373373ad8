// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"fmt"
	"slices"
	"syscall"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/layout"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// load puts the layout into the cluster, starts the scheduler, and gives the
// simulated kubelets their real pace.
func (k *Keeper) load(ctx context.Context) error {
	objects, err := layout.Load(k.options.Layout)
	if err != nil {
		return err
	}
	policy, err := layout.Decode(stages.Policy(plane.User(plane.Kwok)))
	if err != nil {
		return err
	}
	cluster, err := layout.Connect(k.paths.ComponentKubeconfig(plane.Loader))
	if err != nil {
		return err
	}
	version, err := cluster.Version()
	if err != nil {
		return k.describe(err)
	}
	k.set(func(s *supervise.State) { s.KubernetesVersion = version })
	k.options.Report("Kubernetes %s is up; loading %d objects of layout %s", version, len(objects), k.options.Layout)
	if err := cluster.Apply(ctx, slices.Concat(policy, objects)); err != nil {
		return k.describe(err)
	}
	if err := cluster.Place(ctx, objects, k.failed); err != nil {
		return k.describe(err)
	}
	k.options.Report("the placed pods are bound; starting the scheduler")
	if err := k.bootClients(ctx, map[string]portFlags{plane.Scheduler: k.paths.SchedulerFlags}); err != nil {
		return err
	}
	if err := cluster.WaitReady(ctx, objects, k.failed); err != nil {
		return k.describe(err)
	}
	k.stop(plane.Kwok, syscall.SIGKILL, 0) // it keeps nothing that it could lose
	if err := k.bootClients(ctx, map[string]portFlags{plane.Kwok: k.kwokFlags(k.options.Speed)}); err != nil {
		return fmt.Errorf("give the simulated kubelets their pace: %w", err)
	}
	return nil
}
