// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
)

// Source is the cluster as the engine sees it; a *cluster.Watcher is one.
type Source interface {
	Snapshot() *cluster.Snapshot
	Changed() <-chan struct{}
}

// Timing of the loop.
const (
	// gather is how long a first event waits for the others of its burst.
	gather = 2 * time.Millisecond
	// settle is the least time between two looks.
	settle = 10 * time.Millisecond
	// lookShare bounds what looking costs in a large cluster, where one look
	// takes milliseconds: at most one part in lookShare of the time.
	lookShare = 10
	// longestSettle keeps the reaction to a freed budget quick all the same.
	longestSettle = 100 * time.Millisecond
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
	// Warnings tells why a replacement does not come; nil leaves it to what the
	// Snapshot knows.
	Warnings Warnings
	// Progress is handed the status now and then; it may be nil.
	Progress func(Status)
	// Cordoned are the nodes that are known to be cordoned.
	Cordoned []string

	away     atomic.Int64 // when the API server was last away, as Unix nanoseconds
	plan     *Plan
	began    time.Time
	groups   []*group
	known    map[types.UID]bool // pods of the groups
	present  map[types.UID]bool // all pods that there were when the drain began
	drained  map[string]bool    // nodes of the pool
	ration   *ration
	looked   time.Duration // what the last look cost
	lookedAt time.Time     // when it ended
	budgets  *disruption.Budgets
	answers  chan answer
	inFlight int
	refused  map[string]bool // pods and nodes that a finding was made of
	snapshot *cluster.Snapshot
	findings []v1alpha1.Finding
	inquiry  inquiry

	gone   int       // pods that have left, for the events
	shown  time.Time // when the status was last handed on
	chains map[cluster.Ref]int
}

// ServerAway tells the engine that the API server did not answer just now. It may
// be called from any goroutine.
func (e *Engine) ServerAway() { e.away.Store(e.Clock.Now().UnixNano()) }

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
		deadline = e.Clock.Now().Add(plan.options.Timeout - plan.options.Spent)
	}
	for {
		now := e.Clock.Now()
		e.look(now)
		e.findLacks(ctx, now)
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
		e.showStatus(now)
		if err := e.pause(ctx); err != nil {
			e.collectLastAnswers()
			e.look(e.Clock.Now())
			return e.findings, err
		}
	}
}

// look takes a new Snapshot.
func (e *Engine) look(now time.Time) {
	e.snapshot = e.Source.Snapshot()
	e.observe(e.snapshot, now)
	e.lookedAt = e.Clock.Now()
	e.looked = e.lookedAt.Sub(now)
}

// settleTime is how long to wait after an event before the next look: hardly at
// all when the last one was a while ago.
func (e *Engine) settleTime() time.Duration {
	between := min(max(settle, lookShare*e.looked), longestSettle)
	return max(gather, between-e.Clock.Since(e.lookedAt))
}

// ask sends an eviction from a goroutine of its own. An interrupt does not
// cancel it: whether the server accepted it would then be unknown. Where that is
// unknown already, a pod that has changed since it was seen is left alone: the
// watch will show whether it was our eviction that changed it. So is one that goes
// because it is not Ready: the watch may be late to show that it is by now.
func (e *Engine) ask(ctx context.Context, m *member) {
	e.inFlight++
	go func(pod *corev1.Pod, unchanged bool) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		e.answers <- answer{m, e.Evictor.Evict(ctx, pod, e.plan.options.GracePeriodSeconds, unchanged)}
	}(m.Pod, m.doubtful || m.unready)
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
	settled := e.Clock.NewTimer(e.settleTime())
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
	g := e.groupOf(a.member.Target)
	v := classify(a.err)
	// A request that was put off says nothing of the one before it.
	v.doubtful = v.doubtful || v.reaction == retryLater && a.member.doubtful
	if apierrors.IsConflict(a.err) && a.member.unready && !a.member.doubtful {
		v.doubtful = false // it has changed, and nothing was done to it
	}
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
	} else {
		a.member.answeredLate(v)
	}
	switch v.reaction {
	case done:
		g.lastProgress = now
		e.tellPod(Evicted, g, a.member)
	case awaitWatch, awaitBudget, retryLater:
	case giveUp:
		e.giveUp(g, refused(a.member.Pod, v.cause, budgets))
	}
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
