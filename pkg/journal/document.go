// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// document is a run as its ConfigMaps hold it: what could be read, and what
// could not, in its place.
type document struct {
	id     string
	header header
	// headerErr says why the header cannot be read; it is then left as it is.
	headerErr error
	shards    []*shard
}

// newDocument puts the shards of a run together.
func newDocument(id string, shards []*shard) *document {
	d := &document{id: id, shards: shards}
	slices.SortFunc(d.shards, func(a, b *shard) int { return cmp.Compare(a.index, b.index) })
	d.readHeader()
	return d
}

func (d *document) readHeader() {
	d.header = header{Run: Run{ID: d.id}}
	first := d.shard(0)
	if first == nil {
		d.headerErr = errors.New("the first part of the run is missing")
		return
	}
	raw, found := first.object.Data[headerKey]
	if !found {
		d.headerErr = errors.New("the line of the run is missing")
		return
	}
	d.header, d.headerErr = decodeHeader(raw, d.id)
}

// hasHeader reports whether the header can be read, and so be written.
func (d *document) hasHeader() bool { return d.headerErr == nil }

// started is when the run began; its id tells where the header does not.
func (d *document) started() time.Time {
	if started := d.header.Started; !started.IsZero() {
		return started
	}
	return timeOfID(d.id)
}

// isNewer reports whether the run is of a version that we must not write.
func (d *document) isNewer() bool {
	var other otherVersionError
	return errors.As(d.headerErr, &other)
}

func (d *document) shard(index int) *shard {
	at, found := slices.BinarySearchFunc(d.shards, index, func(s *shard, n int) int { return cmp.Compare(s.index, n) })
	if !found {
		return nil
	}
	return d.shards[at]
}

// run returns what could be read.
func (d *document) run() *Run {
	run := d.header.Run
	lines := 0
	for _, s := range d.shards {
		lines += len(s.lines)
	}
	run.Changes = make([]Change, 0, lines)
	for _, s := range d.shards {
		for _, l := range s.lines {
			if l.change != nil {
				run.Changes = append(run.Changes, *l.change)
			}
		}
	}
	slices.SortStableFunc(run.Changes, func(a, b Change) int { return cmp.Compare(a.Number, b.Number) })
	run.Changes = slices.CompactFunc(run.Changes, func(a, b Change) bool { return a.Number == b.Number })
	run.Newer = d.isNewer()
	run.Damaged = len(d.defects()) > 0
	return &run
}

// isRemainder reports whether a finished run with nothing left has lost parts:
// it was being pruned. Nobody misses them.
func (d *document) isRemainder() bool {
	if !d.hasHeader() || d.header.Ended == nil {
		return false
	}
	for _, s := range d.shards {
		for _, l := range s.lines {
			if l.change != nil && l.change.IsOpen() {
				return false
			}
		}
		if s.object.Labels[JournalLabel] != labelClosed {
			return false
		}
	}
	return true
}

// numbers returns the changes by their numbers, the highest number, and how many
// lines there are that may have one.
func (d *document) numbers() (changes map[int]*Change, highest, lines int) {
	changes = map[int]*Change{}
	for _, s := range d.shards {
		for _, l := range s.lines {
			if l.change != nil {
				changes[l.change.Number] = l.change
				highest = max(highest, l.change.Number)
			}
			if l.change != nil || l.err != nil {
				lines++
			}
		}
	}
	return changes, highest, lines
}

// plan adds the changes that are not there yet, and gives them numbers behind
// every one that is taken, or may be by a line that cannot be read. It may be
// repeated on the run as it has been read again: a change that has a number is
// looked for first.
func (d *document) plan(changes []Change) error {
	known, highest, lines := d.numbers()
	next := max(highest, lines) + 1
	for i := range changes {
		c := &changes[i]
		if stored := known[c.Number]; stored != nil && stored.isSame(*c) {
			continue
		}
		c.Number, c.State = next, Planned
		raw, err := marshal(c)
		if err != nil {
			return err
		}
		if len(raw) >= maxBytes {
			return fmt.Errorf("the change of %s of %s is too large for the journal: %d bytes", c.Field, c.Object, len(raw))
		}
		d.room(raw).add(line{raw: raw, change: new(*c)})
		next++
	}
	return nil
}

// known is the number of shards that the header counts.
func (d *document) known() int {
	if !d.hasHeader() {
		return 0
	}
	return d.header.Shards
}

// room returns the last shard, or a new one behind it when a line does not fit.
func (d *document) room(raw string) *shard {
	index := 0
	if len(d.shards) > 0 {
		last := d.shards[len(d.shards)-1]
		if last.hasRoom(raw) {
			return last
		}
		// Never the name of one that was there and is missing.
		index = max(last.index+1, d.known())
	}
	s := newShard(d.id, index)
	d.shards = append(d.shards, s)
	return s
}

// mark writes a state into lines. A change that has come further already, by the
// hand of somebody else, stays there.
func (d *document) mark(state State, note string, numbers []int) error {
	known, _, _ := d.numbers()
	wanted := map[int]bool{}
	for _, number := range numbers {
		if known[number] == nil {
			return fmt.Errorf("the journal has no change %d of run %s", number, d.id)
		}
		wanted[number] = true
	}
	for _, s := range d.shards {
		for i, l := range s.lines {
			if l.change == nil || !wanted[l.change.Number] {
				continue
			}
			if err := s.mark(i, state, note); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shard) mark(at int, state State, note string) error {
	c := *s.lines[at].change
	if c.State.rank() > state.rank() || c.State == state && c.Note == note {
		return nil
	}
	c.State, c.Note = state, note
	raw, err := encode(c, s.lines[at].raw)
	if err != nil {
		return err
	}
	s.replace(at, line{raw: raw, change: &c})
	return nil
}

// finish writes the end of the run. A run that has ended keeps the time of its
// first end; one that is to be aborted has not ended yet. Without an outcome only
// the labels are brought up to date.
func (d *document) finish(outcome string, now time.Time) error {
	if outcome == "" || !d.hasHeader() {
		return nil
	}
	if d.header.Ended == nil && outcome != OutcomeAborting {
		d.header.Ended = &now
	}
	d.header.Outcome = outcome
	return d.writeHeader()
}

// count writes the number of shards into the header.
func (d *document) count() error {
	if !d.hasHeader() {
		return nil
	}
	d.header.Shards = max(d.header.Shards, d.shards[len(d.shards)-1].index+1)
	return d.writeHeader()
}

func (d *document) writeHeader() error {
	first := d.shard(0)
	raw, err := encode(d.header, first.object.Data[headerKey])
	if err != nil {
		return err
	}
	first.set(headerKey, raw)
	return nil
}

// label says on every shard whether something is left of the run.
func (d *document) label() {
	value := labelOpen
	// A run under way is open whatever its lines say, and is written the most.
	if d.header.Ended != nil && !d.run().IsOpen() {
		value = labelClosed
	}
	for _, s := range d.shards {
		s.label(d.id, value)
	}
}
