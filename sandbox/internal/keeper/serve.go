// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// stopGrace is how long the API server may take to finish its requests.
const stopGrace = 2 * time.Second

// restartTimeout bounds the start of an API server that was taken away.
const restartTimeout = time.Minute

// serve carries out a request and leaves the answer.
func (k *Keeper) serve(ctx context.Context, request supervise.Request) {
	response := supervise.Response{ID: request.ID}
	if err := k.restartAPIServer(ctx, request); err != nil {
		response.Error = err.Error()
	}
	if err := supervise.Answer(k.options.Dir, response); err != nil {
		fmt.Fprintln(k.options.Log, err)
	}
}

// restartAPIServer takes the API server away for a while, as the upgrade of a
// small control plane does. All that work on it go and come with it: left
// running they would wait for up to half a minute before they connect again,
// and the scheduler ends itself when it finds that a pod was replaced meanwhile.
func (k *Keeper) restartAPIServer(ctx context.Context, request supervise.Request) error {
	k.set(func(s *supervise.State) { s.Phase = supervise.PhaseAPIServerDown })
	if err := k.save(); err != nil {
		return err
	}
	back := time.After(request.Down)
	sig := syscall.SIGTERM
	if request.Kill {
		sig = syscall.SIGKILL
	}
	k.stop(plane.Scheduler, syscall.SIGKILL, 0)
	k.stop(plane.ControllerManager, syscall.SIGKILL, 0)
	k.stop(plane.Kwok, syscall.SIGKILL, 0)
	// From the signal on it refuses connections, so the time away counts from
	// here. Open watches would be served for much longer, as if it were not away.
	k.stop(plane.APIServer, sig, min(request.Down, stopGrace))
	if err := k.save(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-back:
	}
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	if err := k.runAPIServer(ctx); err != nil {
		return fmt.Errorf("start the API server again: %w", err)
	}
	err := k.bootClients(ctx, map[string]portFlags{
		plane.ControllerManager: k.paths.ControllerManagerFlags,
		plane.Scheduler:         k.paths.SchedulerFlags,
		plane.Kwok:              k.kwokFlags(k.options.Speed),
	})
	if err != nil {
		return fmt.Errorf("start what works on the API server again: %w", err)
	}
	k.set(func(s *supervise.State) { s.Phase = supervise.PhaseRunning })
	return k.save()
}
