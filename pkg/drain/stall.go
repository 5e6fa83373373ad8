// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// quiet is how long a wait lasts before it is told at all.
const quiet = 2 * time.Second

// giveUpOnStalled stops the workloads in which nothing has moved for too long.
// The others go on.
func (e *Engine) giveUpOnStalled(now time.Time) {
	away := time.Unix(0, e.away.Load())
	for _, g := range e.groups {
		if g.stopped != nil || g.isWhole() {
			continue
		}
		g.excuse(away)
		if g.settle(now, e.plan.options.PodTimeout/2) {
			continue
		}
		if f, held := e.heldForGood(g, now); held {
			e.giveUp(g, f)
			continue
		}
		if f, last := e.lastOne(g, now); last {
			e.giveUp(g, f)
			continue
		}
		if f, stalled := e.stalled(g, now); stalled {
			e.giveUp(g, f)
		}
	}
}

// excuse begins the time-outs of a workload anew at the moment when the API
// server was last away: nothing could be seen to move until then. What bounds
// that wait is the time-out of the whole drain.
func (g *group) excuse(away time.Time) {
	if g.lastProgress.Before(away) {
		g.lastProgress = away
	}
	if !g.unplacedSince.IsZero() && g.unplacedSince.Before(away) {
		g.unplacedSince = away
	}
}

// settle ends the wait for what took the place of pods that were not Ready before
// the drain, once nothing has moved for so long.
func (g *group) settle(now time.Time, patience time.Duration) bool {
	away := slices.ContainsFunc(g.members, func(m *member) bool { return m.phase != gone })
	if away || !g.isReplaced() || !g.unplacedSince.IsZero() || now.Sub(g.lastProgress) < patience {
		return false
	}
	g.settled = g.ready >= g.formerly()
	return g.settled
}

// heldForGood says so when only Ready pods are left to go and the floor holds them
// even at the readiness that the workload had before: what was not Ready then is not
// so now either, and waiting longer does not mend it.
func (e *Engine) heldForGood(g *group, now time.Time) (v1alpha1.Finding, bool) {
	missing := g.replicas - g.formerly()
	if !g.isReplaced() || missing <= 0 || g.replicas <= 1 || max(g.formerly(), g.ready) > g.floor.Ready ||
		now.Sub(g.lastProgress) < e.plan.options.startPatience() {
		return v1alpha1.Finding{}, false
	}
	var held *member
	for _, m := range g.members {
		switch {
		case m.phase == staying && cluster.IsServing(m.Pod):
			held = m
		case m.phase != gone:
			return v1alpha1.Finding{}, false
		}
	}
	if held == nil {
		return v1alpha1.Finding{}, false
	}
	f := finding.New(finding.WorkloadBelowFloor, g.ref.String(),
		fmt.Sprintf("%s. It had %d of %d Ready before the drain; its Ready pods do not go until more are", held.cause, g.before, g.replicasBefore),
		"kubectl get pods -n "+g.ref.Namespace+" -o wide # mend them, then run the same command again")
	return finding.WithSeverity(f, v1alpha1.SeverityError), true
}

// stalled says what a workload has waited for in vain.
func (e *Engine) stalled(g *group, now time.Time) (v1alpha1.Finding, bool) {
	if !g.unplacedSince.IsZero() && now.Sub(g.unplacedSince) >= e.plan.options.UnschedulableTimeout {
		return e.unplaced(g, now), true
	}
	if now.Sub(g.lastProgress) < e.plan.options.PodTimeout+g.longestGrace() {
		return v1alpha1.Finding{}, false
	}
	if !g.unplacedSince.IsZero() {
		return e.unplaced(g, now), true
	}
	for _, m := range g.members {
		if m.phase == leaving {
			return stuck(m, e.snapshot, now), true
		}
	}
	if m, cause := g.held(); m != nil {
		return e.notAllowed(g, m, cause, now), true
	}
	return finding.New(finding.ReplacementNotReady, g.ref.String(),
		fmt.Sprintf("%d of %d Ready after %s%s", g.ready, g.replicas, e.plan.options.PodTimeout, g.lack.suffix()),
		cmp.Or(g.lack.remedy(g.ref), "kubectl get pods -n "+g.ref.Namespace+" -o wide")), true
}

