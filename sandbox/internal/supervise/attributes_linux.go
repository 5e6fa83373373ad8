// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import "syscall"

// childAttributes makes the kernel end the child when this process ends, and
// keeps a Ctrl-C in the terminal from reaching it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
