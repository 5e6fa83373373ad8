// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Stray is a mark of ours on an object that is not acted on.
type Stray struct {
	Object     journal.Object
	Annotation string
	// Claim is Stale, Copied or Unreadable.
	Claim Claim
	// Mark is what it says; nothing when it is unreadable, and Err why.
	Mark Mark
	Err  error
	// Raw is the annotation as it is.
	Raw  string
	Live *Live
	// Recorded is a run with an open line that says what the mark does not; empty
	// when there is none.
	Recorded string
}

// IsPause reports whether it is the mark of a pause, and not of a cordon.
func (s Stray) IsPause() bool { return s.Annotation == Annotation }

// IsUnreadable reports whether nobody can tell what it says, nor whether it is the
// only record of a change.
func (s Stray) IsUnreadable() bool { return s.Claim == Unreadable }

// standsAsPaused reports whether the mark came together with the value that we had set
// for a time: nobody will ever put it back. On the object itself that is so after a
// manifest or a backup of the time of the pause was applied to it, and where the run is
// not in the journal any more. A rollback brings the
// mark alone, and a number of replicas that a surge once set may well be the team's own.
func (s Stray) standsAsPaused() bool {
	switch {
	case !s.Live.has(s.Mark.Field, s.Mark.After), s.Live.has(s.Mark.Field, s.Mark.Before):
		return false
	case s.Claim == Stale:
		return s.IsPause() && s.Mark.Mode != string(disruption.Surge) && s.Recorded == ""
	}
	return s.Claim == Copied
}

// CanGo reports whether the mark is removed by a command that comes by: nothing is
// lost with it.
func (s Stray) CanGo() bool { return !s.IsUnreadable() && !s.standsAsPaused() }

// StillStray keeps the marks of which the journal says the same.
func (b Book) StillStray(strays []Stray) []Stray {
	return slices.DeleteFunc(strays, func(s Stray) bool {
		return !s.IsUnreadable() && b.claim(s.Object, s.Live, s.Mark) != s.Claim
	})
}

// sweeps is how often a mark is tried to be removed from an object that others change
// all the time.
const sweeps = 5

