// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Child is a running program that belongs to this process.
type Child struct {
	name     string
	log      string
	cmd      *exec.Cmd
	process  Process
	stopping atomic.Bool
	done     chan struct{}
	err      error
}

func newChild(name string, cmd *exec.Cmd, log string) *Child {
	c := &Child{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	c.process = Identify(cmd.Process.Pid)
	go func() {
		c.err = cmd.Wait()
		close(c.done)
	}()
	return c
}

// Name returns the name the child was started under.
func (c *Child) Name() string { return c.name }

// Process returns the identity of the child's process.
func (c *Child) Process() Process { return c.process }

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Ended reports whether the child has ended.
func (c *Child) Ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// Unexpected reports whether the child ended without being asked to.
func (c *Child) Unexpected() bool { return c.Ended() && !c.stopping.Load() }

// Failure describes why an ended child ended, with the end of its log.
func (c *Child) Failure() error {
	if !c.Ended() {
		return nil
	}
	reason := "exit code 0"
	if c.err != nil {
		reason = c.err.Error()
	}
	return fmt.Errorf("%s ended (%s); the end of %s:\n%s", c.name, reason, c.log, c.Tail(2000))
}

// Tail returns at most n bytes of the end of the child's log.
func (c *Child) Tail(n int) string {
	data, err := os.ReadFile(c.log)
	if err != nil {
		return ""
	}
	if len(data) > n {
		data = data[len(data)-n:]
	}
	return strings.TrimSpace(string(data))
}

// Stop sends sig and waits; after grace it sends SIGKILL and waits for that.
func (c *Child) Stop(sig syscall.Signal, grace time.Duration) {
	c.stopping.Store(true)
	if c.Ended() {
		return
	}
	_ = c.cmd.Process.Signal(sig)
	select {
	case <-c.done:
	case <-time.After(grace):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}
