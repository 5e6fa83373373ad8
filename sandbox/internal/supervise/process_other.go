// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package supervise

// startTime does not know start times on this system; the process id alone
// has to do.
func startTime(int) (string, bool) { return "", true }
