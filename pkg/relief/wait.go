// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// hopelessFor is how long the scheduler may find no node for an extra replica, the
// disruption controller no number for a budget, or the former replicas be back, before
// that is taken for the end: an autoscaler of nodes needs more than that, and is none
// that a drain should wait for.
const hopelessFor = 15 * time.Second

// notice is how long a wait may last before it is told, reminder how often it is
// told again.
const (
	notice   = 2 * time.Second
	reminder = 30 * time.Second
)

// progress is how far a workload is on its way.
type progress struct {
	done bool
	// waits says for what, in words; object names what it is about.
	object, waits string
	// hopeless: by itself it will not be done, as far as can be seen now.
	hopeless bool
	// reverted: the former value is back, as far as the watch shows.
	reverted bool
	// failed says why it will never be done.
	failed string
}

// await waits until done, and returns why it did not come to that: what failed,
// or what it waited for until the time was over. The error is that of ctx. stands asks
// the API server itself whether a change is still there: after an API server was away
// its watches are behind for longer than hopelessFor.
func (p *Pauser) await(ctx context.Context, stands func(context.Context) bool, look func(*cluster.Snapshot) progress) (string, error) {
	began := p.Clock.Now()
	tell, hopeless := began.Add(notice), time.Time{}
	ticker := p.Clock.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		at := look(p.Source.Snapshot())
		switch {
		case at.done:
			return "", nil
		case at.failed != "":
			return at.failed, nil
		case p.Timeout == 0:
			return at.waits, nil
		case p.Clock.Since(began) > p.Timeout:
			return fmt.Sprintf("still waiting after %s: %s", p.Timeout, at.waits), nil
		}
		switch {
		case !at.hopeless:
			hopeless = time.Time{}
		case hopeless.IsZero():
			hopeless = p.Clock.Now()
		case p.Clock.Since(hopeless) <= hopelessFor:
		case at.reverted && stands(ctx):
			hopeless = time.Time{}
		default:
			return at.waits, nil
		}
		if now := p.Clock.Now(); !now.Before(tell) {
			tell = now.Add(reminder)
			p.TellWait(at.object, at.waits)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-p.Source.Changed():
		case <-ticker.C():
		}
	}
}

// pauseProgress says how far the effect of a pause is.
func pauseProgress(s *cluster.Snapshot, c journal.Change) progress {
	if c.Object.Kind == "PodDisruptionBudget" {
		return budgetProgress(s, c)
	}
	w := s.FindWorkload(c.Object.Kind, c.Object.Namespace, c.Object.Name)
	if w == nil {
		return progress{failed: "it was deleted"}
	}
	wanted := number(c.After)
	at := progress{object: c.Object.String()}
	if w.IsEnding() {
		at.failed = ending
		return at
	}
	switch {
	case w.Replicas == number(c.Before):
		// The watch may be behind; or somebody has put it back.
		at.hopeless, at.reverted = true, true
		at.waits = fmt.Sprintf("its replicas are %d, not %d: another tool may put them back", w.Replicas, wanted)
	case w.Replicas != wanted:
		at.failed = fmt.Sprintf("somebody else has set its replicas to %d", w.Replicas)
	case c.Mode == string(disruption.ScaleToZero):
		at.done = len(w.Pods) == 0
		at.waits = fmt.Sprintf("%d pod(s) still ending", len(w.Pods))
	default:
		return surgeProgress(s, w, wanted)
	}
	return at
}

// surgeProgress waits until the extra replica is Ready, and until the disruption
// controller has counted it: only then the budget lets one go.
func surgeProgress(s *cluster.Snapshot, w *cluster.Workload, wanted int) progress {
	at := readiness(s, w, wanted)
	if !at.done {
		return at
	}
	for _, pod := range w.Pods {
		for _, pdb := range s.PDBsOf(pod) {
			if pdb.Status.DisruptionsAllowed == 0 {
				at.done = false
				at.waits = fmt.Sprintf("pdb/%s/%s allows no disruption: needs %d healthy pods, has %d",
					pdb.Namespace, pdb.Name, pdb.Status.DesiredHealthy, pdb.Status.CurrentHealthy)
			}
		}
	}
	return at
}

// ending is what is said of a workload whose controller does nothing for it any more.
const ending = "it is being deleted: nobody makes or ends pods for it any more"

// restoreProgress says how far a workload is that was given back. One that is being
// deleted gets no pods, and is not waited for.
func restoreProgress(s *cluster.Snapshot, c journal.Change) progress {
	w := s.FindWorkload(c.Object.Kind, c.Object.Namespace, c.Object.Name)
	if w == nil {
		return progress{failed: "it was deleted"}
	}
	if w.IsEnding() {
		return progress{done: true}
	}
	wanted := number(c.Before)
	if c.State == journal.Returned {
		return readiness(s, w, w.Replicas) // somebody may have scaled it since
	}
	if w.Replicas < wanted {
		return progress{object: w.String(), waits: "the watch does not show it yet"}
	}
	return readiness(s, w, wanted)
}

// readiness waits for the Ready replicas of a workload.
func readiness(s *cluster.Snapshot, w *cluster.Workload, wanted int) progress {
	at := progress{object: w.String(), done: w.Ready() >= wanted, waits: fmt.Sprintf("%d of %d Ready", w.Ready(), wanted)}
	for _, pod := range w.Pods {
		if cluster.IsServing(pod) {
			continue
		}
		_, at.hopeless = cluster.Unschedulable(pod)
		at.waits += "; " + cluster.PodObject(pod) + ": " + cluster.WhyNotReady(pod)
		break
	}
	if why := s.CreationFailure(w.Ref); why != "" && w.Unmade(wanted) {
		refused, _ := refusal.Parse(why)
		at.waits += "; no pod is made: " + refused.String()
	}
	return at
}

// budgetProgress waits until the disruption controller has seen the new numbers and
// allows one, or, where not a number but the policy for pods that are not Ready was
// changed, until it has seen that: what it allows does not change by it (the API
// server heeds the policy at each eviction).
func budgetProgress(s *cluster.Snapshot, c journal.Change) progress {
	for _, pdb := range s.PDBsIn(c.Object.Namespace) {
		if pdb.Name != c.Object.Name {
			continue
		}
		at := progress{object: c.Object.String(), done: pdb.Status.ObservedGeneration >= pdb.Generation}
		if c.Field == disruption.FieldEvictionPolicy {
			policy := pdb.Spec.UnhealthyPodEvictionPolicy
			at.done = at.done && policy != nil && *policy == policyv1.AlwaysAllow // else the watch is behind
			at.waits = "the disruption controller has not seen its change yet"
			return at
		}
		if why, failed := disruption.SyncFailure(pdb); failed { // perhaps of before the change
			at.done, at.hopeless, at.waits = false, true, why
			return at
		}
		at.done = at.done && pdb.Status.DisruptionsAllowed > 0
		at.waits = fmt.Sprintf("allows %d disruptions: needs %d healthy pods, has %d", pdb.Status.DisruptionsAllowed, pdb.Status.DesiredHealthy, pdb.Status.CurrentHealthy)
		return at
	}
	return progress{failed: "it was deleted"}
}

// number reads a number of replicas; null is the default of the API, 1.
func number(value json.RawMessage) int {
	n := 1
	if err := json.Unmarshal(value, &n); err != nil {
		return 1
	}
	return n
}
