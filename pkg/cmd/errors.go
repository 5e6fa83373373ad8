// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Exit codes of every subcommand; a contract (see the README).
const (
	codeDone        = 0
	codeError       = 1
	codeBlocked     = 2
	codeStopped     = 3
	codeLocked      = 4
	codeInterrupted = 130
)

// ExitError ends the program with a code of its own. Err is nil where the
// result has said everything already.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// ExitCode returns the code that an error of a subcommand stands for.
func ExitCode(err error) int {
	var exit *ExitError
	var held *journal.HeldError
	switch {
	case err == nil:
		return codeDone
	case errors.As(err, &exit):
		return exit.Code
	case errors.As(err, &held):
		return codeLocked
	case errors.Is(err, context.Canceled):
		return codeInterrupted
	}
	return codeError
}
