// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// areaHeader is in the living area and nowhere else.
const areaHeader = "WAITS FOR"

// TestLivingArea: it lives while the drain goes on; at the end it is gone, and
// the lines of the events are all there.
func TestLivingArea(t *testing.T) {
	c := twoPools(t, "area")
	term := c.StartTerminal(t, "xterm", "vantiq-upgrade", "drain-pool", "old")
	c.Eventually("it asks", func(context.Context) (bool, error) { return strings.Contains(term.Written(), "[y/N]"), nil })
	if strings.Contains(term.Written(), areaHeader) {
		t.Error("the area was shown before the question")
	}
	term.Type("y\n")
	r := term.Wait().Want(t, 0)
	written := term.Written()
	for _, want := range []string{areaHeader, "0 gone, 1 leaving, 2 to go", "sts area/db", "left", "\x1b["} {
		if !strings.Contains(written, want) {
			t.Errorf("the area never showed %q", want)
		}
	}
	wantNoArea(t, r.Stdout)
	for _, want := range []string{"started  pool/old: 3 pods to move from 3 nodes", "finished pool/old: Done, 3 of 3 pods gone", "Done in "} {
		if strings.Count(r.Stdout, want) != 1 {
			t.Errorf("not once %q in:\n%s", want, r.Stdout)
		}
	}
	for _, kind := range []string{" cordoned node/", " evicted  pod/", " gone     pod/", " ready    pod/"} {
		if strings.Count(r.Stdout, kind) != 3 {
			t.Errorf("not three times %q in:\n%s", kind, r.Stdout)
		}
	}
}

func wantNoArea(t *testing.T, screen string) {
	t.Helper()
	for _, trace := range []string{areaHeader, " to go ", "[#", "[..", "^C"} {
		if strings.Contains(screen, trace) {
			t.Errorf("%q is left of the area:\n%s", trace, screen)
		}
	}
}

// TestLivingAreaInterrupted: Ctrl-C takes the area away too.
func TestLivingAreaInterrupted(t *testing.T) {
	c := twoPools(t, "area-interrupted")
	c.Kubectl(t, "patch", "statefulset", "db", "-n", c.Name, "-p",
		`{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null},"template":{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/start-fast":"never"}}}}}`).Want(t, 0)
	term := c.StartTerminal(t, "xterm", "vantiq-upgrade", "drain-pool", "old", "--yes")
	c.Eventually("the area shows a wait", func(context.Context) (bool, error) {
		return strings.Contains(term.Written(), "1 gone, 0 leaving, 2 to go"), nil
	})
	term.Type("\x03")
	r := term.Wait().Want(t, 130)
	wantNoArea(t, r.Stdout)
	if !strings.Contains(r.Stdout, "finished pool/old: Interrupted, 1 of 3 pods gone") || !strings.Contains(r.Stdout, "To go on: ") {
		t.Errorf("the end is not told:\n%s", r.Stdout)
	}
}

// TestDumbTerminal gets lines only.
func TestDumbTerminal(t *testing.T) {
	c := twoPools(t, "dumb", quick)
	term := c.StartTerminal(t, "dumb", "vantiq-upgrade", "drain-pool", "old", "--yes")
	r := term.Wait().Want(t, 0)
	if written := term.Written(); strings.Contains(written, "\x1b") || strings.Contains(written, areaHeader) {
		t.Errorf("more than lines:\n%q", written)
	}
	if !strings.Contains(r.Stdout, "finished pool/old: Done") {
		t.Errorf("the end is not told:\n%s", r.Stdout)
	}
}

