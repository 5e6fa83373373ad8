// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// statusOptions are the options of status.
type statusOptions struct {
	*suite
	output *output
	// command writes a command line for the same cluster.
	command func(subcommand string, args ...string) string
}

func newCmdStatus(s *suite) *cobra.Command {
	o := &statusOptions{suite: s, output: newOutput()}
	cmd := s.command("status", "")
	cmd.Long = `Show what is under way and what is still ours: who holds the lock, the runs and
how they ended, every change that is not given back and how it stands in the
cluster now.

It changes nothing and needs no lock. The exit code is 2 when somebody else has
changed what is ours, or when the journal cannot be read. A pause that is overdue,
or that another tool has put back, is a warning.`
	cmd.Example = `  kubectl vantiq-upgrade status
  kubectl vantiq-upgrade status -o json`
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.output.complete(); err != nil {
			return err
		}
		o.command = func(subcommand string, args ...string) string {
			return commandLine(cmd, subcommand, args, ownFlags(cmd)...)
		}
		return o.run(cmd.Context())
	}
	o.output.addFlags(cmd)
	return cmd
}

func (o *statusOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	t := o.newTalk(true, eventsText)
	out, runs, err := o.stillOurs(ctx, client, t.trouble)
	if err != nil {
		return err
	}
	err = o.output.print(o.Out, out, func(w io.Writer) error {
		return report.StatusReport(w, out, o.nextFor(out, runs), o.styleFor(o.Out), o.output.wide)
	})
	if err == nil && finding.HasErrors(out.Findings) {
		err = &ExitError{Code: codeBlocked}
	}
	return err
}

// stillOurs reads who works, the runs, and what of them is not given back.
func (s *suite) stillOurs(ctx context.Context, client kubernetes.Interface, onTrouble func(error)) (*v1alpha1.StatusReport, []*journal.Run, error) {
	holder, err := journal.Current(ctx, client.CoordinationV1().Leases(journal.Namespace), s.now)
	if err != nil {
		return nil, nil, err
	}
	if holder != nil && s.locker(client, "", nil).IsGone(holder) {
		holder.Lapsed = true
	}
	runs, all, findings, err := s.notebook(client, onTrouble).held(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := &v1alpha1.StatusReport{
		TypeMeta: v1alpha1.TypeMeta("StatusReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Lock: lockStatus(holder), Runs: []v1alpha1.RunStatus{}, Changes: []v1alpha1.ChangeStatus{}, Findings: []v1alpha1.Finding{},
	}
	for _, run := range runs {
		out.Runs = append(out.Runs, runStatus(run))
	}
	now := s.now()
	out.Findings = append(out.Findings, findings...)
	for _, h := range all.Held {
		out.Changes = append(out.Changes, changeStatus(h, now))
	}
	out.Findings = append(out.Findings, relief.Findings(all.Held, now)...)
	out.Findings = append(out.Findings, relief.StrayFindings(all.Strays)...)
	finding.Sort(out.Findings)
	return out, runs, nil
}

// nextFor are the commands that there is something to do for.
func (o *statusOptions) nextFor(out *v1alpha1.StatusReport, runs []*journal.Run) report.Next {
	var unfinished, left []string
	for _, run := range runs {
		if isUnfinished(run) && len(run.Command) > 0 {
			unfinished = append(unfinished, run.ID)
		}
		if isAborting(run) {
			left = append(left, run.ID)
		}
	}
	for i := range out.Changes {
		if !slices.Contains(left, out.Changes[i].Run) {
			left = append(left, out.Changes[i].Run)
		}
	}
	next := report.Next{}
	if len(unfinished) > 0 && (out.Lock == nil || out.Lock.Lapsed) {
		next.Again = o.command("resume", unfinished[0])
	}
	if out.Lock == nil || out.Lock.Lapsed {
		next.Steps = o.nextSteps(out.Changes, runs)
	}
	others := slices.ContainsFunc(out.Changes, func(c v1alpha1.ChangeStatus) bool { return !relief.IsPause(journal.Change{Mode: c.Mode}) })
	switch {
	case len(left) == 0:
	case !others && !slices.ContainsFunc(runs, isAborting):
		next.GiveBack = o.command("resume-pdb-blockers")
	case len(left) == 1:
		next.GiveBack = o.command("abort", strings.Fields(left[0])...) // a mark may not tell its run
	default:
		next.GiveBack = o.command("abort", "--all") + " # or the id of one run"
	}
	return next
}

func lockStatus(h *journal.Held) *v1alpha1.LockStatus {
	if h == nil {
		return nil
	}
	return &v1alpha1.LockStatus{Holder: h.Holder, Command: h.Command, Since: timeOf(h.Since), Lapsed: h.Lapsed}
}

func runStatus(run *journal.Run) v1alpha1.RunStatus {
	s := v1alpha1.RunStatus{
		ID: run.ID, Command: shortCommand(run.Command), Operator: run.Operator, Host: run.Host,
		Started: metav1.NewTime(run.Started), Outcome: run.Outcome, Total: len(run.Changes),
	}
	if run.Ended != nil {
		s.Ended = timeOf(*run.Ended)
	}
	for _, c := range run.Changes {
		if c.IsOpen() {
			s.Open++
		}
	}
	return s
}

func changeStatus(h relief.Held, now time.Time) v1alpha1.ChangeStatus {
	c := h.Change
	s := v1alpha1.ChangeStatus{
		Run: h.Run, Number: c.Number, Object: v1alpha1.ObjectRef(c.Object), UID: c.UID, Field: c.Field,
		Before: c.Before, After: c.After, Now: nowOf(h), Mode: c.Mode,
		Since: metav1.NewTime(c.Time), Expired: h.Expired(now),
	}
	if c.Expires != nil {
		s.Expires = timeOf(*c.Expires)
	}
	switch h.Standing {
	case relief.Ours:
		s.State = v1alpha1.ChangeOurs
	case relief.Reverted:
		s.State = v1alpha1.ChangeReverted
	case relief.Untouched:
		if s.State = v1alpha1.ChangeNotApplied; c.State == journal.Applied {
			s.State = v1alpha1.ChangeReverted
		}
	case relief.Back:
		s.State = v1alpha1.ChangeReturned
	case relief.Gone, relief.Replaced:
		s.State = v1alpha1.ChangeGone
	case relief.TakenOver:
		s.State = v1alpha1.ChangeTakenOver
	case relief.Changed:
		s.State = v1alpha1.ChangeChanged
	}
	return s
}

// nowOf is the value of the field; null when the object is gone.
func nowOf(h relief.Held) json.RawMessage {
	if h.Live == nil {
		return json.RawMessage("null")
	}
	return h.Live.Value(h.Change.Field)
}

// timeOf is nil for no time.
func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	out := metav1.NewTime(t)
	return &out
}
