// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// memoryLook is how often the peak is read. It only grows, so what is missed is
// what a process takes in its last moments.
const memoryLook = 10 * time.Millisecond

// watchPeak follows the peak of a process's resident memory until ctx ends, and
// then sends it in bytes; 0 where the system has no /proc. The kernel's figure
// for an ended child (ru_maxrss) would not do: it is at least the peak of the
// process that started it, which here holds whole lists of pods.
func watchPeak(ctx context.Context, pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var last int64
		for ctx.Err() == nil {
			last = max(last, peakOf(pid))
			time.Sleep(memoryLook)
		}
		peak <- last
	}()
	return peak
}

// peakOf is the peak resident memory so far, in bytes.
func peakOf(pid int) int64 {
	text, _, _ := strings.Cut(field(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"), " ")
	kilobytes, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0 // it has ended
	}
	return kilobytes << 10
}
