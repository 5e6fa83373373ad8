// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"encoding/json"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
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

// writeDone writes down which of the cordons were made, and which of them
// somebody else made first.
func (d *Drainer) writeDone(ctx context.Context, lines cordonLines, did map[string]bool) error {
	var made, others []int
	for name, number := range lines {
		if mine, answered := did[name]; mine {
			made = append(made, number)
		} else if answered {
			others = append(others, number)
		}
	}
	if len(made) > 0 {
		if err := d.Recorder.Mark(ctx, journal.Applied, "", made...); err != nil {
			return err
		}
	}
	if len(others) > 0 {
		return d.Recorder.Mark(ctx, journal.Dropped, "cordoned by somebody else first", others...)
	}
	return nil
}

// runID is the run that cordons are marked with; empty without a journal.
func (d *Drainer) runID() string {
	if d.Recorder == nil {
		return ""
	}
	return d.Recorder.Run().ID
}
