// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// Spawner starts children from one operating-system thread that never ends.
// The kernel's parent-death signal follows the thread that made the child, not
// the process, so a child made from any other thread could be ended early.
type Spawner struct {
	requests chan func()
}

// NewSpawner starts the spawner's thread. It is never given up: its end would
// be the end of the children.
func NewSpawner() *Spawner {
	s := &Spawner{requests: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for start := range s.requests {
			start()
		}
	}()
	return s
}

// Start runs exe with args; its output goes to the end of the file log.
// The child does not end with ctx.
func (s *Spawner) Start(ctx context.Context, name, exe string, args []string, log string) (*Child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	defer out.Close()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), exe, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = childAttributes()
	started := make(chan error, 1)
	s.requests <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return newChild(name, cmd, log), nil
}
