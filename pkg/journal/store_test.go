// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// telegraf is the pause of a known blocker.
func telegraf() journal.Change {
	return journal.Change{
		Object: journal.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"},
		UID:    "d1", Field: "spec.replicas", Before: json.RawMessage(" 2 "), After: json.RawMessage("0"),
		Mode: "scale-to-zero", Expires: new(time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)),
	}
}

// TestWhatIsStored holds the form of the ConfigMaps: a later version must be able
// to read it.
func TestWhatIsStored(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	planned := plan(t, r, append(cordons(1), telegraf())...)
	if planned[0].Number != 1 || planned[1].Number != 2 || planned[1].State != journal.Planned || string(planned[0].Before) != "null" {
		t.Errorf("planned %+v", planned)
	}
	mark(t, r, journal.Applied, 1)
	if err := r.Mark(t.Context(), journal.Applied, "two\nlines <of> note", 2); err != nil {
		t.Fatal(err)
	}
	finish(t, r, journal.OutcomeDone)
	object := c.seen(shardName(0))
	want := map[string]string{
		"run": `{"version":1,"shards":1,"id":"20260301-170000-x7k2p","command":["drain-pool","mongodbnp"],"operator":"taro","host":"taro@bastion",` +
			`"started":"2026-03-01T17:00:00.005Z","ended":"2026-03-01T17:00:00.005Z","outcome":"Done"}`,
		"changes": `{"n":1,"run":"20260301-170000-x7k2p","operator":"taro","host":"taro@bastion","time":"2026-03-01T17:00:00.005Z","object":{"apiVersion":"v1","kind":"Node","name":"aks-mongodbnp-00000001-vmss000000"},` +
			`"uid":"0b5c2e0e-6a0f-4a62-9a5e-000000000000","field":"spec.unschedulable","before":null,"after":true,"mode":"cordon","state":"Applied"}` + "\n" +
			`{"n":2,"run":"20260301-170000-x7k2p","operator":"taro","host":"taro@bastion","time":"2026-03-01T17:00:00.005Z","object":{"apiVersion":"apps/v1","kind":"Deployment","namespace":"shared","name":"telegraf-prom"},` +
			`"uid":"d1","field":"spec.replicas","before":2,"after":0,"mode":"scale-to-zero","expires":"2026-03-02T17:00:00Z","state":"Applied","note":"two lines <of> note"}` + "\n",
	}
	if diff := cmp.Diff(want, object.Data); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	labels := map[string]string{"upgrade.vantiq.com/journal": "open", "upgrade.vantiq.com/run": runID}
	if diff := cmp.Diff(labels, object.Labels); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(r.Run(), read(t, c)); diff != "" {
		t.Errorf("-recorder +read:\n%s", diff)
	}
}

