// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"errors"
	"os"
	"testing"
)

// sparing has the programs of a sandbox work with less of the processor, which is what
// tests that go on side by side are short of: they collect their garbage a quarter as
// often, and do not wake threads for each other.
func sparing() []string { return []string{"GOGC=400", "GOMAXPROCS=1"} }

// Lanes are a few sandboxes without a layout for all tests of a package, each of
// which works in a Scope of its own. Tests mostly wait, so they go on side by side;
// but there is one lock in a cluster, so each has a lane to itself meanwhile.
type Lanes struct {
	all  []*lane
	free chan *lane
}

// lane is a sandbox that starts with the first test that asks for it.
type lane struct {
	sandbox *Sandbox
	dir     string
	err     error
}

// NewLanes makes n lanes.
func NewLanes(n int) *Lanes {
	l := &Lanes{free: make(chan *lane, n)}
	for range n {
		next := &lane{}
		l.all = append(l.all, next)
		l.free <- next
	}
	return l
}

// turn makes the test a parallel one and waits until a lane is free; the lane is
// the test's until it ends.
func (l *Lanes) turn(t *testing.T) *lane {
	t.Helper()
	Binaries(t)
	t.Parallel()
	mine := <-l.free
	t.Cleanup(func() { l.free <- mine })
	return mine
}

// Get waits for a turn and returns the lane's sandbox.
func (l *Lanes) Get(t *testing.T) *Sandbox {
	t.Helper()
	mine := l.turn(t)
	if mine.sandbox == nil && mine.err == nil {
		mine.start(Binaries(t))
	}
	if mine.err != nil {
		t.Fatal(mine.err)
	}
	return mine.sandbox
}

func (l *lane) start(bin string) {
	if l.dir, l.err = os.MkdirTemp("", "vantiq-upgrade-e2e-"); l.err == nil {
		l.sandbox, l.err = start(context.Background(), bin, l.dir, "none", "fast", sparing())
	}
}

// Start waits for a turn, too, and starts a sandbox of the test's own.
func (l *Lanes) Start(t *testing.T, layout string) *Sandbox {
	t.Helper()
	l.turn(t)
	return startFor(t, layout, "fast", sparing())
}

// Stop ends the sandboxes that were started.
func (l *Lanes) Stop() error {
	var failed []error
	for _, each := range l.all {
		if each.sandbox != nil {
			failed = append(failed, each.sandbox.Stop(), os.RemoveAll(each.dir))
		}
	}
	return errors.Join(failed...)
}