// Sweep removes a mark that can go, and only if it is still the one that was judged.
// Nothing else of the object is changed.
func (k Keeper) Sweep(ctx context.Context, s Stray) error {
	at, err := apiOf(k.Client, s.Object.Kind)
	if err != nil {
		return err
	}
	for range sweeps {
		var live *Live
		err = k.Retry(ctx, func() error {
			var err error
			live, err = at.read(ctx, s.Object)
			return err
		})
		if err != nil || live == nil || live.UID != s.Live.UID || live.Annotations[s.Annotation] != s.Raw {
			return err
		}
		err = k.Retry(ctx, func() error {
			_, err := at.write(ctx, s.Object, live, "", nil, s.Annotation, nil, k.DryRun)
			return err
		})
		if !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}

// Sweep removes the marks that can go, and tells what has become of each mark.
func (p *Pauser) Sweep(ctx context.Context, strays []Stray) []v1alpha1.Finding {
	findings := make([]v1alpha1.Finding, 0, len(strays))
	for _, s := range strays {
		if !s.CanGo() {
			findings = append(findings, s.Finding())
			continue
		}
		if err := p.Keeper.Sweep(ctx, s); err != nil {
			findings = append(findings, finding.New(finding.MarkStale, s.Object.String(), "the mark could not be removed: "+err.Error(), s.sweeper()))
			continue
		}
		p.Tell(s.Object.String(), "mark of run "+s.Mark.Run+" removed; nothing else was changed")
		findings = append(findings, finding.New(finding.MarkStale, s.Object.String(), fmt.Sprintf(
			"it carried a mark of run %s that says nothing any more (%s): it was not acted on, but removed; nothing else was changed",
			s.Mark.Run, journal.Step(s.Mark.Field, s.Mark.Before, s.Mark.After)), ""))
	}
	return findings
}

// StillThere leaves out the marks that were overwritten when their objects were given
// back, as by force.
func StillThere(strays []Stray, restored []v1alpha1.RestoredField) []Stray {
	return slices.DeleteFunc(slices.Clone(strays), func(s Stray) bool {
		return slices.ContainsFunc(restored, func(f v1alpha1.RestoredField) bool {
			back := f.State == v1alpha1.RestoreRestored || f.State == v1alpha1.RestoreNotReady
			return back && journal.Object(f.Object) == s.Object && annotationOf(f.Mode) == s.Annotation
		})
	})
}

// StrayFindings tells of marks that are not acted on.
func StrayFindings(strays []Stray) []v1alpha1.Finding {
	findings := make([]v1alpha1.Finding, 0, len(strays))
	for _, s := range strays {
		findings = append(findings, s.Finding())
	}
	return findings
}

// Finding tells of the mark and of the way out.
func (s Stray) Finding() v1alpha1.Finding {
	object := s.Object.String()
	switch {
	case s.IsUnreadable():
		return s.unreadable()
	case s.standsAsPaused() && s.Claim == Stale:
		return finding.New(finding.CopyStandsPaused, object, fmt.Sprintf(
			"it stands as run %s had paused it (%s), and the journal has nothing to give back for that: a manifest or a backup of that time was applied to it, or that part of the journal was deleted; nobody puts that back",
			s.Mark.Run, journal.Step(s.Mark.Field, s.Mark.Before, s.Mark.After)), s.setByHand(journal.Text(s.Mark.Before)))
	case s.standsAsPaused():
		return finding.New(finding.CopyStandsPaused, object, fmt.Sprintf(
			"it is a copy that was taken while the original was paused: %s is %s, the original had %s before run %s (%s); nobody puts that back",
			s.Mark.Field, journal.Text(s.Live.Value(s.Mark.Field)), journal.Text(s.Mark.Before), s.Mark.Run, s.Mark.Mode), s.setByHand(journal.Text(s.Mark.Before)))
	case s.Claim == Copied:
		return finding.New(finding.MarkStale, object, fmt.Sprintf(
			"it carries a copy of the mark that run %s wrote on another object: it is not acted on, and resume-pdb-blockers or abort removes it", s.Mark.Run), s.sweeper())
	}
	return finding.New(finding.MarkStale, object, fmt.Sprintf(
		"it carries a mark of run %s, which has nothing to give back here (%s); a rollback or a copy has brought it back: it is not acted on, and resume-pdb-blockers or abort removes it",
		s.Mark.Run, journal.Step(s.Mark.Field, s.Mark.Before, s.Mark.After)), s.sweeper())
}

// sweeper is the command that removes the mark.
func (s Stray) sweeper() string {
	if s.IsPause() {
		return giveBack + " " + s.Object.String() + " # removes the mark, and changes nothing else"
	}
	return "kubectl vantiq-upgrade abort " + cmp.Or(s.Mark.Run, "--all") + " # removes the mark, and changes nothing else"
}

// longestRaw bounds how much of a mark is shown, in bytes.
const longestRaw = 80

func (s Stray) unreadable() v1alpha1.Finding {
	field := drain.CordonField
	if s.IsPause() {
		field = disruption.FieldReplicas
	}
	raw := s.Raw
	if len(raw) > longestRaw {
		raw = raw[:longestRaw] + "..."
	}
	message := fmt.Sprintf("its mark %s cannot be read (%s): %s", s.Annotation, s.Err, strconv.QuoteToASCII(raw))
	if s.Recorded != "" {
		remedy := giveBack + " " + s.Object.String()
		if !s.IsPause() {
			remedy = "kubectl vantiq-upgrade abort " + s.Recorded
		}
		return finding.WithSeverity(finding.New(finding.MarkUnreadable, s.Object.String(),
			message+"; run "+s.Recorded+" of the journal says what is to be given back", remedy), v1alpha1.SeverityWarning)
	}
	if now := s.Live.Value(field); string(now) != "null" {
		message += fmt.Sprintf("; %s is %s now", field, now)
	}
	return finding.New(finding.MarkUnreadable, s.Object.String(), message+"; what it was before is not known, so it is left alone", s.setByHand("N"))
}

// setByHand are the commands that set the right value and remove the mark.
func (s Stray) setByHand(value string) string {
	o := s.Object
	remove := fmt.Sprintf("kubectl annotate %s %s-", Describable(o), s.Annotation)
	switch o.Kind {
	case "Node":
		return remove + " # and kubectl uncordon " + o.Name + " if it is to take pods"
	case "PodDisruptionBudget":
		return fmt.Sprintf("kubectl edit %s && %s", Describable(o), remove)
	}
	return fmt.Sprintf("kubectl scale %s --replicas=%s && %s", Describable(o), value, remove)
}
