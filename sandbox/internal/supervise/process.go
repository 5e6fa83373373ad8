// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Process names one process for good: a process id alone may be given again.
type Process struct {
	PID int `json:"pid"`
	// Start is the kernel's start time of the process; empty where the system
	// does not tell.
	Start string `json:"start,omitempty"`
}

// Identify returns the identity of the process that has pid now.
func Identify(pid int) Process {
	start, _ := startTime(pid)
	return Process{PID: pid, Start: start}
}

// Alive reports whether exactly this process still runs.
func (p Process) Alive() bool {
	if p.PID <= 0 {
		return false
	}
	if err := syscall.Kill(p.PID, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	// A process that had ended before it was identified has no start time, and
	// must never be taken for another one that was given its id.
	start, ok := startTime(p.PID)
	return ok && p.Start == start
}

// End asks the process to end and, after grace, makes it.
func (p Process) End(grace time.Duration) error {
	if !p.Alive() {
		return nil
	}
	target, err := os.FindProcess(p.PID)
	if err != nil {
		return fmt.Errorf("find process %d: %w", p.PID, err)
	}
	_ = target.Signal(syscall.SIGTERM)
	for end := time.Now().Add(grace); time.Now().Before(end); {
		if !p.Alive() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = target.Kill()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if !p.Alive() {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("process %d does not end", p.PID)
}
