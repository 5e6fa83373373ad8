// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"fmt"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
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
		switch h.Standing {
		case Reverted:
			findings = append(findings, finding.New(finding.PauseReverted, object,
				fmt.Sprintf("%s was set from %s to %s by us, and back by somebody else", c.Field, journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)))
		case Untouched:
			if c.State == journal.Applied {
				findings = append(findings, finding.New(finding.PauseReverted, object,
					fmt.Sprintf("%s was set from %s to %s by us, and back by somebody else, who has removed our mark too", c.Field, journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)))
			}
		case Changed, Replaced:
			e := &ConflictError{Object: c.Object, Field: c.Field, Standing: h.Standing, Now: h.Live.Value(c.Field)}
			findings = append(findings, finding.New(finding.PauseConflict, object,
				fmt.Sprintf("%s; we had set it from %s to %s", e.Cause(), journal.Text(c.Before), journal.Text(c.After)), remedyFor(h)+" --force # puts back "+journal.Text(c.Before)))
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

func remedyFor(h Held) string {
	if h.IsPause() {
		return giveBack
	}
	return "kubectl vantiq-upgrade abort " + h.Run
}

// stamp is a time for people.
func stamp(t time.Time) string { return t.Local().Format(time.DateTime) }