// longestGrace is the time that its leaving pods may rightfully take.
func (g *group) longestGrace() time.Duration {
	longest := time.Duration(0)
	for _, m := range g.members {
		if m.phase == leaving {
			longest = max(longest, m.grace())
		}
	}
	return longest
}

func (e *Engine) unplaced(g *group, now time.Time) v1alpha1.Finding {
	for _, pod := range e.snapshot.Workload(g.ref).Pods {
		if message, unplaced := cluster.Unschedulable(pod); unplaced {
			return finding.New(finding.ReplacementUnplaced, cluster.PodObject(pod),
				fmt.Sprintf("has had no node for %s, so no further pod of %s goes: %s", now.Sub(g.unplacedSince).Round(time.Second), g.ref, message),
				e.makeRoom())
		}
	}
	return finding.Newf(finding.ReplacementUnplaced, g.ref.String(), "a replacement cannot be placed")
}

// makeRoom is the command that gives a replacement a node: mostly the pool that
// was drained before this one and not given back.
func (e *Engine) makeRoom() string {
	if others := e.plan.OurOtherPools; len(others) > 0 {
		return "kubectl vantiq-upgrade uncordon-pool " + others[0] + " # cordoned by drain-pool: " + strings.Join(others, ", ")
	}
	if e.plan.Pool.Name == "" {
		return "kubectl vantiq-upgrade placement-check # says where there is room"
	}
	return "kubectl vantiq-upgrade uncordon-pool " + e.plan.Pool.Name + " # or make room elsewhere"
}

func (e *Engine) giveUp(g *group, f v1alpha1.Finding) {
	g.stopped = &f
	e.findings = append(e.findings, f)
	e.tellOf(g, Event{Type: GaveUp, Object: f.Object, Message: f.Message})
}

// timeOut gives up on everything that is not whole.
func (e *Engine) timeOut() {
	e.findings = append(e.findings, finding.New(finding.DrainTimedOut, e.plan.object(),
		fmt.Sprintf("not finished within --timeout %s%s", e.plan.options.Timeout, e.lastWaits()), "run the same command again to go on"))
	for _, g := range e.groups {
		if g.stopped == nil && !g.isWhole() {
			g.stopped = &e.findings[len(e.findings)-1]
		}
	}
}

// waitsShown is how many waits one finding names.
const waitsShown = 3

// lastWaits says what the first of those that are not whole wait for.
func (e *Engine) lastWaits() string {
	text, n := "", 0
	for _, g := range e.groups {
		if g.stopped != nil || g.isWhole() {
			continue
		}
		if n++; n <= waitsShown {
			text += "; " + g.ref.String() + " waits: " + e.waitsFor(g)
		}
	}
	if n > waitsShown {
		text += fmt.Sprintf("; and %d more wait", n-waitsShown)
	}
	return text
}

// tellWaits says what each workload waits for, once it has waited a moment and
// then once in a while.
func (e *Engine) tellWaits(now time.Time) {
	for _, g := range e.groups {
		cause := ""
		if g.stopped == nil && !g.isWhole() {
			cause = e.waitsFor(g)
		}
		if cause != g.waiting.cause {
			g.waiting = waiting{cause: cause, since: now}
		}
		if cause == "" || now.Sub(g.waiting.since) < quiet || now.Sub(g.waiting.told) < reminder {
			continue
		}
		again := !g.waiting.told.IsZero()
		g.waiting.told = now
		e.tellOf(g, Event{Type: Waiting, Object: g.ref.String(), Message: cause, Took: now.Sub(g.waiting.since), Again: again})
	}
}

// waitsFor says in words what keeps a workload from going on.
func (e *Engine) waitsFor(g *group) string {
	if m, cause := g.held(); m != nil {
		return cause
	}
	for _, m := range g.members {
		if m.phase == leaving && g.lack.said == "" {
			return cluster.PodObject(m.Pod) + " is terminating on " + m.Pod.Spec.NodeName + e.mayTake(m)
		}
	}
	return cmp.Or(g.lack.why, g.readiness())
}
