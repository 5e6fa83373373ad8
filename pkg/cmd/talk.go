// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// troubleEvery is how often trouble with the API server is told while it lasts;
// troubleLasts is how long after the last of it the area shows it.
const (
	troubleEvery = 10 * time.Second
	troubleLasts = 15 * time.Second
)

// How events are told.
const (
	eventsText = "text"
	eventsJSON = "json"
)

// talk is what a command says on stderr besides its result: a line an event,
// and on a terminal an area below them that shows how things stand; or a JSON
// object an event; or nothing.
type talk struct {
	out   io.Writer
	style report.Style
	clock clock.WithTicker
	quiet bool
	json  bool
	// canLive is true for a terminal that an area can be drawn on.
	canLive bool
	// parted is true where the result follows what was told on the same terminal.
	parted bool

	mu          sync.Mutex
	live        *report.Live
	begun, told bool
	pool        string
	day         string // of the line before
	gone, total int
	view        report.View
	lastTrouble time.Time
}

// newTalk begins to talk; what klog writes goes the same way from now on.
func (s *suite) newTalk(quiet bool, events string) *talk {
	t := &talk{out: s.ErrOut, style: s.styleFor(s.ErrOut), clock: s.Clock, quiet: quiet, json: events == eventsJSON}
	t.parted = report.IsTerminal(s.ErrOut) && report.IsTerminal(s.Out)
	t.canLive = !t.quiet && !t.json && report.CanLive(s.ErrOut, s.Getenv)
	s.logs.turnTo(t)
	return t
}

// about says which drain the events are about.
func (t *talk) about(plan *drain.Plan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pool, t.total = plan.Pool.Name, len(plan.Targets)
}

// begin tells that a drain begins, and shows the area.
func (t *talk) begin(plan *drain.Plan, names *report.NodeNames) {
	t.about(plan)
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
	t.view = report.View{Began: now, Names: names, Status: drain.Status{Time: now, Total: t.total, ToGo: t.total}}
	t.tell(report.NewDrainEvent(now, v1alpha1.EventStarted, "pool/"+t.pool, ""), func() string {
		out := plan.Report()
		return report.StartedLine(now, t.pool, &out)
	})
	if t.canLive {
		t.live = report.NewLive(t.out, report.TerminalSize(t.out), t.clock, t.draw)
	}
}

// printAbove lets what is told from now on appear above an area that is not the
// talk's own.
func (t *talk) printAbove(live *report.Live) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live = live
}

// finish tells how it ended, takes the area away, and parts what was told from the
// result. out is nil when not even a plan could be made, then the error says all;
// and for what is no drain.
func (t *talk) finish(out *v1alpha1.DrainReport) {
	t.mu.Lock()
	live := t.live
	if out != nil {
		t.tellEnd(out)
	}
	told := t.told
	t.mu.Unlock()
	switch {
	case live != nil:
		live.Close() // draws a last time, so it must not wait for us
	case out != nil && out.Outcome == v1alpha1.DrainInterrupted && !t.json && report.IsTerminal(t.out):
		fmt.Fprintln(t.out) // the terminal has written ^C
	}
	if told && t.parted && !t.json {
		fmt.Fprintln(t.out)
	}
}

func (t *talk) tellEnd(out *v1alpha1.DrainReport) {
	now := t.clock.Now()
	e := report.NewDrainEvent(now, v1alpha1.EventFinished, "pool/"+out.Name, "")
	e.Outcome = out.Outcome
	if out.Result != nil {
		e.Seconds = out.Result.Seconds
	}
	if !t.begun && !t.json {
		return // the result says it at once
	}
	t.pool = out.Name
	t.tell(e, func() string {
		return report.FinishedLine(now, t.pool, out.Outcome, t.gone, t.total)
	})
}

// event tells one event of a drain.
func (t *talk) event(e drain.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Nodes are cordoned before the engine knows of the pods.
	t.gone, t.total = max(t.gone, e.Gone), max(t.total, e.Total)
	switch e.Type {
	case drain.Evicted, drain.Gone, drain.Replaced, drain.Cordoned:
		t.view.Trouble = "" // it answers again
	case drain.Waiting, drain.GaveUp, drain.Trouble:
	}
	t.tell(report.DrainEvent(e), func() string { return report.EventLine(e, t.view.Names, t.style) })
}

