// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package keeper is the supervisor of one sandbox: it starts the control
// plane, loads the layout, and ends everything when it is told to, when its
// directory vanishes, or when its owner is gone.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// Options say what sandbox to keep.
type Options struct {
	Dir     string
	Layout  string
	Speed   stages.Speed
	Owner   *supervise.Process
	Timeout time.Duration
	// Executable is the sandbox binary, which is also every component.
	Executable string
	// Log gets what happens after the start.
	Log io.Writer
	// Report gets one line per step of the start.
	Report func(format string, args ...any)
}

// Keeper keeps one sandbox.
type Keeper struct {
	options Options
	paths   plane.Paths
	spawner *supervise.Spawner
	health  *plane.Health
	lock    *os.File

	mu       sync.Mutex
	state    supervise.State
	children map[string]*supervise.Child
}

// errOver ends a sandbox without being a failure.
var errOver = errors.New("the sandbox is over")

// New takes the directory for a new sandbox.
func New(options Options) (*Keeper, error) {
	paths := plane.Paths{Dir: options.Dir}
	if err := os.MkdirAll(paths.Logs(), 0o755); err != nil {
		return nil, fmt.Errorf("make the sandbox directory: %w", err)
	}
	lock, err := supervise.Lock(paths.Lock())
	if err != nil {
		return nil, fmt.Errorf("take the directory %s: %w", options.Dir, err)
	}
	k := &Keeper{
		options:  options,
		paths:    paths,
		spawner:  supervise.NewSpawner(),
		lock:     lock,
		children: map[string]*supervise.Child{},
		state: supervise.State{
			Phase:      supervise.PhaseStarting,
			Supervisor: supervise.Identify(os.Getpid()),
			Layout:     options.Layout,
			Speed:      string(options.Speed),
			Owner:      options.Owner,
			Created:    time.Now().UTC().Truncate(time.Second),
		},
	}
	return k, k.save()
}

// Start brings the sandbox up. When it fails nothing is left but the logs.
func (k *Keeper) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, k.options.Timeout)
	defer cancel()
	ctx, stop := k.watchHome(ctx)
	defer stop()
	err := k.boot(ctx)
	if err == nil {
		err = k.load(ctx)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		k.end(true)
		return err
	}
	k.set(func(s *supervise.State) { s.Phase = supervise.PhaseRunning })
	return k.save()
}

// Keep serves requests until the sandbox is over, then ends everything.
func (k *Keeper) Keep(ctx context.Context) error {
	ctx, stop := k.watchHome(ctx)
	defer stop()
	defer k.end(false)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		k.checkChildren()
		if request, ok := supervise.TakeRequest(k.options.Dir); ok {
			k.serve(ctx, request)
		}
	}
}

// Abort ends a sandbox that nobody waits for any more.
func (k *Keeper) Abort() { k.end(true) }

// watchHome returns a context that ends when the directory or the owner is
// gone.
func (k *Keeper) watchHome(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if !supervise.SameFile(k.paths.Lock(), k.lock) {
				cancel(fmt.Errorf("%w: its directory vanished", errOver))
			}
			if owner := k.options.Owner; owner != nil && !owner.Alive() {
				cancel(fmt.Errorf("%w: its owner, process %d, is gone", errOver, owner.PID))
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// end stops every child, the API server before etcd, which it would otherwise
// wait for, and removes what the sandbox made.
func (k *Keeper) end(keepLogs bool) {
	for _, name := range []string{plane.Scheduler, plane.ControllerManager, plane.Kwok, plane.APIServer, plane.Etcd} {
		k.stop(name, syscall.SIGKILL, 0)
	}
	if !supervise.SameFile(k.paths.Lock(), k.lock) {
		return // the directory is no longer ours
	}
	Clean(k.paths, keepLogs)
}

// Clean removes what a sandbox made in its directory, and the directory when
// nothing else is in it.
func Clean(paths plane.Paths, keepLogs bool) {
	for _, path := range paths.Made() {
		if keepLogs && path == paths.Logs() {
			continue
		}
		_ = os.RemoveAll(path)
	}
	_ = os.Remove(paths.Dir)
}
