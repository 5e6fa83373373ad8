// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"encoding/json"
	"errors"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// ModeCordon and CordonField are a cordon's in the journal.
const (
	ModeCordon  = "cordon"
	CordonField = "spec.unschedulable"
)

// Recorder writes down what a drain changes, before it does; a *journal.Recorder
// is one.
type Recorder interface {
	Run() *journal.Run
	Plan(ctx context.Context, changes ...journal.Change) ([]journal.Change, error)
	Mark(ctx context.Context, state journal.State, note string, numbers ...int) error
}

// cordonLines are the lines of the journal for the nodes of a pool, by name.
type cordonLines map[string]int

// writeAhead writes down the cordons that are to be made, all at once. Lines that
// the run has from before it died are carried on with.
func (d *Drainer) writeAhead(ctx context.Context, nodes []*corev1.Node) (cordonLines, error) {
	lines := cordonLines{}
	if d.Recorder == nil {
		return lines, nil
	}
	run := d.Recorder.Run()
	var planned []journal.Change
	var carriedOut []int
	for _, node := range nodes {
		former := formerLine(run, node)
		mark, ours := MarkOf(node)
		switch {
		case former != nil && node.Spec.Unschedulable && ours && mark.Run == run.ID:
			if former.State == journal.Planned {
				carriedOut = append(carriedOut, former.Number)
			}
		case node.Spec.Unschedulable:
			// Somebody else's, or that of an earlier run: it stays as it is.
		case former != nil:
			lines[node.Name] = former.Number
		default:
			planned = append(planned, cordonChange(node))
		}
	}
	if len(carriedOut) > 0 {
		if err := d.Recorder.Mark(ctx, journal.Applied, "", carriedOut...); err != nil {
			return nil, err
		}
	}
	if len(planned) == 0 {
		return lines, nil
	}
	planned, err := d.Recorder.Plan(ctx, planned...)
	for _, c := range planned {
		lines[c.Object.Name] = c.Number
	}
	return lines, err
}

func formerLine(run *journal.Run, node *corev1.Node) *journal.Change {
	for i := range run.Changes {
		if c := &run.Changes[i]; c.IsOpen() && c.Mode == ModeCordon && c.Object.Name == node.Name && c.UID == node.UID {
			return c
		}
	}
	return nil
}

func cordonChange(node *corev1.Node) journal.Change {
	return journal.Change{
		Object: journal.Object{APIVersion: "v1", Kind: "Node", Name: node.Name}, UID: node.UID, Field: CordonField,
		Before: json.RawMessage("null"), After: json.RawMessage("true"), Mode: ModeCordon, State: journal.Planned,
	}
}

// writeDone writes down which of the cordons were made, which of them somebody else
// made first, and which the API server refused: of those nothing is ours. What had no
// answer stays as it is.
func (d *Drainer) writeDone(ctx context.Context, lines cordonLines, outcomes []cordonOutcome) error {
	var made, others, refused []int
	for _, o := range outcomes {
		number, written := lines[o.node]
		switch {
		case !written:
		case o.did:
			made = append(made, number)
		case refusal.Is(o.err):
			refused = append(refused, number)
		case o.err == nil:
			others = append(others, number)
		}
	}
	return errors.Join(
		d.mark(ctx, journal.Applied, "", made),
		d.mark(ctx, journal.Dropped, "cordoned by somebody else first", others),
		d.mark(ctx, journal.Dropped, "not carried out: the API server refused it", refused),
	)
}

// mark writes down how far lines have come, where there are any.
func (d *Drainer) mark(ctx context.Context, state journal.State, note string, numbers []int) error {
	if len(numbers) == 0 {
		return nil
	}
	return d.Recorder.Mark(ctx, state, note, numbers...)
}

// runID is the run that cordons are marked with; empty without a journal.
func (d *Drainer) runID() string {
	if d.Recorder == nil {
		return ""
	}
	return d.Recorder.Run().ID
}