// status shows how the drain stands.
func (t *talk) status(s drain.Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.view.Status = s
}

// trouble tells that the API server did not answer; that is tried again, and
// told once in a while.
func (t *talk) trouble(err error) {
	now, message := t.clock.Now(), drain.Explain(err)
	if request, ok := errors.AsType[*url.Error](err); ok {
		message = request.Err.Error() // which request it was matters to nobody
	}
	t.mu.Lock()
	t.view.Trouble, t.view.TroubleAt = message, now
	again := now.Sub(t.lastTrouble) >= troubleEvery
	if again {
		t.lastTrouble = now
	}
	t.mu.Unlock()
	if again {
		t.event(drain.Event{Time: now, Type: drain.Trouble, Object: "API server", Message: message + "; trying again"})
	}
}

// change tells of a change to an object that is no drain's step.
func (t *talk) change(object, message string) {
	t.tellOf(v1alpha1.EventChanged, "changed", object, message)
}

// wait tells what is waited for.
func (t *talk) wait(object, message string) {
	t.tellOf(v1alpha1.EventWaiting, "waiting", object, message)
}

func (t *talk) tellOf(event v1alpha1.DrainEventType, word, object, message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	t.tell(report.NewDrainEvent(now, event, object, message), func() string { return report.Line(now, word, object, message) })
}

// note tells something that changes nothing.
func (t *talk) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.noteLine(text)
}

func (t *talk) noteLine(text string) {
	switch {
	case t.quiet:
	case t.json:
		t.tell(report.NewDrainEvent(t.clock.Now(), v1alpha1.EventNote, "", text), nil)
	default:
		t.print(text)
	}
}

// Write takes the lines that klog writes: of them only errors are worth an
// operator's while who wants it quiet.
func (t *talk) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(text) {
		line := strings.TrimRight(string(line), "\n")
		if t.quiet && strings.HasPrefix(line, "E") {
			t.print(line)
		}
		t.noteLine(line)
	}
	return len(text), nil
}

// tell writes an event in the form that was asked for.
func (t *talk) tell(e *v1alpha1.DrainEvent, line func() string) {
	switch {
	case t.quiet:
	case t.json:
		e.Pool, e.Gone, e.Total = t.pool, t.gone, t.total
		if text, err := report.EventJSON(e); err == nil {
			fmt.Fprintln(t.out, text)
		}
	default:
		t.date()
		t.print(line())
	}
}

// date says the day and the zone before the first line, and when one of them
// changes: a maintenance window often goes over midnight.
func (t *talk) date() {
	now := t.clock.Now()
	if day := now.Local().Format("2006-01-02 -07:00"); day != t.day {
		t.day = day
		t.print(report.DateLine(now))
	}
}

// print writes a line above the area.
func (t *talk) print(line string) {
	t.told = true
	if t.live != nil {
		fmt.Fprintln(t.live, line)
		return
	}
	fmt.Fprintln(t.out, line)
}

// draw gives the lines of the area.
func (t *talk) draw(width, height int) []string {
	now := t.clock.Now()
	t.mu.Lock()
	view := t.view
	t.mu.Unlock()
	if now.Sub(view.TroubleAt) > troubleLasts {
		view.Trouble = ""
	}
	return view.Lines(width, height, now, t.style)
}

// logs is where klog writes: to stderr, or by way of a command's talk.
type logs struct {
	// wanted reports whether klog's lines are wanted at all; nil means they are.
	wanted func() bool

	mu sync.Mutex
	to io.Writer
}

func (l *logs) turnTo(to io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = to
}

func (l *logs) Write(text []byte) (int, error) {
	if l.wanted != nil && !l.wanted() {
		return len(text), nil
	}
	l.mu.Lock()
	to := l.to
	l.mu.Unlock()
	return to.Write(text)
}
