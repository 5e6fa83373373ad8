// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"runtime"
	"syscall"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// maxRSS is the peak of a process's resident memory in bytes; 0 where the
// system does not tell.
func maxRSS(r harness.Result) int64 {
	usage, ok := r.Usage.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}
