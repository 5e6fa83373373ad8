// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package keeper

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// portTries is how often a start is repeated when somebody else took one of
// its ports between finding and using it.
const portTries = 5

// boot starts everything but the scheduler.
func (k *Keeper) boot(ctx context.Context) error {
	credentials, err := k.paths.WriteFiles(k.options.Speed)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := k.bootStores(ctx, credentials)
		if err == nil {
			break
		}
		if try == portTries || !portTaken(err) {
			return err
		}
		k.options.Report("a port was taken meanwhile; trying others")
		k.stop(plane.APIServer, syscall.SIGKILL, 0)
		k.stop(plane.Etcd, syscall.SIGKILL, 0)
	}
	return k.bootClients(ctx, map[string]portFlags{
		plane.ControllerManager: k.paths.ControllerManagerFlags,
		plane.Kwok:              k.kwokFlags(stages.Load),
	})
}

// bootStores starts etcd and the API server on fresh ports.
func (k *Keeper) bootStores(ctx context.Context, credentials *plane.Credentials) error {
	found, err := supervise.FreePorts(ctx, 3)
	if err != nil {
		return err
	}
	ports := supervise.Ports{APIServer: found[0], EtcdClient: found[1], EtcdPeer: found[2]}
	k.set(func(s *supervise.State) { s.Ports = ports })
	if err := k.paths.ResetStore(); err != nil {
		return err
	}
	if err := k.paths.WriteKubeconfigs(credentials, ports.APIServer); err != nil {
		return err
	}
	if k.health, err = k.paths.NewHealth(ports); err != nil {
		return err
	}
	k.options.Report("starting etcd and the API server on port %d", ports.APIServer)
	etcd, err := k.run(ctx, plane.Etcd, k.paths.EtcdFlags(ports))
	if err != nil {
		return err
	}
	if err := plane.Wait(ctx, etcd, k.health.Etcd); err != nil {
		return err
	}
	return k.runAPIServer(ctx)
}

func (k *Keeper) runAPIServer(ctx context.Context) error {
	server, err := k.run(ctx, plane.APIServer, k.paths.APIServerFlags(k.state.Ports))
	if err != nil {
		return err
	}
	return plane.Wait(ctx, server, k.health.APIServer)
}

func portTaken(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	return strings.Contains(err.Error(), "address already in use")
}

// describe wraps the failure of a component around what failed because of it.
func (k *Keeper) describe(err error) error {
	if failure := k.failed(); failure != nil {
		return fmt.Errorf("%w\n%w", err, failure)
	}
	return err
}
