// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// troubleEvery is how often trouble with the API server is told while it lasts.
const troubleEvery = 10 * time.Second

// progress writes one line an event to stderr.
type progress struct {
	mu          sync.Mutex
	w           io.Writer
	style       report.Style
	clock       clock.PassiveClock
	lastTrouble time.Time
}

func newProgress(w io.Writer, style report.Style, c clock.PassiveClock) *progress {
	return &progress{w: w, style: style, clock: c}
}

// event tells one event of a drain.
func (p *progress) event(e drain.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kind := fmt.Sprintf("%-8s", e.Type)
	switch e.Type {
	case drain.GaveUp, drain.Trouble:
		kind = p.style.Red(kind)
	case drain.Waiting:
		kind = p.style.Yellow(kind)
	case drain.Replaced:
		kind = p.style.Green(kind)
	case drain.Cordoned, drain.Evicted, drain.Gone:
	}
	line := e.Time.Local().Format(time.TimeOnly) + " " + kind + " " + e.Object
	if e.Message != "" {
		line += " " + e.Message
	}
	fmt.Fprintln(p.w, line)
}

// trouble tells that a watch failed; it is retried, and told once in a while.
func (p *progress) trouble(err error) {
	p.mu.Lock()
	now := p.clock.Now()
	again := now.Sub(p.lastTrouble) >= troubleEvery
	if again {
		p.lastTrouble = now
	}
	p.mu.Unlock()
	if again {
		p.event(drain.Event{Time: now, Type: drain.Trouble, Object: "API server", Message: drain.Explain(err) + "; trying again"})
	}
}
