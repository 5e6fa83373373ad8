// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"os"

	"golang.org/x/sys/windows"
)

// canMoveCursor switches a console to escape sequences, which the older ones
// have to be told, and reports whether it understands them.
func canMoveCursor(console *os.File, name string) bool {
	handle, mode := windows.Handle(console.Fd()), uint32(0)
	if name == "dumb" || windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
