// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"slices"
	"strings"
	"sync"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// freed keeps when disruption budgets began to allow an eviction, by name, as
// a watch of its own sees it.
type freed struct {
	mu sync.Mutex
	at map[string][]time.Time
}

// watchBudgets begins to watch the budgets of the fleet; stop ends it.
func (f *fleet) watchBudgets() (log *freed, stop func()) {
	f.tb.Helper()
	log = &freed{at: map[string][]time.Time{}}
	factory := informers.NewSharedInformerFactoryWithOptions(f.Client, 0, informers.WithNamespace(f.Name))
	_, err := factory.Policy().V1().PodDisruptionBudgets().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(before, after any) {
			if allowed(before) == 0 && allowed(after) > 0 {
				log.mu.Lock()
				defer log.mu.Unlock()
				name := after.(*policyv1.PodDisruptionBudget).Name
				log.at[name] = append(log.at[name], time.Now())
			}
		},
	})
	if err != nil {
		f.tb.Fatal(err)
	}
	done := make(chan struct{})
	factory.Start(done)
	factory.WaitForCacheSync(done)
	return log, sync.OnceFunc(func() { close(done); factory.Shutdown() })
}

func allowed(object any) int32 {
	return object.(*policyv1.PodDisruptionBudget).Status.DisruptionsAllowed
}

// reactions pairs each freed budget with the next accepted eviction of one of
// its pods, and returns the times in between.
func (l *freed) reactions(audited []harness.AuditedRequest) []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	accepted := map[string][]time.Time{}
	for _, a := range audited {
		if a.IsEviction() && a.IsAccepted() {
			budget := budgetOf(a.ObjectRef.Name)
			accepted[budget] = append(accepted[budget], a.StageTimestamp)
		}
	}
	var all []time.Duration
	for budget, times := range l.at {
		for i, at := range times {
			next, found := firstAfter(accepted[budget], at)
			if found && (i+1 == len(times) || next.Before(times[i+1])) {
				all = append(all, next.Sub(at))
			}
		}
	}
	return all
}

// answerTimes are what the API server itself took for each accepted eviction.
func answerTimes(audited []harness.AuditedRequest) []time.Duration {
	var all []time.Duration
	for _, a := range audited {
		if a.IsEviction() && a.IsAccepted() {
			all = append(all, a.StageTimestamp.Sub(a.RequestReceivedTimestamp))
		}
	}
	return all
}

func firstAfter(times []time.Time, at time.Time) (time.Time, bool) {
	i := slices.IndexFunc(times, func(t time.Time) bool { return !t.Before(at) })
	if i < 0 {
		return time.Time{}, false
	}
	return times[i], true
}

// budgetOf is the name of a pod's budget: app-07-6d4f9c-x2x5p → app-07.
func budgetOf(pod string) string {
	parts := strings.SplitN(pod, "-", 3)
	return strings.Join(parts[:2], "-")
}

// quantile of durations; 0 when there are none.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
