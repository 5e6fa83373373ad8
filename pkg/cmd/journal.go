// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// journalNamespaceVariable names the namespace of the journal where the flag
// does not.
const journalNamespaceVariable = "VANTIQ_UPGRADE_JOURNAL_NAMESPACE"

// awayTimeout is how long a change waits for an API server that does not answer.
const awayTimeout = 10 * time.Minute

// addJournalNamespace adds the flag that says where the journal is.
func (s *suite) addJournalNamespace(root *cobra.Command) {
	fallback := cmp.Or(s.Getenv(journalNamespaceVariable), journal.DefaultNamespace)
	root.PersistentFlags().StringVar(&s.journalNamespace, "journal-namespace", fallback,
		"Namespace of the journal, in which changes are written down before they are made (also "+journalNamespaceVariable+")")
}

// notebook is the journal as a command uses it.
type notebook struct {
	*journal.Store
	client kubernetes.Interface
	// namespace is that of the journal, and of keep-off pods.
	namespace string
	// open are the records in use, by run.
	open map[string]*journal.Recorder
}

// notebook opens the journal. onTrouble is told of requests that are tried again.
func (s *suite) notebook(client kubernetes.Interface, onTrouble func(error)) *notebook {
	return &notebook{
		Store: &journal.Store{
			ConfigMaps: client.CoreV1().ConfigMaps(s.journalNamespace),
			Now:        s.now,
			Retry:      s.patience(onTrouble),
		},
		client:    client,
		namespace: s.journalNamespace,
		open:      map[string]*journal.Recorder{},
	}
}

// patience repeats requests while the API server does not answer.
func (s *suite) patience(onTrouble func(error)) func(context.Context, func() error) error {
	return patience.Patience{Clock: s.Clock, Away: awayTimeout, OnTrouble: onTrouble, Hopeless: s.conn.isHopeless}.Do
}

// begin writes down that a command begins. A run of the same command that did
// not come to its end is gone on with.
func (n *notebook) begin(ctx context.Context, s *suite, command []string) (*journal.Recorder, error) {
	runs, _, err := n.Runs(ctx)
	if err != nil {
		return nil, err
	}
	if former := unfinished(runs, command); former != nil {
		s.course.began(former.ID)
		return n.recorder(ctx, former.ID)
	}
	rec, err := n.Begin(ctx, journal.Run{
		ID: journal.NewID(n.Now()), Command: command, Operator: n.operator(ctx, s.Operator), Host: s.Operator, Started: journal.StartAfter(runs, n.Now().UTC()),
	})
	if err != nil {
		return nil, err
	}
	n.open[rec.Run().ID] = rec
	s.course.began(rec.Run().ID)
	return rec, nil
}

// unfinished is the run of a command that did not come to its end: an earlier
// attempt was killed, or stopped half-way. It is nil when there is none.
func unfinished(runs []*journal.Run, command []string) *journal.Run {
	for _, run := range runs {
		if isUnfinished(run) && isSameWork(run.Command, command) {
			return run
		}
	}
	return nil
}

// isSameWork reports whether two recorded commands do the same. How long each may
// take does not count: who was stopped by a time-out gives more time, and goes on.
func isSameWork(one, other []string) bool {
	work := func(command []string) []string {
		return slices.DeleteFunc(slices.Clone(command), regexp.MustCompile(`^--(pod-|unschedulable-)?timeout=`).MatchString)
	}
	return slices.Equal(work(one), work(other))
}

// isUnfinished reports whether a run can be gone on with.
func isUnfinished(run *journal.Run) bool {
	return !run.Damaged && !run.Newer && slices.Contains([]string{"", journal.OutcomeStopped, journal.OutcomeInterrupted}, run.Outcome)
}

// isAborting reports whether an abort of the run began and did not come to its
// end.
func isAborting(run *journal.Run) bool {
	return !run.Damaged && !run.Newer && run.Outcome == journal.OutcomeAborting
}

// recorder opens the record of a run once.
func (n *notebook) recorder(ctx context.Context, run string) (*journal.Recorder, error) {
	if rec := n.open[run]; rec != nil {
		return rec, nil
	}
	rec, err := n.Open(ctx, run)
	if err != nil {
		return nil, err
	}
	n.open[run] = rec
	return rec, nil
}

// recorders is recorder as pkg/relief wants it.
func (n *notebook) recorders(ctx context.Context, run string) (relief.Recorder, error) {
	rec, err := n.recorder(ctx, run)
	if rec == nil || err != nil {
		return nil, err
	}
	return rec, nil
}

