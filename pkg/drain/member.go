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

// member is one pod on its way off the pool.
type member struct {
	Target
	phase   phase
	backoff wait.Backoff
	// notBefore is when the next request may be sent.
	notBefore time.Time
	// heldBy are the versions of the budgets that refused it; it is asked again
	// when they change.
	heldBy string
	// cause is why it is not asked for now; refusal is the last answer to asking,
	// which outlives what else held it meanwhile.
	cause, refusal string
	// denied are the refusals by admission, up to the last answer.
	denied denials
	// doubtful: the last request may have evicted it. It counts as away, and is
	// the next of its workload to be asked for.
	doubtful bool

	evictedAt, goneAt, readyAt time.Time
	// successor is the pod that took its place.
	successor *corev1.Pod
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
	switch v.reaction {
	case done:
		m.phase, m.evictedAt = leaving, now
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
		m.phase, m.goneAt = gone, now
		if m.evictedAt.IsZero() {
			m.evictedAt = now
		}
		return true, false
	}
	m.Pod = live
	if live.DeletionTimestamp != nil && m.phase != leaving {
		// Also the end of a request whose answer was lost on the way.
		m.phase, m.evictedAt = leaving, now
		return false, true
	}
	return false, false
}

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