// TestRunsAreInOrder: runs of one second are in the order in which they began,
// whatever the random part of their ids, and also where a clock was behind.
func TestRunsAreInOrder(t *testing.T) {
	c := newConfigMaps()
	store := c.store()
	at := time.Date(2026, 3, 1, 17, 0, 0, 300_000_000, time.UTC)
	begun := []journal.Run{
		{ID: "20260301-170000-mmmmm", Started: at},
		{ID: "20260301-170000-aaaaa", Started: at.Add(200 * time.Millisecond)},
		{ID: "20260301-170000-zzzzz", Started: at.Add(400 * time.Millisecond)},
		{ID: "20260301-170000-bbbbb", Started: at.Add(100 * time.Millisecond)}, // from a clock that is behind
		{ID: "20260301-170001-ccccc", Started: at.Add(time.Second)},
	}
	for _, run := range begun {
		run.Started = startAfter(t, store, run.Started)
		if _, err := store.Begin(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	newestFirst := func(want ...string) {
		t.Helper()
		runs, _, err := store.Runs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, run := range runs {
			got = append(got, run.ID[len("20260301-"):])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	newestFirst("170001-ccccc", "170000-bbbbb", "170000-zzzzz", "170000-aaaaa", "170000-mmmmm")
	// Of a run whose line is lost the id tells the second.
	c.edit("vantiq-upgrade-20260301-170000-zzzzz-0", func(object *corev1.ConfigMap) { delete(object.Data, "run") })
	newestFirst("170001-ccccc", "170000-bbbbb", "170000-aaaaa", "170000-mmmmm", "170000-zzzzz")
	// A run from the far future moves no other.
	future := at.Add(24 * time.Hour)
	if _, err := store.Begin(t.Context(), journal.Run{ID: "20260302-170000-ddddd", Started: future}); err != nil {
		t.Fatal(err)
	}
	if got := startAfter(t, store, at.Add(3*time.Second)); !got.Equal(at.Add(3 * time.Second)) {
		t.Errorf("it began at %s", got)
	}
}

func startAfter(t *testing.T, store *journal.Store, now time.Time) time.Time {
	t.Helper()
	runs, _, err := store.Runs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return journal.StartAfter(runs, now)
}

func TestAPlanIsStoredBeforeItReturns(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	lost := errors.New("connection reset by peer")
	c.hook(c.before, "update", func() error { return lost })
	if planned, err := r.Plan(t.Context(), telegraf()); !errors.Is(err, lost) || planned != nil {
		t.Errorf("planned %v, %v", planned, err)
	}
	if len(r.Run().Changes) != 0 || len(read(t, c).Changes) != 0 {
		t.Error("a change is known that is not stored")
	}
	if planned := plan(t, r, telegraf()); planned[0].Number != 1 {
		t.Errorf("then number %d", planned[0].Number)
	}
}

func TestARunIsClosedWhenNothingIsLeft(t *testing.T) {
	c := newConfigMaps()
	label := func() string { return c.seen(shardName(0)).Labels[journal.JournalLabel] }
	r := begin(t, c)
	plan(t, r, append(cordons(2), telegraf())...)
	mark(t, r, journal.Applied, 1, 2, 3)
	mark(t, r, journal.Restored, 1, 2)
	finish(t, r, journal.OutcomeStopped)
	if run := read(t, c); !run.IsOpen() || run.Ended == nil || label() != "open" {
		t.Errorf("with a pause left: %+v, label %s", run, label())
	}
	// Another command gives it back, later.
	store := c.store()
	store.Now = func() time.Time { return time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC) }
	again, err := store.Open(t.Context(), runID)
	if err != nil {
		t.Fatal(err)
	}
	mark(t, again, journal.Restored, 3)
	finish(t, again, "")
	run := read(t, c)
	if run.IsOpen() || label() != "closed" || run.Outcome != journal.OutcomeStopped || run.Ended.Day() != 1 {
		t.Errorf("with nothing left: %+v, label %s", run, label())
	}
	finish(t, again, journal.OutcomeAborted)
	if run := read(t, c); run.Outcome != journal.OutcomeAborted || run.Ended.Day() != 1 {
		t.Errorf("aborted: %+v", run)
	}
}

// A run without an end, of a command that was killed, is open whatever it changed.
func TestARunWithoutAnEndIsOpen(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, telegraf())
	mark(t, r, journal.Dropped, 1)
	finish(t, r, "")
	if run := read(t, c); !run.IsOpen() || run.Ended != nil {
		t.Errorf("%+v", run)
	}
}

func TestStatesOnlyGoForward(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(3)...)
	mark(t, r, journal.Restored, 1)
	mark(t, r, journal.Dropped, 2)
	mark(t, r, journal.Applied, 1, 2, 3)
	mark(t, r, journal.Planned, 3)
	if got := states(read(t, c)); got != "1 Restored, 2 Dropped, 3 Applied" {
		t.Error(got)
	}
}

func TestMarkRefuses(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(1)...)
	if err := r.Mark(t.Context(), "Gone", "", 1); err == nil {
		t.Error("took an unknown state")
	}
	if err := r.Mark(t.Context(), journal.Applied, "", 1, 2); err == nil || !strings.Contains(err.Error(), "no change 2 of run "+runID) {
		t.Errorf("got %v", err)
	}
	if got := states(read(t, c)); got != "1 Planned" {
		t.Error(got)
	}
}

