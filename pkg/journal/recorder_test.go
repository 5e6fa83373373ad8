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

func TestShards(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(999)...)
	plan(t, r, cordons(1)...)
	if got := len(c.names()); got != 1 {
		t.Errorf("1,000 lines are in %d ConfigMaps", got)
	}
	planned := plan(t, r, cordons(1500)...)
	if planned[0].Number != 1001 || planned[1499].Number != 2500 {
		t.Errorf("numbers %d to %d", planned[0].Number, planned[1499].Number)
	}
	for index, want := range []int{1000, 1000, 500} {
		object := c.seen(shardName(index))
		if got := strings.Count(object.Data["changes"], "\n"); got != want {
			t.Errorf("shard %d has %d lines, want %d", index, got, want)
		}
		if _, has := object.Data["run"]; has != (index == 0) {
			t.Errorf("shard %d has a header: %t", index, has)
		}
		if object.Labels[journal.RunLabel] != runID || object.Labels[journal.JournalLabel] != "open" {
			t.Errorf("shard %d has labels %v", index, object.Labels)
		}
	}
	c.sent("")
	mark(t, r, journal.Applied, 1500)
	if got := c.sent("update " + shardName(1)); got != 1 {
		t.Errorf("%d requests for one line of the second shard", got)
	}
	mark(t, r, journal.Restored, numbers(2500)...)
	finish(t, r, journal.OutcomeDone)
	for index := range 3 {
		if got := c.seen(shardName(index)).Labels[journal.JournalLabel]; got != "closed" {
			t.Errorf("shard %d is %s", index, got)
		}
	}
	if run := read(t, c); len(run.Changes) != 2500 || run.IsOpen() {
		t.Errorf("%d changes, open %t", len(run.Changes), run.IsOpen())
	}
}

// A shard is full by its bytes too: the server refuses what is larger than 1 MiB.
func TestShardsOfLongLines(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	changes := cordons(100)
	for i := range changes {
		changes[i].Before = json.RawMessage(`"` + strings.Repeat("x", 50_000) + `"`)
	}
	plan(t, r, changes...)
	for _, name := range c.names() {
		if size := len(c.seen(name).Data["changes"]); size > 700_000 {
			t.Errorf("%s has %d bytes", name, size)
		}
	}
	mark(t, r, journal.Applied, numbers(100)...)
	if run := read(t, c); len(run.Changes) != 100 || len(c.names()) != 8 {
		t.Errorf("%d changes in %d ConfigMaps", len(run.Changes), len(c.names()))
	}
}

func TestTwoRecordersMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		ours := begin(t, c)
		plan(t, ours, cordons(3)...)
		theirs := open(t, c)
		mark(t, theirs, journal.Restored, 1)
		mark(t, theirs, journal.Applied, 2)
		// Ours knows nothing of that yet.
		mark(t, ours, journal.Applied, 1, 3)
		if got := states(read(t, c)); got != "1 Restored, 2 Applied, 3 Applied" {
			t.Error(got)
		}
		// Both write ahead: no number is given twice.
		first, second := plan(t, theirs, telegraf()), plan(t, ours, cordons(1)...)
		if first[0].Number != 4 || second[0].Number != 5 {
			t.Errorf("numbers %d and %d", first[0].Number, second[0].Number)
		}
		finish(t, theirs, journal.OutcomeAborted)
		mark(t, ours, journal.Restored, 5)
		run := read(t, c)
		if got := states(run); got != "1 Restored, 2 Applied, 3 Applied, 4 Planned, 5 Restored" || run.Outcome != journal.OutcomeAborted {
			t.Error(got, run.Outcome)
		}
		if diff := cmp.Diff(ours.Run(), run); diff != "" {
			t.Errorf("-recorder +read:\n%s", diff)
		}
	})
}

// Both fill the first shard and begin the second one in the same instant.
func TestTwoRecordersBeginAShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		ours := begin(t, c)
		plan(t, ours, cordons(1000)...)
		theirs := open(t, c)
		c.hook(c.before, "create", func() error {
			_, err := theirs.Plan(t.Context(), telegraf())
			return err
		})
		planned := plan(t, ours, cordons(2)...)
		run := read(t, c)
		if len(run.Changes) != 1003 || run.Change(1001).Field != "spec.replicas" || planned[0].Number != 1002 || planned[1].Number != 1003 {
			t.Errorf("%d changes, ours are %d and %d", len(run.Changes), planned[0].Number, planned[1].Number)
		}
	})
}

// TestAPlanAcrossShardsIsOvertaken: what is stored already keeps its number, the
// rest gets new ones.
func TestAPlanAcrossShardsIsOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		ours := begin(t, c)
		plan(t, ours, cordons(998)...)
		theirs := open(t, c)
		c.hook(c.before, "create", func() error {
			_, err := theirs.Plan(t.Context(), telegraf())
			return err
		})
		planned := plan(t, ours, cordons(4)...)
		run := read(t, c)
		var got []int
		for _, p := range planned {
			got = append(got, p.Number)
			if stored := run.Change(p.Number); stored == nil || stored.Object != p.Object {
				t.Errorf("number %d is %v", p.Number, stored)
			}
		}
		if len(run.Changes) != 1003 || fmt.Sprint(got) != "[999 1000 1002 1003]" {
			t.Errorf("%d changes, ours are %v", len(run.Changes), got)
		}
	})
}

func TestAnEndlessConflictEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(1)...)
		var again func() error
		again = func() error {
			c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Annotations = map[string]string{"at": time.Now().String()} })
			c.hook(c.before, "update", again)
			return nil
		}
		c.hook(c.before, "update", again)
		if err := r.Mark(t.Context(), journal.Applied, "", 1); !apierrors.IsConflict(err) {
			t.Errorf("got %v", err)
		}
	})
}

// TestMarksGoTogether: what is marked while a request is under way goes
// into the next one.
func TestMarksGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(100)...)
		c.sent("")
		underWay := make(chan struct{})
		c.hook(c.before, "update", func() error { <-underWay; return nil })
		errs := make(chan error, 101)
		for number := range 101 {
			go func() {
				errs <- r.Mark(t.Context(), journal.Applied, "", number+1)
			}()
			synctest.Wait()
		}
		close(underWay)
		failed := 0
		for range 101 {
			if err := <-errs; err != nil {
				failed++
			}
		}
		// There is no change 101: that is nobody else's concern.
		if got := c.sent("update"); got != 2 || failed != 1 {
			t.Errorf("%d requests, %d failed", got, failed)
		}
		for _, change := range read(t, c).Changes {
			if change.State != journal.Applied {
				t.Errorf("%d is %s", change.Number, change.State)
			}
		}
	})
}

// TestTheEndOfOneIsNotThatOfOthers: a goroutine whose context ends while it
// writes for all takes only its own marks with it.
func TestTheEndOfOneIsNotThatOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(4)...)
		underWay := make(chan struct{})
		c.hook(c.before, "update", func() error { <-underWay; return nil })
		go func() { _ = r.Mark(t.Context(), journal.Applied, "", 1) }()
		synctest.Wait()
		// All of these wait for the first one; one writes for all, and is ended.
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		errs := make(chan error, 3)
		go func() { errs <- r.Mark(ctx, journal.Applied, "", 2) }()
		synctest.Wait()
		for number := 3; number <= 4; number++ {
			go func() { errs <- r.Mark(t.Context(), journal.Applied, "", number) }()
			synctest.Wait()
		}
		c.hook(c.after, "update", func() error {
			c.hook(c.before, "update", func() error {
				cancel()
				return ctx.Err()
			})
			return nil
		})
		close(underWay)
		ended := 0
		for range 3 {
			if err := <-errs; errors.Is(err, context.Canceled) {
				ended++
			} else if err != nil {
				t.Error(err)
			}
		}
		if ended != 1 {
			t.Errorf("%d ended", ended)
		}
		run := read(t, c)
		for _, number := range []int{1, 3, 4} {
			if run.Change(number).State != journal.Applied {
				t.Errorf("got %s", states(run))
			}
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(2)...)
		underWay := make(chan struct{})
		c.hook(c.before, "update", func() error { <-underWay; return nil })
		done := make(chan error)
		go func() { done <- r.Mark(t.Context(), journal.Applied, "", 1) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, errPlan := r.Plan(ctx, telegraf())
		for _, err := range []error{errPlan, r.Mark(ctx, journal.Applied, "", 2), r.Finish(ctx, journal.OutcomeDone)} {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		if got := states(r.Run()); got != "1 Planned, 2 Planned" {
			t.Error(got)
		}
		close(underWay)
		if err := <-done; err != nil {
			t.Error(err)
		}
		mark(t, r, journal.Applied) // whatever was given up stays so
		if got := states(read(t, c)); got != "1 Applied, 2 Planned" {
			t.Error(got)
		}
	})
}

// TestADeletedShardComesBack: somebody deletes the journal while the run goes on.
func TestADeletedShardComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(1001)...)
		c.edit(shardName(0), nil)
		c.edit(shardName(1), nil)
		mark(t, r, journal.Applied, 1)
		run := read(t, c)
		if len(run.Changes) != 1001 || run.Changes[0].State != journal.Applied {
			t.Errorf("%d changes", len(run.Changes))
		}
		// And a namespace that is gone is an error, not more.
		c.edit(shardName(0), nil)
		var gone func() error
		gone = func() error {
			c.hook(c.before, "create", gone)
			return apierrors.NewNotFound(corev1.Resource("namespaces"), namespace)
		}
		c.hook(c.before, "create", gone)
		if err := r.Mark(t.Context(), journal.Applied, "", 2); !apierrors.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
		c.hook(c.before, "create", nil)
		mark(t, r, journal.Applied, 3)
		if run := read(t, c); len(run.Changes) != 1001 || run.Changes[2].State != journal.Applied {
			t.Errorf("%d changes", len(run.Changes))
		}
	})
}

func TestRunIsACopy(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(2)...)
	r.Run().Changes[0].State = journal.Dropped
	if got := states(r.Run()); got != "1 Planned, 2 Planned" {
		t.Error(got)
	}
	if run := r.Run(); run.Change(2) != &run.Changes[1] || run.Change(3) != nil || run.Change(0) != nil {
		t.Error("Change finds another one")
	}
}
