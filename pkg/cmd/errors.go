// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
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

// ErrorCode returns the code of findings for what an error is about; it is empty
// for usage, and for what no command of ours has found.
func ErrorCode(err error) finding.Code {
	var rights *missingRightsError
	var watch *watchError
	var held *journal.HeldError
	var lost *journal.LostError
	switch {
	case errors.As(err, &rights), errors.As(err, &watch), apierrors.IsForbidden(err) && strings.Contains(err.Error(), " cannot "):
		// Quotas and admission forbid as well, in other words.
		return finding.RightsMissing
	case errors.As(err, &held), errors.As(err, &lost):
		return finding.LockLeft
	}
	return ""
}

// endedEarly names the outcome of a pause or a restore that did not come to its
// end: it was interrupted, failed, or lost the lock (held has ended, ctx has
// not). The error is nil where it did.
func endedEarly(ctx, held context.Context, err error) (v1alpha1.PauseOutcome, error) {
	switch {
	case isInterrupted(ctx):
		return v1alpha1.PauseInterrupted, &ExitError{Code: codeInterrupted}
	case err != nil:
		if held.Err() != nil {
			err = context.Cause(held)
		}
		return v1alpha1.PauseStopped, &ExitError{Code: codeStopped, Err: err}
	}
	return "", nil
}