func TestPlanRefuses(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	bad, huge := telegraf(), telegraf()
	bad.After = json.RawMessage("{")
	huge.Before = json.RawMessage(`"` + strings.Repeat("x", 700_000) + `"`)
	for name, change := range map[string]journal.Change{"no JSON": bad, "too large": huge} {
		if planned, err := r.Plan(t.Context(), cordons(1)[0], change); err == nil {
			t.Errorf("%s: planned %d", name, len(planned))
		}
	}
	huge.Before = huge.Before[:600_000]
	huge.Before[599_999] = '"'
	plan(t, r, telegraf(), huge)
	run := read(t, c)
	if states(run) != "1 Planned, 2 Planned" || !cmp.Equal(run.Changes[1].Before, huge.Before) {
		t.Error(states(run))
	}
}

func TestANoteIsShort(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(1)...)
	if err := r.Mark(t.Context(), journal.Applied, strings.Repeat("é", 1000)+"\xff", 1); err != nil {
		t.Fatal(err)
	}
	if note := read(t, c).Changes[0].Note; len(note) > 300 || !strings.HasSuffix(note, "é…") {
		t.Errorf("%d bytes, %q", len(note), note)
	}
}

func TestBeginRefuses(t *testing.T) {
	c := newConfigMaps()
	begin(t, c)
	if _, err := c.store().Begin(t.Context(), journal.Run{ID: runID}); err == nil || !strings.Contains(err.Error(), "has a run "+runID+" already") {
		t.Errorf("an id that is taken: %v", err)
	}
	if _, err := c.store().Begin(t.Context(), journal.Run{ID: "Monday"}); err == nil {
		t.Error("took an id of another form")
	}
	forbidden := apierrors.NewForbidden(corev1.Resource("configmaps"), "", errors.New("no"))
	c.hook(c.before, "create", func() error { return forbidden })
	if _, err := c.store().Begin(t.Context(), journal.Run{}); !errors.Is(err, forbidden) {
		t.Errorf("without the right: %v", err)
	}
}

func TestBeginMakesAnID(t *testing.T) {
	c := newConfigMaps()
	var ids []string
	for range 2 {
		r, err := c.store().Begin(t.Context(), journal.Run{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.Run().ID)
		if !journal.IsID(r.Run().ID) || !strings.HasPrefix(r.Run().ID, "20260301-170000-") || r.Run().Started.IsZero() {
			t.Errorf("%+v", r.Run())
		}
	}
	if ids[0] == ids[1] {
		t.Error("two runs of one second have the same id")
	}
}

func TestOpenRefuses(t *testing.T) {
	c := newConfigMaps()
	if _, err := c.store().Open(t.Context(), runID); err == nil || !strings.Contains(err.Error(), "no run") {
		t.Errorf("got %v", err)
	}
	lost := errors.New("connection refused")
	c.hook(c.before, "list", func() error { return lost })
	if _, err := c.store().Open(t.Context(), runID); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
	c.hook(c.before, "list", func() error { return lost })
	if _, _, err := c.store().Runs(t.Context()); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

// TestEveryRequestIsRetried: a server that is away for a while at each request is
// waited for, and what it has carried out meanwhile is not done twice.
func TestEveryRequestIsRetried(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newConfigMaps()
				hooks := map[string]map[string]func() error{"before": c.before, "after": c.after}[when]
				lost := errors.New("connection reset by peer")
				store := c.store()
				retries := 0
				store.Retry = func(_ context.Context, request func() error) error {
					err := request()
					for ; errors.Is(err, lost); err = request() {
						retries++
					}
					return err
				}
				// The next request of each verb fails, again and again.
				fail := func() {
					for _, verb := range []string{"list", "create", "update", "delete"} {
						c.hook(hooks, verb, func() error { return lost })
					}
				}
				fail()
				r, err := store.Begin(t.Context(), journal.Run{ID: runID})
				if err != nil {
					t.Fatal(err)
				}
				fail()
				plan(t, r, cordons(1500)...)
				fail()
				mark(t, r, journal.Applied, 1, 1500)
				fail()
				mark(t, r, journal.Dropped, numbers(1500)...)
				fail()
				finish(t, r, journal.OutcomeDone)
				fail()
				runs, findings, err := store.Runs(t.Context())
				if err != nil || len(runs) != 1 || len(findings) != 0 || len(runs[0].Changes) != 1500 || runs[0].IsOpen() {
					t.Fatalf("%d runs, findings %v, %v", len(runs), findings, err)
				}
				fail()
				if err := store.Prune(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				if len(c.names()) != 0 || retries < 8 {
					t.Errorf("left %v after %d retries", c.names(), retries)
				}
			})
		})
	}
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// TestALostAnswerHeals: without a retry the call fails, and the next one goes on
// from what is stored.
func TestALostAnswerHeals(t *testing.T) {
	lost := errors.New("connection reset by peer")
	for _, carriedOut := range []bool{false, true} {
		t.Run(fmt.Sprintf("carried out %t", carriedOut), func(t *testing.T) {
			c := newConfigMaps()
			hooks := c.before
			if carriedOut {
				hooks = c.after
			}
			r := begin(t, c)
			plan(t, r, cordons(1)...)
			c.hook(hooks, "update", func() error { return lost })
			if err := r.Mark(t.Context(), journal.Applied, "", 1); !errors.Is(err, lost) {
				t.Fatal(err)
			}
			mark(t, r, journal.Applied, 1)
			c.hook(hooks, "update", func() error { return lost })
			if _, err := r.Plan(t.Context(), telegraf()); !errors.Is(err, lost) {
				t.Fatal(err)
			}
			planned := plan(t, r, telegraf())
			want, number := "1 Applied, 2 Planned", 2
			if carriedOut {
				want, number = "1 Applied, 2 Planned, 3 Planned", 3
			}
			if got := states(read(t, c)); got != want || planned[0].Number != number {
				t.Errorf("%s, planned as %d", got, planned[0].Number)
			}
			if diff := cmp.Diff(r.Run(), read(t, c)); diff != "" {
				t.Errorf("-recorder +read:\n%s", diff)
			}
		})
	}
}

