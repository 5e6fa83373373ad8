// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// phase is how far a pod is on its way off the pool.
type phase int

const (
	// staying: not evicted yet.
	staying phase = iota
	// asking: an eviction request is under way.
	asking
	// leaving: evicted, its containers are ending.
	leaving
	// gone: no longer in the API under this UID.
	gone
)

// departure says who took a pod off its node. Only a pod that this run evicted may
// claim a replacement.
type departure int

const (
	// stayed: nobody has taken it.
	stayed departure = iota
	// evicted: this run has, or a request of this run that got no answer.
	evicted
	// leftBefore: it was on its way out when it was first seen.
	leftBefore
	// leftMeanwhile: somebody else has deleted it since.
	leftMeanwhile
)

// member is one pod on its way off the pool.
type member struct {
	Target
	phase phase
	took  departure
	// ended: its containers had ended for good before anybody took it.
	ended bool
	// asked: a request was sent for it in this run; unanswered: one got no answer,
	// so that it may have been evicted by it.
	asked, unanswered bool
	// unready: it was not Ready when it was asked for.
	unready bool
	// late: it was made after the drain began.
	late bool
	// seen is when the drain first saw it.
	seen    time.Time
	backoff wait.Backoff
	// notBefore is when the next request may be sent.
	notBefore time.Time
	// heldBy are the versions of the budgets that refused it; it is asked again
	// when they change.
	heldBy string
	// cause is why it is not asked for now, and show the command that shows it;
	// refusal is the last answer to asking, which outlives what else held it meanwhile.
	cause, show, refusal string
	// denied are the refusals by admission, up to the last answer.
	denied denials
	// doubtful: the last request may have evicted it. It counts as away, and is
	// the next of its workload to be asked for.
	doubtful bool

	// leftAt is when it began to go: evicted, or seen to be deleted.
	leftAt, goneAt, readyAt time.Time
	// successor is the pod that took its place.
	successor *corev1.Pod
}

// newMember is a pod as it is first seen.
func newMember(t Target, now time.Time) *member {
	m := &member{Target: t, backoff: patience.NewBackoff(), seen: now, ended: cluster.IsFinished(t.Pod)}
	if t.Pod.DeletionTimestamp != nil {
		m.phase, m.took, m.leftAt = leaving, leftBefore, now
	}
	return m
}

// isHeld reports whether asking for the pod now would be in vain.
func (m *member) isHeld(budgets []*policyv1.PodDisruptionBudget, now time.Time) bool {
	if m.heldBy != "" && m.heldBy != versions(budgets) {
		m.heldBy, m.notBefore = "", time.Time{}
	}
	return now.Before(m.notBefore)
}

// answered takes in the answer to an eviction.
func (m *member) answered(v verdict, budgets []*policyv1.PodDisruptionBudget, now time.Time) {
	m.cause, m.refusal, m.doubtful = v.cause, v.cause, v.doubtful
	m.denied.book(v.denial, now)
	m.unanswered = m.unanswered || v.doubtful && v.reaction == retryLater
	switch v.reaction {
	case done:
		m.phase, m.took, m.leftAt = leaving, evicted, now
		return
	case awaitBudget:
		// The watch of the budget says when to ask again. The pause is for a
		// budget whose change the watch has brought already.
		m.heldBy = versions(budgets)
		m.notBefore = now.Add(budgetPatience)
	case awaitWatch, retryLater, giveUp:
		m.notBefore = now.Add(max(v.after, m.backoff.Step()))
	}
	m.phase = staying
}

// answeredLate takes in the answer to an eviction of a pod that the watch has
// shown to go meanwhile: it says whether it was this eviction.
func (m *member) answeredLate(v verdict) {
	switch {
	case v.reaction == done:
		m.took = evicted
	case v.reaction == awaitWatch && !m.unanswered:
		m.took = leftMeanwhile
	}
}

// budgetPatience is how long a refused pod waits when its budget does not
// change at all.
const budgetPatience = 10 * time.Second

// versions identifies the state of budgets.
func versions(budgets []*policyv1.PodDisruptionBudget) string {
	all := make([]string, 0, len(budgets))
	for _, pdb := range budgets {
		all = append(all, string(pdb.UID)+"/"+pdb.ResourceVersion)
	}
	return "budgets: " + strings.Join(all, " ")
}

// observe takes in what the watch shows of the pod and reports whether it has
// just gone, or just begun to go.
func (m *member) observe(s *cluster.Snapshot, now time.Time) (left, began bool) {
	if m.phase == gone {
		return false, false
	}
	live := s.Pod(m.Pod.Namespace, m.Pod.Name)
	if live == nil || live.UID != m.Pod.UID {
		m.leaves(now)
		m.phase, m.goneAt = gone, now
		return true, false
	}
	m.Pod = live
	if live.DeletionTimestamp != nil && m.phase != leaving {
		m.leaves(now)
		m.phase = leaving
		return false, true
	}
	if m.phase == staying {
		m.ended = cluster.IsFinished(live)
	}
	return false, false
}

// leaves notes that the pod began to go. A request for it that is under way, or
// whose answer was lost, has most likely done it.
func (m *member) leaves(now time.Time) {
	if !m.leftAt.IsZero() {
		return
	}
	m.leftAt, m.took = now, leftMeanwhile
	if m.phase == asking || m.unanswered {
		m.took = evicted
	}
}

// tookInWords says who took a pod that this run did not move; empty for one that
// it evicted.
func (m *member) tookInWords() string {
	switch {
	case m.took == leftBefore:
		return "on its way out before"
	case m.took == leftMeanwhile:
		return "deleted by somebody else"
	case m.ended:
		return "had ended"
	}
	return ""
}

// claims reports whether a new pod of its workload may count as its replacement:
// it lived until this run evicted it.
func (m *member) claims() bool { return m.took == evicted && !m.ended }

// becameReady reports whether the pod was asked to go because it was not Ready, and
// is by now: then the floor holds it like any other.
func (m *member) becameReady() bool { return m.unready && cluster.IsServing(m.Pod) }

// isAway reports whether the pod has been taken from its workload by us, or may
// have been, whether or not the watch shows it.
func (m *member) isAway() bool {
	return m.phase == asking || m.phase == leaving || m.doubtful
}

// grace is how long the pod may take to end, from the moment it was evicted.
func (m *member) grace() time.Duration {
	seconds := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if s := m.Pod.Spec.TerminationGracePeriodSeconds; s != nil {
		seconds = *s
	}
	if s := m.Pod.DeletionGracePeriodSeconds; s != nil {
		seconds = *s
	}
	return time.Duration(seconds) * time.Second
}
