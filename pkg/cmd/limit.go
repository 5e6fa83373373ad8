// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"
)

// How long a command may take unless --timeout says otherwise: one that reads, one
// that changes something and waits for its effect.
const (
	readingTimeout  = 10 * time.Minute
	changingTimeout = 30 * time.Minute
)

// Waits that know their time end by themselves at --timeout, and say for what they
// waited. What does not is ended limitMargin later; then lastWrites bounds what is
// still written down.
const (
	limitMargin = 2 * time.Second
	lastWrites  = 3 * time.Second
)

// timeoutUsage is the help of --timeout.
const timeoutUsage = "Longest time for the whole, without that of the question; 0 means no limit"

// timeoutError says that a command took longer than it may.
type timeoutError struct{ timeout time.Duration }

func (e *timeoutError) Error() string {
	return fmt.Sprintf("it took longer than --timeout %s", e.timeout)
}

// Timeout makes it an error of the way to the server, as those of package net.
func (e *timeoutError) Timeout() bool { return true }

// limit is the time that a command has. It stands still while the operator is
// asked.
type limit struct {
	clock   clock.Clock
	timeout time.Duration
	end     context.CancelCauseFunc

	mu    sync.Mutex
	began time.Time
	spent time.Duration
	// callOff ends the timer that runs; nil where none does.
	callOff func()
	// margin is added when waits end by themselves.
	margin time.Duration
}

// bound gives a subcommand --timeout, unless it has one or asks no server, and
// holds it to that.
func (s *suite) bound(cmd *cobra.Command) {
	if slices.Contains([]string{"explain", "completion", "help"}, cmd.Name()) {
		return
	}
	if cmd.Flags().Lookup("timeout") == nil {
		cmd.Flags().Duration("timeout", readingTimeout, "Longest time for the whole; 0 means no limit")
	}
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		timeout, err := cmd.Flags().GetDuration("timeout")
		if err != nil {
			return err
		}
		if timeout < 0 {
			return errors.New("--timeout must not be negative")
		}
		ctx, stop := s.limited(cmd.Context(), timeout)
		defer stop()
		cmd.SetContext(ctx)
		return s.concluded(ctx, cmd.Name(), run(cmd, args))
	}
}

// limited begins to count the time of a command.
func (s *suite) limited(parent context.Context, timeout time.Duration) (context.Context, func()) {
	ctx, end := context.WithCancelCause(parent)
	s.limit = &limit{clock: s.Clock, timeout: timeout, end: end}
	s.limit.start()
	return ctx, func() {
		s.limit.stop()
		end(nil)
	}
}

// concluded makes of an error that the end of the time has caused one that says
// so: nothing was changed, or it can be gone on with.
func (s *suite) concluded(ctx context.Context, subcommand string, err error) error {
	late, is := errors.AsType[*timeoutError](context.Cause(ctx))
	if err == nil || !is {
		return err
	}
	entry, _ := s.registry.Subcommand(subcommand)
	_, locked := s.course.soFar()
	exit, has := errors.AsType[*ExitError](err)
	switch {
	case has && exit.Err == nil && exit.Code != codeInterrupted: // the report says all
		return err
	case has && exit.Code == codeStopped, locked && slices.Contains(entry.ExitCodes, codeStopped):
		return &ExitError{Code: codeStopped, Err: fmt.Errorf("%w%s", late, s.course.goOn())}
	}
	words := late.Error()
	if !s.conn.hasAnswered() {
		words = fmt.Sprintf("%s did not answer within --timeout %s", s.conn.silent(), late.timeout)
	}
	if entry.CanMutate() && !locked {
		words += "; nothing was changed"
	}
	return &ExitError{Code: codeError, Err: errors.New(words)}
}

// isTimeout reports whether a context ended by --timeout.
func isTimeout(ctx context.Context) bool {
	_, is := errors.AsType[*timeoutError](context.Cause(ctx))
	return is
}

// isInterrupted reports whether a context ended by the operator.
func isInterrupted(ctx context.Context) bool { return ctx.Err() != nil && !isTimeout(ctx) }

// start lets the time go on.
func (l *limit) start() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began = l.clock.Now()
	if l.timeout > 0 {
		late := &timeoutError{timeout: l.timeout}
		l.callOff = after(l.clock, max(l.timeout-l.spent+l.margin, 0), func() { l.end(late) })
	}
}

// stop lets the time stand still until start.
func (l *limit) stop() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.callOff != nil {
		l.callOff()
		l.callOff = nil
	}
	l.spent += l.clock.Since(l.began)
	l.began = l.clock.Now()
}

// become is another time than that of --timeout; 0 means no limit.
func (l *limit) become(timeout time.Duration) {
	l.stop()
	l.timeout = timeout
	l.start()
}

// leaveMargin is called before waits that end by themselves.
func (l *limit) leaveMargin() {
	if l == nil {
		return
	}
	l.stop()
	l.margin = limitMargin
	l.start()
}

// used is what has been spent of the time.
func (l *limit) used() time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent + l.clock.Since(l.began)
}

// atMost shortens a wait to what is left of the time.
func (l *limit) atMost(wait time.Duration) time.Duration {
	if l == nil || l.timeout == 0 {
		return wait
	}
	return min(wait, max(l.timeout-l.used(), 0)).Round(time.Millisecond)
}

// after calls do when a time is over, unless it is called off before.
func after(c clock.Clock, wait time.Duration, do func()) (callOff func()) {
	timer, off := c.NewTimer(wait), make(chan struct{})
	go func() {
		select {
		case <-timer.C():
			do()
		case <-off:
			timer.Stop()
		}
	}()
	return sync.OnceFunc(func() { close(off) })
}
