// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// Source is the cluster as the engine sees it; a *cluster.Watcher is one.
type Source interface {
	Snapshot() *cluster.Snapshot
	Changed() <-chan struct{}
}

// Timing of the loop.
const (
	// settle is the least time between two looks, so that a burst of watch
	// events costs one look.
	settle = 10 * time.Millisecond
	// pulse is the longest time between two looks.
	pulse = 500 * time.Millisecond
	// reminder is how often a wait that goes on is told again.
	reminder = 30 * time.Second
	// requestTimeout bounds one eviction request.
	requestTimeout = 30 * time.Second
	// lastAnswers is how long an interrupted drain waits for the answers to
	// requests that are under way.
	lastAnswers = 700 * time.Millisecond
)

// Engine carries out a Plan. All its state belongs to the goroutine of Run;
// other goroutines only send one request each.
type Engine struct {
	Source  Source
	Evictor Evictor
	Clock   clock.WithTicker
	// Observer is told what happens; it must not be nil.
	Observer Observer
	// Cordoned are the nodes that are known to be cordoned.
	Cordoned []string

	plan     *Plan
	groups   []*group
	budgets  *disruption.Budgets
	answers  chan answer
	inFlight int
	refused  map[string]bool // pods and nodes that a finding was made of
	snapshot *cluster.Snapshot
	findings []v1alpha1.Finding
}

// answer is the end of an eviction request.
type answer struct {
	member *member
	err    error
}

// Run evicts until every pod of the plan is gone and every workload whole,
// until nothing more can be done, or until ctx ends. It returns the findings of
// the drain; none means success. The error is ctx's own.
func (e *Engine) Run(ctx context.Context, plan *Plan) ([]v1alpha1.Finding, error) {
	e.begin(plan)
	deadline := time.Time{}
	if plan.options.Timeout > 0 {
		deadline = e.Clock.Now().Add(plan.options.Timeout)
	}
	for {
		now := e.Clock.Now()
		e.look(now)
		if e.finished() {
			return e.findings, nil
		}
		if !deadline.IsZero() && now.After(deadline) {
			e.timeOut()
			return e.findings, nil
		}
		e.giveUpOnStalled(now)
		for _, m := range e.next(e.snapshot, now) {
			e.ask(ctx, m)
		}
		e.tellWaits(now)
		if err := e.pause(ctx); err != nil {
			e.collectLastAnswers()
			e.look(e.Clock.Now())
			return e.findings, err
		}
	}
}

func (e *Engine) begin(plan *Plan) {
	e.plan = plan
	e.budgets = disruption.NewBudgets()
	e.answers = make(chan answer, plan.options.MaxInFlight)
	e.refused = map[string]bool{}
	snapshot, now := e.Source.Snapshot(), e.Clock.Now()
	for _, t := range plan.Targets {
		e.adopt(t, snapshot, now)
	}
	for _, w := range plan.Former {
		g := newGroup(w.Ref, snapshot, now)
		g.broken = 0 // what we moved has to come back
		e.groups = append(e.groups, g)
	}
}

// look takes a new Snapshot.
func (e *Engine) look(now time.Time) {
	e.snapshot = e.Source.Snapshot()
	e.observe(e.snapshot, now)
}

// adopt adds a pod to those that leave.
func (e *Engine) adopt(t Target, s *cluster.Snapshot, now time.Time) {
	ref := refOf(t)
	m := &member{Target: t, backoff: newBackoff()}
	for _, g := range e.groups {
		if g.ref == ref {
			g.members = append(g.members, m)
			return
		}
	}
	g := newGroup(ref, s, now)
	g.members = append(g.members, m)
	e.groups = append(e.groups, g)
}

// ask sends an eviction from a goroutine of its own. An interrupt does not
// cancel it: whether the server accepted it would then be unknown. Where that is
// unknown already, a pod that has changed since it was seen is left alone: the
// watch will show whether it was our eviction that changed it.
func (e *Engine) ask(ctx context.Context, m *member) {
	e.inFlight++
	go func(pod *corev1.Pod, doubtful bool) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		e.answers <- answer{m, e.Evictor.Evict(ctx, pod, e.plan.options.GracePeriodSeconds, doubtful)}
	}(m.Pod, m.doubtful)
}

// pause waits until there is something to look at, and lets a burst settle.
func (e *Engine) pause(ctx context.Context) error {
	timer := e.Clock.NewTimer(pulse)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case a := <-e.answers:
		e.take(a)
	case <-e.Source.Changed():
	case <-timer.C():
	}
	settled := e.Clock.NewTimer(settle)
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-e.answers:
			e.take(a)
		case <-settled.C():
			return nil
		}
	}
}

// take books the answer to an eviction.
func (e *Engine) take(a answer) {
	e.inFlight--
	now := e.Clock.Now()
	g := e.groupOf(a.member)
	v := classify(a.err)
	// A request that was put off says nothing of the one before it.
	v.doubtful = v.doubtful || v.reaction == retryLater && a.member.doubtful
	// The Snapshot that the request was decided on: when its budgets have
	// changed since, the answer may be out of date and the pod is asked again.
	budgets := e.snapshot.PDBsOf(a.member.Pod)
	if v.reaction != done && !v.doubtful {
		for _, pdb := range budgets {
			e.budgets.Refund(pdb, a.member.Pod)
		}
	}
	if a.member.phase == asking {
		a.member.answered(v, budgets, now)
	}
	switch v.reaction {
	case done:
		g.lastProgress = now
		e.tell(Evicted, cluster.PodObject(a.member.Pod), "from "+a.member.Pod.Spec.NodeName)
	case awaitWatch, awaitBudget, retryLater:
	case giveUp:
		e.giveUp(g, finding.New(finding.EvictionRefused, cluster.PodObject(a.member.Pod), v.cause,
			"kubectl describe pod -n "+a.member.Pod.Namespace+" "+a.member.Pod.Name))
	}
}

func (e *Engine) groupOf(m *member) *group {
	ref := refOf(m.Target)
	for _, g := range e.groups {
		if g.ref == ref {
			return g
		}
	}
	return nil
}

// collectLastAnswers waits a moment for requests that are under way, so that
// the report of an interrupted drain is true.
func (e *Engine) collectLastAnswers() {
	timer := e.Clock.NewTimer(lastAnswers)
	defer timer.Stop()
	for e.inFlight > 0 {
		select {
		case a := <-e.answers:
			e.take(a)
		case <-timer.C():
			return
		}
	}
}

// finished reports whether nothing is left to do or to wait for.
func (e *Engine) finished() bool {
	if e.inFlight > 0 {
		return false
	}
	for _, g := range e.groups {
		if g.stopped == nil && !g.isWhole() {
			return false
		}
	}
	return true
}

func (e *Engine) tell(t EventType, object, message string) {
	e.Observer(Event{Time: e.Clock.Now(), Type: t, Object: object, Message: message})
}
