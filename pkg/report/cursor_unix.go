// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package report

import "os"

// canMoveCursor reports whether a terminal understands movements of its cursor.
func canMoveCursor(_ *os.File, name string) bool { return name != "" && name != "dumb" }
