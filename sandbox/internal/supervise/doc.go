// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package supervise owns processes: it starts children that cannot outlive
// it, tells whether a process is still the one it was, finds free ports, and
// keeps the record of a sandbox in its directory.
package supervise
