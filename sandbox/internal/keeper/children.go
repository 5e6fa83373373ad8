// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

// componentCommand is the argument that makes the binary a component; the
// component package itself is too heavy to import for one word.
const componentCommand = "component"

// run starts a component and records it.
func (k *Keeper) run(ctx context.Context, name string, flags []string) (*supervise.Child, error) {
	args := append([]string{componentCommand, name, "--"}, flags...)
	child, err := k.spawner.Start(ctx, name, k.options.Executable, args, k.paths.Log(name))
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.children[name] = child
	k.mu.Unlock()
	return child, k.save()
}

// stop ends a component that runs; it does nothing when there is none.
func (k *Keeper) stop(name string, sig syscall.Signal, grace time.Duration) {
	k.mu.Lock()
	child := k.children[name]
	delete(k.children, name)
	k.mu.Unlock()
	if child != nil {
		child.Stop(sig, grace)
	}
}

// failed returns the reason why a component ended by itself.
func (k *Keeper) failed() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(k.children)) {
		if child := k.children[name]; child.Unexpected() {
			return child.Failure()
		}
	}
	return nil
}

// checkChildren marks the sandbox as failed when a component ended by itself.
// It is not started again: a test that hit this must not pass by luck.
func (k *Keeper) checkChildren() {
	err := k.failed()
	if err == nil || k.state.Phase == supervise.PhaseFailed {
		return
	}
	fmt.Fprintf(k.options.Log, "%s %v\n", time.Now().UTC().Format(time.RFC3339), err)
	k.set(func(s *supervise.State) {
		s.Phase, s.Message = supervise.PhaseFailed, err.Error()
	})
	_ = k.save()
}

func (k *Keeper) set(change func(*supervise.State)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(&k.state)
}

// save writes the record, with the components as they are now.
func (k *Keeper) save() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.Components = map[string]supervise.Process{}
	for name, child := range k.children {
		k.state.Components[name] = child.Process()
	}
	return k.state.Write(k.options.Dir)
}
