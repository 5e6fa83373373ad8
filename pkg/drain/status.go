// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// statusEvery is the least time between two statuses: the loop may look a
// hundred times a second, and nobody reads that fast.
const statusEvery = 200 * time.Millisecond

// Status is how far a drain is at one moment.
type Status struct {
	Time time.Time
	// Total counts the pods that are to leave: those that are gone, those that
	// are leaving (evicted, ending) and those that are still to go.
	Total, Gone, Leaving, ToGo int
	// Workloads are all workloads with pods on the pool, in no order.
	Workloads []WorkloadStatus
	// Left is about how long the rest takes, as this run has shown so far; 0
	// means that there is nothing to tell it from.
	Left time.Duration
}

// WorkloadStatus is how far one workload is. Pods without a controller count as
// workloads of their own.
type WorkloadStatus struct {
	Ref cluster.Ref
	// Floored is true when there is a readiness to tell: Ready of Replicas,
	// never below Floor.
	Floored                bool
	Ready, Replicas, Floor int
	// Leaving and ToGo count its pods as in Status.
	Leaving, ToGo int
	// Waits is what it waits for, since Since; empty when nothing holds it.
	Waits string
	Since time.Time
	// Whole is true when all its pods have gone and it is at its former
	// readiness, Stopped when it was given up in this run.
	Whole, Stopped bool
}

// showStatus hands on the status, now and then.
func (e *Engine) showStatus(now time.Time) {
	if e.Progress == nil || now.Sub(e.shown) < statusEvery {
		return
	}
	e.shown = now
	e.Progress(e.status(now))
}

func (e *Engine) status(now time.Time) Status {
	s := Status{Time: now, Workloads: make([]WorkloadStatus, 0, len(e.groups))}
	for _, g := range e.groups {
		w := g.status()
		s.Workloads = append(s.Workloads, w)
		s.Total += len(g.members)
		s.Leaving += w.Leaving
		s.ToGo += w.ToGo
	}
	s.Gone = s.Total - s.Leaving - s.ToGo
	s.Left = estimate(e.paces(now))
	return s
}

func (g *group) status() WorkloadStatus {
	w := WorkloadStatus{
		Ref: g.ref, Floored: g.isReplaced(), Ready: g.ready, Replicas: g.replicas, Floor: g.floor.Ready,
		Waits: g.waiting.cause, Since: g.waiting.since, Whole: g.isWhole(), Stopped: g.stopped != nil,
	}
	if g.stopped != nil {
		w.Waits = g.stopped.Message
	}
	for _, m := range g.members {
		switch m.phase {
		case staying, asking:
			w.ToGo++
		case leaving:
			w.Leaving++
		case gone:
		}
	}
	return w
}

// paces is what the run has shown of each workload so far.
func (e *Engine) paces(now time.Time) []pace {
	chains := e.chainsOf()
	atWork := map[int]int{} // workloads of a chain
	for _, g := range e.groups {
		if g.stopped == nil && !g.isWhole() {
			atWork[chains[g.ref]]++
		}
	}
	paces := make([]pace, 0, len(e.groups))
	for _, g := range e.groups {
		p := g.pace(now)
		p.chain = chains[g.ref]
		if p.toGo > 0 && len(p.away) == 0 && now.Sub(g.waiting.since) >= quiet && g.waiting.cause != "" {
			// It waits and nothing of its own is under way: for another of its
			// chain, which the sum over the chain covers, or for somebody.
			p.stuck = p.stuck || atWork[p.chain] < 2
		}
		paces = append(paces, p)
	}
	return paces
}

func (g *group) pace(now time.Time) pace {
	p := pace{atOnce: 1, stuck: g.stopped != nil || !g.unplacedSince.IsZero()}
	if g.isReplaced() {
		p.atOnce = max(1, g.expected()-g.floor.Ready)
	}
	whole := g.isWhole()
	for _, m := range g.members {
		end := m.readyAt
		if !g.isReplaced() {
			end = m.goneAt
		}
		switch {
		case m.phase == staying || m.phase == asking:
			p.toGo++
		case m.phase == gone && !m.claims():
			// It says nothing of how long a move takes.
		case !end.IsZero():
			p.took = append(p.took, end.Sub(m.leftAt))
		case !whole:
			p.away = append(p.away, now.Sub(m.leftAt))
		}
	}
	return p
}

// chainsOf numbers the workloads so that those that go one after the other,
// since one depends on the other or they must not be disrupted together, have
// the same number. It is worked out anew only when workloads were added.
func (e *Engine) chainsOf() map[cluster.Ref]int {
	if len(e.chains) == len(e.groups) {
		return e.chains
	}
	e.chains = map[cluster.Ref]int{}
	for i, g := range e.groups {
		e.chains[g.ref] = i
	}
	for _, g := range e.groups {
		object := profileObject(g.ref)
		for _, o := range append(e.plan.view.NeverTogetherWith(object), e.plan.view.DependenciesOf(object)...) {
			for _, other := range e.groups {
				if profileObject(other.ref) == o {
					e.joinChains(e.chains[g.ref], e.chains[other.ref])
				}
			}
		}
	}
	return e.chains
}

func (e *Engine) joinChains(a, b int) {
	for ref, chain := range e.chains {
		if chain == b {
			e.chains[ref] = a
		}
	}
}