// TestEventsInAPipe: one line an event, each with its time, and the date once.
func TestEventsInAPipe(t *testing.T) {
	c := twoPools(t, "pipe", quick)
	r := c.Plugin(t, "drain-pool", "old", "--yes").Want(t, 0)
	_, events, found := strings.Cut(r.Stderr, "\n\n"+dateLine(r.Stderr))
	if !found {
		t.Fatalf("no date:\n%s", r.Stderr)
	}
	for line := range strings.Lines(events) {
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d [a-z ]{8} \S`).MatchString(line) {
			t.Errorf("no event: %q", line)
		}
		if strings.Contains(line, "-vmss") && !strings.Contains(line, "cordoned") && strings.Contains(line, "aks-") {
			t.Errorf("a whole node name: %q", line)
		}
	}
	if n := strings.Count(events, "\n"); n < 14 {
		t.Errorf("%d events:\n%s", n, events)
	}
	if strings.Contains(r.Stderr, "\x1b") {
		t.Error("escape sequences in a pipe")
	}
}

// dateLine finds the line with the date and the zone.
func dateLine(stderr string) string {
	return regexp.MustCompile(`\d\d:\d\d:\d\d date     \d{4}-\d\d-\d\d \(JST, UTC\+09:00\)\n`).FindString(stderr)
}

// TestQuiet says nothing on stderr; the result is on stdout.
func TestQuiet(t *testing.T) {
	c := twoPools(t, "quiet", quick)
	r := c.Plugin(t, "drain-pool", "old", "--yes", "--quiet").Want(t, 0)
	if r.Stderr != "" || !strings.Contains(r.Stdout, "Done in ") {
		t.Errorf("stderr:\n%s\nstdout:\n%s", r.Stderr, r.Stdout)
	}
	r = c.Plugin(t, "uncordon-pool", "old", "-q").Want(t, 0)
	if r.Stderr != "" || !strings.Contains(r.Stdout, "3 nodes given back") {
		t.Errorf("stderr:\n%s\nstdout:\n%s", r.Stderr, r.Stdout)
	}
	// An error is said all the same, and who is asked sees what about.
	wantOneLine(t, c.Plugin(t, "drain-pool", "new", "--yes", "-q").Want(t, 1), `no pool "new"`)
	term := c.StartTerminal(t, "xterm", "vantiq-upgrade", "drain-pool", "old", "-q")
	c.Eventually("it asks", func(context.Context) (bool, error) { return strings.Contains(term.Written(), "[y/N]"), nil })
	term.Type("n\n")
	if out := term.Wait().Want(t, 1).Stdout; !strings.Contains(out, "Waves") && !strings.Contains(out, "0 pods to move") {
		t.Errorf("asked without a plan:\n%s", out)
	}
}

// TestEventsJSON: every line is an event of a known type, the last tells the
// end, and together they tell what the report tells.
func TestEventsJSON(t *testing.T) {
	c := twoPools(t, "events")
	r := c.Plugin(t, "drain-pool", "old", "--yes", "--events=json", "-o", "json").Want(t, 0)
	report, events := drainReport(t, r), drainEvents(t, r.Stderr)
	count := map[v1alpha1.DrainEventType]int{}
	for _, e := range events {
		count[e.Type]++
		if e.Pool != "old" {
			t.Errorf("pool %q: %+v", e.Pool, e)
		}
		if e.Type == v1alpha1.EventReady && (e.ToNode == "" || e.Seconds <= 0 || e.Ready == nil || *e.Floor != 2 || e.Workload != "statefulset/events/db") {
			t.Errorf("%+v", e)
		}
	}
	for _, eventType := range []v1alpha1.DrainEventType{v1alpha1.EventCordoned, v1alpha1.EventEvicted, v1alpha1.EventGone, v1alpha1.EventReady} {
		if count[eventType] != 3 {
			t.Errorf("%d %s events", count[eventType], eventType)
		}
	}
	first, last := events[0], events[len(events)-1]
	if first.Type != v1alpha1.EventStarted || first.Gone != 0 || first.Total != 3 {
		t.Errorf("first %+v", first)
	}
	if last.Type != v1alpha1.EventFinished || last.Outcome != report.Outcome || last.Gone != 3 || last.Total != 3 || last.Seconds != report.Result.Seconds {
		t.Errorf("last %+v", last)
	}
	// What is refused, tried or done already is told by a single event.
	for _, tt := range []struct {
		code    int
		outcome v1alpha1.DrainOutcome
		args    []string
	}{
		{0, v1alpha1.DrainNothingToDo, []string{"old", "--yes"}},
		{0, v1alpha1.DrainPlanned, []string{"spare", "--dry-run=client"}},
	} {
		r := c.Plugin(t, append([]string{"drain-pool", "--events=json"}, tt.args...)...).Want(t, tt.code)
		if events := drainEvents(t, r.Stderr); len(events) != 1 || events[0].Outcome != tt.outcome {
			t.Errorf("%v: %+v", tt.args, events)
		}
	}
	wantOneLine(t, c.Plugin(t, "drain-pool", "old", "--yes", "--events=json", "--quiet").Want(t, 1), "error: ", "--quiet", "--events=json")
	wantOneLine(t, c.Plugin(t, "drain-pool", "old", "--events=json").Want(t, 1), "error: ", "add --yes")
	wantOneLine(t, c.Plugin(t, "drain-pool", "old", "--events=xml").Want(t, 1), "error: ", `"xml"`)
}

// drainEvents reads the events of a drain; nothing else may stand among them.
func drainEvents(t *testing.T, stderr string) []v1alpha1.DrainEvent {
	t.Helper()
	known := []v1alpha1.DrainEventType{
		v1alpha1.EventStarted, v1alpha1.EventCordoned, v1alpha1.EventEvicted, v1alpha1.EventGone, v1alpha1.EventReady,
		v1alpha1.EventWaiting, v1alpha1.EventGaveUp, v1alpha1.EventTrouble, v1alpha1.EventNote, v1alpha1.EventFinished,
	}
	var events []v1alpha1.DrainEvent
	for line := range strings.Lines(stderr) {
		var e v1alpha1.DrainEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("no event: %v\n%s", err, line)
		}
		if at, err := time.Parse("2006-01-02T15:04:05.000Z", e.Time); err != nil || at.IsZero() {
			t.Errorf("time %q: %v", e.Time, err)
		}
		if e.Kind != "DrainEvent" || e.APIVersion != "upgrade.vantiq.com/v1alpha1" || !slices.Contains(known, e.Type) || e.Gone > e.Total {
			t.Errorf("%s", line)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		t.Fatal("no events")
	}
	return events
}
