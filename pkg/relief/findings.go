// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"cmp"
	"fmt"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// giveBack gives pauses back.
const giveBack = "kubectl vantiq-upgrade resume-pdb-blockers"

// Findings tells of what is held and is not as we left it, or is overdue.
func Findings(held []Held, now time.Time) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, h := range held {
		object, c := h.Change.Object.String(), h.Change
		if h.Unrecorded {
			findings = append(findings, h.MarkOnly())
		}
		switch h.Standing {
		case Reverted:
			findings = append(findings, finding.New(finding.PauseReverted, object,
				fmt.Sprintf("%s was set from %s to %s by us, and back by somebody else", c.Field, journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)))
		case Untouched:
			if c.State == journal.Applied {
				findings = append(findings, finding.New(finding.PauseReverted, object,
					fmt.Sprintf("%s was set from %s to %s by us; it is as before again, and our mark is gone: by somebody else, or by a command of ours that could not write it down", c.Field, journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)))
			}
		case Changed, Replaced:
			e := &ConflictError{Object: c.Object, Field: c.Field, Standing: h.Standing, Now: h.Live.Value(c.Field), By: h.Live.setBy(c.Field)}
			findings = append(findings, finding.New(finding.PauseConflict, object,
				fmt.Sprintf("%s; we had set it from %s to %s", e.Cause(), journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)+" --force # puts back "+journal.Text(c.Before)))
		case TakenOver:
			findings = append(findings, h.takenOver(remedyFor(h)))
		case Gone:
			if h.IsPause() { // that a node goes is what an upgrade does
				findings = append(findings, finding.New(finding.PauseUnknown, object, "it was deleted after we had changed it", remedyFor(h)))
			}
		case Back:
			findings = append(findings, finding.WithSeverity(finding.New(finding.RestoreNotReady, object,
				"given back, but nobody has waited until it was Ready", remedyFor(h)), v1alpha1.SeverityWarning))
		case Ours:
		}
		if h.Expired(now) {
			findings = append(findings, finding.New(finding.PauseExpired, object,
				fmt.Sprintf("paused since %s, should have been given back by %s", stamp(c.Time), stamp(*c.Expires)), giveBack))
		}
	}
	return findings
}

// MarkOnly says that the mark is the only record of what is held.
func (h Held) MarkOnly() v1alpha1.Finding {
	c := h.Change
	return finding.New(finding.MarkOnly, c.Object.String(), fmt.Sprintf(
		"only the mark on it tells of it: the journal has lost run %s, or is elsewhere (--journal-namespace); %s is %s, and was %s before",
		cmp.Or(h.Run, "of an older version"), c.Field, journal.Text(h.Live.Value(c.Field)), journal.Text(c.Before)), remedyFor(h))
}

// MarkOnlyGivenBack says the same once it was given back.
func (h Held) MarkOnlyGivenBack() v1alpha1.Finding {
	return finding.New(finding.MarkOnly, h.Change.Object.String(), fmt.Sprintf(
		"only the mark on it told of it: the journal has lost run %s, or is elsewhere (--journal-namespace); what the mark said was before was given back: %s %s",
		cmp.Or(h.Run, "of an older version"), h.Change.Field, journal.Text(h.Change.Before)), "")
}

// InTheWay says why what is held keeps another run from changing the same: somebody
// has set another value over ours meanwhile.
func (h Held) InTheWay() v1alpha1.Finding {
	c := h.Change
	e := &ConflictError{Object: c.Object, Field: c.Field, Standing: h.Standing, Run: h.Run, By: h.Live.setBy(c.Field), Now: h.Live.Value(c.Field)}
	return finding.New(finding.PauseConflict, c.Object.String(),
		fmt.Sprintf("%s; that run had set it from %s to %s", e.Cause(), journal.Text(c.Before), journal.Text(c.After)), e.Remedy())
}

// takenOver says that a change of ours has become somebody else's.
func (h Held) takenOver(remedy string) v1alpha1.Finding {
	c := h.Change
	message := fmt.Sprintf("%s has set %s to %s, and our mark is gone: it is left so", h.Live.setBy(c.Field), c.Field, journal.Text(h.Live.Value(c.Field)))
	switch {
	case c.Mode != drain.ModeCordon:
	case h.Live.isTakenOver(c.Field):
		message = h.Live.setBy(c.Field) + " has cordoned it after our cordon was lifted: it stays cordoned"
	default:
		message = "it is cordoned, and our mark was removed from it: the cordon is taken for somebody else's, and stays"
	}
	return finding.New(finding.TakenOver, c.Object.String(), message, remedy)
}

// remedyFor is the command that gives back what a finding is about, and no more: the
// other pauses may still be needed.
func remedyFor(h Held) string {
	if h.IsPause() {
		return giveBack + " " + h.Change.Object.String()
	}
	return "kubectl vantiq-upgrade abort " + h.Run
}

// stamp is a time for people.
func stamp(t time.Time) string { return t.Local().Format(time.DateTime) }
