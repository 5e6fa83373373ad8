// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Who chose a mode.
const (
	FromFlag    = "flag"
	FromProfile = "profile"
)

// Wish is what the operator and the profile want done.
type Wish struct {
	// Mode is that of the flag, for every blocker; empty leaves it to the
	// profile.
	Mode Mode
	// Named reports whether the operator named a blocker, by its budget or by a
	// workload; nil means that nothing is named.
	Named func(*Blocker) bool
	// Profile holds the modes of the known blockers; it may be nil.
	Profile *profile.View
}

// Choice is a blocker and what is to be done about it.
type Choice struct {
	*Blocker
	Relief Relief
	// From says who chose the mode: FromFlag or FromProfile; empty when nobody
	// did, and for a blocker that opens by itself.
	From string
}

// Choose decides for each blocker what is done about it: what the flag says, or
// else the profile, or else nothing.
func Choose(s *cluster.Snapshot, blockers []Blocker, wish Wish) []Choice {
	choices := make([]Choice, 0, len(blockers))
	for i := range blockers {
		choices = append(choices, wish.choose(s, &blockers[i]))
	}
	return choices
}

// Steps are the changes of all choices together, each field once: two budgets
// may hold pods of one workload.
func Steps(choices []Choice) []Step {
	type field struct {
		uid  string
		path string
	}
	var steps []Step
	seen := map[field]bool{}
	for _, c := range choices {
		for _, step := range c.Relief.Steps {
			if key := (field{string(step.UID), step.Field}); !seen[key] {
				seen[key] = true
				steps = append(steps, step)
			}
		}
	}
	return steps
}

func (w Wish) choose(s *cluster.Snapshot, b *Blocker) Choice {
	c := Choice{Blocker: b}
	if b.Class == Transient || b.Class == Stale {
		return c
	}
	mode := w.Mode
	if c.From = FromFlag; mode == "" {
		mode, c.From = w.profileMode(b), FromProfile
	}
	if mode == "" {
		c.From = ""
		return c
	}
	c.Relief = b.Relieve(s, mode, w.terms(b, c.From))
	return c
}

// terms are those of a blocker; a profile that gives it a mode names it.
func (w Wish) terms(b *Blocker, from string) Terms {
	named := from == FromProfile || w.Named != nil && w.Named(b)
	return Terms{Named: named, Profile: w.Profile}
}

// profileMode is the mode that the profile gives to the workloads of a blocker;
// none unless it gives the same to all of them.
func (w Wish) profileMode(b *Blocker) Mode {
	var mode Mode
	for _, workload := range b.Workloads {
		found := w.knownMode(workload)
		if found == "" || mode != "" && mode != found {
			return ""
		}
		mode = found
	}
	return mode
}

func (w Wish) knownMode(workload *cluster.Workload) Mode {
	if known := w.known(workload); known != nil {
		return Mode(known.Mode)
	}
	return ""
}

// known is what the profile says of a workload that blocks; nil where it says nothing.
func (w Wish) known(workload *cluster.Workload) *profile.KnownBlocker {
	if w.Profile == nil {
		return nil
	}
	return w.Profile.Blocker(ObjectOf(workload.Ref))
}

// isKnown reports whether the profile's own mode relieves a blocker.
func (w Wish) isKnown(s *cluster.Snapshot, b *Blocker) bool {
	mode := w.profileMode(b)
	return mode != "" && b.Relieve(s, mode, w.terms(b, FromProfile)).Works()
}
