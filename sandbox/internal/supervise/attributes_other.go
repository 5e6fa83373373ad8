// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package supervise

import "syscall"

// childAttributes keeps a Ctrl-C in the terminal from reaching the child; the
// child watches its parent by itself here.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
