// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package component

import (
	"os"
	"time"
)

// endWithParent ends this process when its parent is gone, on systems where
// the kernel cannot be asked to do it.
func endWithParent() {
	parent := os.Getppid()
	go func() {
		for os.Getppid() == parent {
			time.Sleep(500 * time.Millisecond)
		}
		os.Exit(1)
	}()
}