func TestPrune(t *testing.T) {
	c := newConfigMaps()
	ids := []string{}
	for day := range 6 {
		id := fmt.Sprintf("2026030%d-170000-aaaaa", day+1)
		ids = append(ids, "vantiq-upgrade-"+id+"-0")
		r, err := c.store().Begin(t.Context(), journal.Run{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		plan(t, r, cordons(1)...)
		if day != 1 {
			mark(t, r, journal.Restored, 1)
		}
		finish(t, r, journal.OutcomeDone)
	}
	// Of 0 there is nothing left, 1 is open, 2 is damaged, 3 is newer.
	c.edit(ids[2], func(m *corev1.ConfigMap) { m.Data["changes"] += "{\n" })
	c.edit(ids[3], func(m *corev1.ConfigMap) {
		m.Data["run"] = strings.Replace(m.Data["run"], `"version":1`, `"version":2`, 1)
	})
	c.edit("foreign", func(m *corev1.ConfigMap) { m.Labels = map[string]string{journal.JournalLabel: "closed"} })
	if err := c.store().Prune(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"foreign", ids[1], ids[2], ids[3], ids[5]}, c.names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if err := c.store().Prune(t.Context(), -1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"foreign", ids[1], ids[2], ids[3]}, c.names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestPruneInterrupted: what it leaves behind is no finding, and goes the next
// time.
func TestPruneInterrupted(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(2500)...)
	mark(t, r, journal.Restored, numbers(2500)...)
	finish(t, r, journal.OutcomeDone)
	lost := errors.New("connection refused")
	c.hook(c.after, "delete", func() error { return lost })
	if err := c.store().Prune(t.Context(), 0); !errors.Is(err, lost) {
		t.Fatalf("got %v", err)
	}
	if got := len(c.names()); got != 2 {
		t.Fatalf("%d ConfigMaps left", got)
	}
	if run := read(t, c); run.IsOpen() || run.Damaged || len(run.Changes) != 2000 {
		t.Errorf("%d changes, damaged %t", len(run.Changes), run.Damaged)
	}
	// Somebody has put his hand on it while we prune.
	c.hook(c.before, "delete", func() error {
		c.edit(shardName(1), func(m *corev1.ConfigMap) { m.Annotations = map[string]string{"a": "b"} })
		return nil
	})
	if err := c.store().Prune(t.Context(), 0); err != nil || len(c.names()) != 2 {
		t.Errorf("%v, left %v", err, c.names())
	}
	if err := c.store().Prune(t.Context(), 0); err != nil || len(c.names()) != 0 {
		t.Errorf("%v, left %v", err, c.names())
	}
}
