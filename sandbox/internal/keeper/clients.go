// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// portFlags gives the flags of a component that tells its health on a port.
type portFlags func(port int) []string

func (k *Keeper) kwokFlags(speed stages.Speed) portFlags {
	return func(port int) []string { return k.paths.KwokFlags(speed, port) }
}

// bootClients starts components that work on the API server and waits until
// all of them do: one that is still connecting would end when the API server
// was taken away.
func (k *Keeper) bootClients(ctx context.Context, clients map[string]portFlags) error {
	names := slices.Sorted(maps.Keys(clients))
	for try := 1; len(names) > 0; try++ {
		ports, err := supervise.FreePorts(ctx, len(names))
		if err != nil {
			return err
		}
		started := make([]*supervise.Child, len(names))
		for i, name := range names {
			if started[i], err = k.run(ctx, name, clients[name](ports[i])); err != nil {
				return err
			}
		}
		var again []string
		for i, name := range names {
			err := k.awaitClient(ctx, started[i], ports[i])
			if err == nil {
				continue
			}
			if try == portTries || !portTaken(err) {
				return err
			}
			k.stop(name, syscall.SIGKILL, 0)
			again = append(again, name)
		}
		names = again
	}
	return nil
}

func (k *Keeper) awaitClient(ctx context.Context, child *supervise.Child, port int) error {
	if err := plane.Wait(ctx, child, k.health.Client(child.Name(), port)); err != nil {
		return fmt.Errorf("start %s: %w", child.Name(), err)
	}
	return nil
}
