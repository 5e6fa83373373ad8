// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
)

// Recorder writes down what a run changes. It may be used by many goroutines:
// what they mark while a request is under way goes into the next one together.
type Recorder struct {
	store *Store
	// turn lets one goroutine write at a time. Who has it may touch document and
	// stale.
	turn     chan struct{}
	document *document
	// stale: the document may differ from what is stored.
	stale bool

	mu      sync.Mutex
	waiting []*marking
	// known is the run as it was stored last.
	known *Run
}

// marking is one call of Mark.
type marking struct {
	state   State
	note    string
	numbers []int
	// done and err are those of whoever had the turn.
	done bool
	err  error
}

func newRecorder(store *Store, d *document) *Recorder {
	return &Recorder{store: store, document: d, known: d.run(), turn: make(chan struct{}, 1)}
}

// Plan writes changes ahead. It returns them numbered when they are stored: only
// then may they be carried out. On an error some of them may be stored all the
// same, as Planned.
func (r *Recorder) Plan(ctx context.Context, changes ...Change) ([]Change, error) {
	planned := slices.Clone(changes)
	now, run := r.store.now(), r.Run()
	for i := range planned {
		c := &planned[i]
		c.Number, c.Time = 0, now
		c.Run, c.Operator, c.Host = run.ID, run.Operator, run.Host
		var errBefore, errAfter error
		c.Before, errBefore = compact(c.Before)
		c.After, errAfter = compact(c.After)
		if err := errors.Join(errBefore, errAfter); err != nil {
			return nil, fmt.Errorf("planning the change of %s of %s: %w", c.Field, c.Object, err)
		}
		c.Note = oneLine(c.Note)
	}
	if err := r.takeTurn(ctx); err != nil {
		return nil, err
	}
	defer r.endTurn()
	if err := r.write(ctx, func(d *document) error { return d.plan(planned) }); err != nil {
		return nil, err
	}
	return planned, nil
}

// Mark writes down how far changes have come. A change never goes back: one that
// is Restored stays so.
func (r *Recorder) Mark(ctx context.Context, state State, note string, numbers ...int) error {
	if !state.isKnown() {
		return fmt.Errorf("a change cannot be %q", state)
	}
	m := &marking{state: state, note: oneLine(note), numbers: numbers}
	r.enqueue(m)
	if err := r.takeTurn(ctx); err != nil {
		r.withdraw(m)
		return err
	}
	defer r.endTurn()
	if m.done {
		return m.err
	}
	batch := r.takeAll()
	err := r.write(ctx, func(d *document) error {
		for _, b := range batch {
			b.err = d.mark(b.state, b.note, b.numbers)
		}
		return nil
	})
	if err != nil && ctx.Err() != nil {
		// Our own end need not be theirs.
		r.enqueue(slices.DeleteFunc(batch, func(b *marking) bool { return b == m })...)
		return err
	}
	for _, b := range batch {
		b.done = true
		if err != nil {
			b.err = err
		}
	}
	return m.err
}

// Finish writes down how the run has ended, and closes it if nothing is left of
// it. A run that ended before keeps the time of its end. With an empty outcome it
// keeps that too: so for a command that has given back what another one changed.
func (r *Recorder) Finish(ctx context.Context, outcome string) error {
	if err := r.takeTurn(ctx); err != nil {
		return err
	}
	defer r.endTurn()
	now := r.store.now()
	return r.write(ctx, func(d *document) error { return d.finish(outcome, now) })
}

// Run returns the run as it was stored last. It waits for no request.
func (r *Recorder) Run() *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	run := *r.known
	run.Changes = slices.Clone(run.Changes)
	return &run
}

// write stores an edit. When somebody else has written meanwhile, or an answer
// was lost, the run is read again and the edit made once more on what is there:
// it must be one that changes nothing the second time.
func (r *Recorder) write(ctx context.Context, edit func(*document) error) error {
	err := retry.OnError(conflictBackoff(), isOvertaken, func() error {
		if r.stale {
			if err := r.reload(ctx); err != nil {
				return err
			}
		}
		r.stale = true
		if err := edit(r.document); err != nil {
			return err
		}
		r.document.label()
		if err := r.flush(ctx); err != nil {
			return err
		}
		r.stale = false
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the journal of run %s: %w", r.document.id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = r.document.run()
	return nil
}

// flush stores what differs, in the order of the lines, and the number of shards
// at last.
func (r *Recorder) flush(ctx context.Context) error {
	for _, s := range r.document.shards {
		if err := r.save(ctx, s); err != nil {
			return err
		}
	}
	if err := r.document.count(); err != nil {
		return err
	}
	if first := r.document.shard(0); first != nil {
		return r.save(ctx, first)
	}
	return nil
}

func (r *Recorder) save(ctx context.Context, s *shard) error {
	switch {
	case !s.dirty:
		return nil
	case s.object.ResourceVersion == "":
		return r.store.create(ctx, s)
	}
	return r.store.update(ctx, s)
}

// reload reads the run again. A shard that was stored and is gone is stored once
// more: somebody has deleted it while the run goes on.
func (r *Recorder) reload(ctx context.Context) error {
	fresh, err := r.store.load(ctx, r.document.id)
	if err != nil {
		return err
	}
	var shards []*shard
	if fresh != nil {
		shards = fresh.shards
	}
	for _, s := range r.document.shards {
		if !s.stored || fresh != nil && fresh.shard(s.index) != nil {
			continue
		}
		s.object.ResourceVersion, s.object.UID = "", ""
		s.dirty = true
		shards = append(shards, s)
	}
	d := newDocument(r.document.id, shards)
	if d.isNewer() {
		return newerError(d)
	}
	r.document = d
	return nil
}

// conflictBackoff is how often and how fast a write is repeated on what somebody
// else has written.
func conflictBackoff() wait.Backoff {
	return wait.Backoff{Duration: 10 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 8}
}

// isOvertaken reports whether a write failed because the ConfigMap is not as we
// knew it.
func isOvertaken(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
}

func (r *Recorder) takeTurn(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Recorder) endTurn() { <-r.turn }

func (r *Recorder) enqueue(markings ...*marking) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = append(r.waiting, markings...)
}

func (r *Recorder) takeAll() []*marking {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch := r.waiting
	r.waiting = nil
	return batch
}

func (r *Recorder) withdraw(m *marking) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(w *marking) bool { return w == m })
}
