// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// limitedSuite is a suite with so much time.
func limitedSuite(t *testing.T, timeout time.Duration) (*suite, context.Context) {
	t.Helper()
	reg, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{System: testSystem(), registry: reg, conn: newConnection(clock.RealClock{})}
	s.course = &course{conn: s.conn}
	ctx, stop := s.limited(t.Context(), timeout)
	t.Cleanup(stop)
	return s, ctx
}

// TestLimit: the time stands still while the operator is asked, and waits that end
// by themselves have what is left of it.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := limitedSuite(t, time.Minute)
		time.Sleep(20 * time.Second)
		s.limit.stop()
		time.Sleep(time.Hour)
		s.limit.start()
		if ctx.Err() != nil || s.limit.used() != 20*time.Second {
			t.Fatalf("%v, used %s", ctx.Err(), s.limit.used())
		}
		s.limit.leaveMargin()
		if got := s.limit.atMost(10 * time.Minute); got != 40*time.Second {
			t.Errorf("a wait of at most %s", got)
		}
		if got := s.limit.atMost(time.Second); got != time.Second {
			t.Errorf("a short wait of at most %s", got)
		}
		time.Sleep(41 * time.Second)
		if ctx.Err() != nil || s.limit.atMost(time.Minute) != 0 {
			t.Errorf("no margin: %v", ctx.Err())
		}
		time.Sleep(limitMargin)
		synctest.Wait()
		if !isTimeout(ctx) || isInterrupted(ctx) {
			t.Errorf("got %v", context.Cause(ctx))
		}
	})
}

// TestNoLimit: 0 is none, and the default may be another one.
func TestNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := limitedSuite(t, 0)
		time.Sleep(1000 * time.Hour)
		if ctx.Err() != nil || s.limit.atMost(time.Hour) != time.Hour {
			t.Errorf("ended: %v", context.Cause(ctx))
		}
		s.limit.become(1001 * time.Hour)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if !isTimeout(ctx) {
			t.Errorf("got %v", context.Cause(ctx))
		}
	})
}

// TestConcluded: a command that took too long ends with 1 where nothing was changed,
// with 3 where it can be gone on with, and its report keeps what it says.
func TestConcluded(t *testing.T) {
	raw := errors.New("reading nodes: context canceled")
	tests := map[string]struct {
		subcommand string
		err        error
		locked     bool
		answered   bool
		run        string
		code       int
		words      string
	}{
		"no answer":              {"pools", raw, false, false, "", 1, "did not answer within --timeout 1s"},
		"half read":              {"pools", raw, false, true, "", 1, "it took longer than --timeout 1s"},
		"before the lock":        {"drain-pool", raw, false, true, "", 1, "it took longer than --timeout 1s; nothing was changed"},
		"with the lock":          {"abort", raw, true, true, "", 3, "run the same command again to go on"},
		"with a run":             {"drain-pool", raw, true, true, "r1", 3, "kubectl vantiq-upgrade resume r1"},
		"a report of a drain":    {"drain-pool", &ExitError{Code: 3}, true, true, "r1", 3, ""},
		"a report with an error": {"drain-pool", &ExitError{Code: 3, Err: raw}, true, true, "r1", 3, "it took longer than --timeout 1s; what was done"},
		"a verdict":              {"verify", &ExitError{Code: 2}, false, true, "", 2, ""},
		"a snapshot":             {"snapshot", raw, true, true, "", 1, "it took longer than --timeout 1s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, ctx := limitedSuite(t, time.Second)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				s.conn.answered.Store(tt.answered)
				s.course.locked, s.course.run = tt.locked, tt.run
				err := s.concluded(ctx, tt.subcommand, tt.err)
				if ExitCode(err) != tt.code || !strings.Contains(err.Error(), tt.words) || tt.words == "" && err.Error() != "" {
					t.Errorf("exit code %d: %q", ExitCode(err), err)
				}
			})
		})
	}
}

// TestConcludedInTime leaves an error that is not of the time alone.
func TestConcludedInTime(t *testing.T) {
	s, ctx := limitedSuite(t, time.Hour)
	other := errors.New("no pool")
	if err := s.concluded(ctx, "pools", other); err != other || s.concluded(ctx, "pools", nil) != nil { //nolint:errorlint // the very same
		t.Errorf("got %v", err)
	}
}
