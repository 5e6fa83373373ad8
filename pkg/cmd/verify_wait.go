// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// waiter looks at a cluster until all holds several times in a row.
type waiter struct {
	*looker
	watcher        *cluster.Watcher
	began, counted time.Time
	total, inARow  int

	state *state
	// read is when the state was read.
	read time.Time

	// unread is why the newest look could not be made; nil when it was.
	unread error

	mu sync.Mutex
	// last is the newest report, told the one that was told last.
	last, told *v1alpha1.VerifyReport
	toldAt     time.Time
}

// waitFor looks again on every change, at most once a second, and after every
// interval; only looks an interval apart count. It returns the last report.
func (o *verifyOptions) waitFor(ctx context.Context, l *looker) (*v1alpha1.VerifyReport, error) {
	if err := o.mayWatch(ctx, l, "verify", "wait"); err != nil {
		return nil, err
	}
	watcher, stop, err := o.watch(ctx, l, l.talk)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := watcher.WatchVolumes(ctx); err != nil {
		return nil, err
	}
	w := &waiter{looker: l, watcher: watcher, began: o.Clock.Now()}
	if err := w.look(ctx); err != nil {
		return nil, err
	}
	live := w.show()
	for !w.isOver(ctx) {
		w.untilNext(ctx)
		if ctx.Err() != nil {
			break
		}
		if err := w.look(ctx); err != nil {
			if isInterrupted(ctx) {
				break // the operator's own doing is no trouble
			}
			l.talk.trouble(err)
			w.inARow, w.unread = 0, err
			continue
		}
		w.unread = nil
		if live == nil {
			w.tell()
		}
	}
	if live != nil {
		live.Close()
	}
	return w.conclude(ctx), nil
}

// look judges the cluster as the watches know it. What they do not know is read at
// most once an interval.
func (w *waiter) look(ctx context.Context) error {
	if now := w.Clock.Now(); w.state == nil || now.Sub(w.read) >= w.interval {
		state, err := w.readState(ctx, false)
		if err != nil {
			return err
		}
		w.state, w.read = state, now
	}
	state := *w.state
	state.volumes = w.watcher.Volumes()
	out, err := w.judge(w.watcher.Snapshot(), &state)
	if err != nil {
		return err
	}
	w.count(out)
	return nil
}

// count counts the looks at which all held.
func (w *waiter) count(out *v1alpha1.VerifyReport) {
	now := w.Clock.Now()
	w.total++
	switch {
	case out.Outcome != v1alpha1.VerifyPassed:
		w.inARow = 0
	case w.inARow == 0 || now.Sub(w.counted) >= w.interval:
		w.inARow++
		w.counted = now
	}
	out.Looks = &v1alpha1.Looks{Total: w.total, InARow: w.inARow, Wanted: w.looks, Seconds: now.Sub(w.began).Seconds()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = out
}

func (w *waiter) isOver(ctx context.Context) bool {
	return ctx.Err() != nil || w.inARow >= w.looks || w.left() <= 0
}

func (w *waiter) left() time.Duration { return max(w.wait-w.Clock.Since(w.began), 0) }

// untilNext waits for the next look: after an interval, or a change, but not sooner
// than a second after the last one.
func (w *waiter) untilNext(ctx context.Context) {
	left := w.left()
	select {
	case <-ctx.Done():
		return
	case <-w.Clock.After(min(rejudgeEvery, left)):
	}
	select {
	case <-ctx.Done():
	case <-w.watcher.Changed():
	case <-w.Clock.After(min(max(w.interval-rejudgeEvery, 0), left)):
	}
}

// show begins to draw how it stands, where there is a terminal; else it writes the
// first lines.
func (w *waiter) show() *report.Live {
	if !report.CanLive(w.ErrOut, w.Getenv) {
		w.tell()
		return nil
	}
	live := report.NewLive(w.ErrOut, report.TerminalSize(w.ErrOut), w.Clock, func(width, height int) []string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return report.VerifyProgress(w.last, w.left(), width, height, w.styleFor(w.ErrOut))
	})
	w.talk.printAbove(live)
	return live
}

// aliveEvery is how often a wait of which nothing is to be told says that it goes on.
const aliveEvery = time.Minute

// tell writes a line for each change since the last that was told, and one now and
// then that it still waits: who reads a log cannot tell that from one that hangs.
func (w *waiter) tell() {
	now := w.Clock.Now()
	wrote := report.VerifyChanges(w.ErrOut, w.told, w.last, w.left())
	if !wrote && now.Sub(w.toldAt) >= aliveEvery {
		report.VerifyStands(w.ErrOut, w.last, w.left())
		wrote = true
	}
	if wrote {
		w.toldAt = now
	}
	w.told = w.last
}

// conclude is the last report. One that passed, but not often enough, is none; and
// what could not be looked at since is not known to hold.
func (w *waiter) conclude(ctx context.Context) *v1alpha1.VerifyReport {
	out := w.last
	out.Looks = &v1alpha1.Looks{Total: w.total, InARow: w.inARow, Wanted: w.looks, Seconds: w.Clock.Since(w.began).Seconds()}
	switch {
	case isInterrupted(ctx):
		w.talk.note("Interrupted; the last look was at " + out.Time.Local().Format(time.TimeOnly) + ".")
	case w.unread != nil:
		if out.Outcome == v1alpha1.VerifyPassed {
			out.Outcome = v1alpha1.VerifyNotChecked
		}
		out.Findings = append(out.Findings, finding.New(finding.CheckNotMade, "check/cluster",
			"the cluster could not be looked at since "+out.Time.Local().Format(time.DateTime)+": "+w.unread.Error(), "look at the API server and the way to it, then verify again"))
	case out.Outcome == v1alpha1.VerifyPassed && w.inARow < w.looks:
		out.Outcome = v1alpha1.VerifyFailed
		out.Findings = append(out.Findings, finding.New(finding.NotSteady, "cluster",
			fmt.Sprintf("all held %d of %d times in a row when --wait %s was over", w.inARow, w.looks, w.wait), "give --wait more time"))
	}
	finding.Sort(out.Findings)
	return out
}
