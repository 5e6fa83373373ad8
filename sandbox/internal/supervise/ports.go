// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports below the range that kernels hand to outgoing connections: a port from
// that range could be taken by one while the API server is away.
const (
	firstPort = 20000
	lastPort  = 32000
)

// FreePorts returns n different ports of the loopback address that are free
// now. They are all held until the last one is found.
func FreePorts(ctx context.Context, n int) ([]int, error) {
	var listen net.ListenConfig
	ports := make([]int, 0, n)
	for tries := 0; len(ports) < n; tries++ {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("find free ports: %w", err)
		}
		if tries > 200*n {
			return nil, errors.New("find free ports: none left between 20000 and 32000")
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := listen.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer listener.Close()
		ports = append(ports, port)
	}
	return ports, nil
}
