// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// remind tells of pauses that should have been given back, and of runs of other
// commands that did not come to their end. It is a service to the operator: where
// the journal cannot be read nothing is said.
func (s *suite) remind(ctx context.Context, client kubernetes.Interface, command []string, say func(string)) {
	store := &journal.Store{ConfigMaps: client.CoreV1().ConfigMaps(s.journalNamespace), Now: s.now}
	runs, err := store.OpenRuns(ctx)
	if err != nil || len(runs) == 0 {
		return
	}
	for _, run := range runs {
		s.remindOfPauses(run, say)
	}
	isWorking := sync.OnceValue(func() bool { return s.isWorking(ctx, client) }) // one request, however many runs
	for _, run := range runs {
		if isSameWork(run.Command, command) || !isUnfinished(run) && !isAborting(run) || run.Outcome == "" && isWorking() {
			continue
		}
		say(fmt.Sprintf("Note: %s: %s of %s did not come to its end (run %s): %s", finding.ChangeLeft, shortCommand(run.Command), run.Started.Local().Format(time.DateTime), run.ID, mendRun(run)))
	}
}

// remindOfPauses tells of those that are on for too long.
func (s *suite) remindOfPauses(run *journal.Run, say func(string)) {
	now := s.now()
	for _, c := range run.Changes {
		if c.IsOpen() && c.State != journal.Returned && c.Expires != nil && now.After(*c.Expires) {
			say(fmt.Sprintf("Warning: %s: %s is paused since %s and should have been given back by %s: kubectl vantiq-upgrade resume-pdb-blockers",
				finding.PauseExpired, c.Object, c.Time.Local().Format(time.DateTime), c.Expires.Local().Format(time.DateTime)))
		}
	}
}

// isWorking reports whether a command holds the lock: a run without an end may be
// its.
func (s *suite) isWorking(ctx context.Context, client kubernetes.Interface) bool {
	holder, err := journal.Current(ctx, client.CoordinationV1().Leases(journal.Namespace), s.now)
	return err != nil || holder != nil && !holder.Lapsed && !s.locker(client, "", nil).IsGone(holder)
}

// mendRun says what can be done about a run that did not come to its end.
func mendRun(run *journal.Run) string {
	if isAborting(run) {
		return "kubectl vantiq-upgrade abort " + run.ID
	}
	return "kubectl vantiq-upgrade resume " + run.ID + ", or abort " + run.ID
}