// finish writes down how a run ended, also after an interrupt, and makes room in
// the history.
func (n *notebook) finish(ctx context.Context, rec *journal.Recorder, outcome string) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	if err := rec.Finish(ctx, outcome); err != nil {
		return err
	}
	return n.Prune(ctx, journal.Kept)
}

// markAll notes how far changes have come, by run, each whatever becomes of the others. A
// run that has ended becomes history when nothing of it is left.
func (n *notebook) markAll(ctx context.Context, state journal.State, note string, numbers map[string][]int) error {
	failed := make([]error, 0, len(numbers))
	for id, lines := range numbers {
		rec, err := n.recorder(ctx, id)
		if err == nil {
			err = rec.Mark(ctx, state, note, lines...)
		}
		if err == nil {
			err = n.settle(ctx, rec)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// settle writes down how a run stands of which something was given back. When
// nothing is left of one that did not come to its end, that was its end: going on
// with it would do again what the operator has taken back.
func (n *notebook) settle(ctx context.Context, rec *journal.Recorder) error {
	run := rec.Run()
	left := slices.ContainsFunc(run.Changes, journal.Change.IsOpen)
	switch {
	case !left && (isUnfinished(run) || isAborting(run)):
		return n.finish(ctx, rec, journal.OutcomeAborted)
	case run.Outcome == "":
		return nil // it died, and can still be gone on with
	}
	return n.finish(ctx, rec, run.Outcome)
}

// operator is the user of the cluster; without an answer it is who runs the
// program. Servers before 1.28 do not tell.
func (n *notebook) operator(ctx context.Context, fallback string) string {
	review, err := n.client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return fallback
	}
	return cmp.Or(review.Status.UserInfo.Username, fallback)
}

// held reads what there is of us on the objects of the cluster.
func (n *notebook) held(ctx context.Context) ([]*journal.Run, relief.Inventory, []v1alpha1.Finding, error) {
	runs, findings, err := n.Runs(ctx)
	if err != nil {
		return nil, relief.Inventory{}, nil, err
	}
	var objects []runtime.Object
	err = n.Retry(ctx, func() error {
		var err error
		objects, err = cluster.ListChangeable(ctx, n.client, n.namespace, journal.KeepOffLabel)
		return err
	})
	if err != nil {
		return nil, relief.Inventory{}, nil, err
	}
	all, err := relief.Collect(runs, objects)
	if err != nil || len(all.Strays) == 0 {
		return runs, all, findings, err
	}
	// A command that began meanwhile has marked what the journal, as it was read, did
	// not know of yet.
	again, _, err := n.Runs(ctx)
	all.Strays = relief.Book(again).StillStray(all.Strays)
	return runs, all, findings, err
}

// commandWords is a command as it is to be typed again, without the flags that
// say how to connect, what to print and not to ask.
func commandWords(cmd *cobra.Command, args []string) []string {
	words := append([]string{cmd.Name()}, args...)
	for _, name := range givenFlags(cmd) {
		if cmd.InheritedFlags().Lookup(name) == nil && !slices.Contains(notRecorded, name) {
			words = append(words, flagWords(cmd.Flags().Lookup(name))...)
		}
	}
	return words
}

// notRecorded are the flags that change nothing of what a command does.
var notRecorded = []string{"yes", "output", "quiet", "events", "dry-run", "show-managed-fields", "template", "allow-missing-template-keys"}

// shortCommand shows a recorded command.
func shortCommand(words []string) string {
	shown := make([]string, 0, len(words))
	for _, word := range words {
		shown = append(shown, quoted(word))
	}
	return strings.Join(shown, " ")
}

// afterwards is a context for what is written down at the end, also after an
// interrupt or --timeout; then it is bounded, since an interrupted command ends
// within a second.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case ctx.Err() == nil:
		return context.WithCancel(ctx)
	case isTimeout(ctx):
		return context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	}
	return context.WithTimeout(context.WithoutCancel(ctx), lastWords)
}

// lastWords bounds what an interrupted command still writes down.
const lastWords = 500 * time.Millisecond

// journalOutcome is how a run ended, for the journal.
func journalOutcome(err error) string {
	switch ExitCode(err) {
	case codeDone, codeBlocked:
		return journal.OutcomeDone
	case codeInterrupted:
		return journal.OutcomeInterrupted
	}
	return journal.OutcomeStopped
}
