// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// The rules are those of EvictionREST.Create and checkAndDecrement in
// pkg/registry/core/pod/storage/eviction.go of Kubernetes.
func TestBudgetsAllows(t *testing.T) {
	const needs = "needs 2 healthy pods, has 2"
	open, full, short := fixture.Status(3, 2, 1), fixture.Status(2, 2, 0), fixture.Status(1, 2, 0)
	tests := map[string]struct {
		pdb  options
		pod  options
		want string // empty: allowed
	}{
		"a Ready pod, budget open":         {pdb: options{open}},
		"a Ready pod, budget full":         {pdb: options{full}, want: needs},
		"a Ready pod, too few healthy":     {pdb: options{short}, want: "needs 2 healthy pods, has 1"},
		"negative: the server says 403":    {pdb: options{fixture.Status(1, 2, -1)}, want: "needs 2 healthy pods, has 1"},
		"the controller is behind":         {pdb: options{open, fixture.Generation(2)}, want: "the disruption controller has not seen its latest change yet"},
		"the controller cannot compute it": {pdb: options{full, fixture.SyncFailed("no scale")}, want: "allows nothing: the disruption controller cannot compute it: no scale"},

		// canIgnorePDB
		"a pending pod":          {pdb: options{full}, pod: options{fixture.Phase(corev1.PodPending)}},
		"a finished pod":         {pdb: options{full}, pod: options{fixture.Phase(corev1.PodSucceeded)}},
		"a failed pod":           {pdb: options{full}, pod: options{fixture.Phase(corev1.PodFailed)}},
		"a pod on its way out":   {pdb: options{full}, pod: options{fixture.Terminating()}},
		"a pod of unknown phase": {pdb: options{full}, pod: options{fixture.Phase(corev1.PodUnknown)}},

		// Running pods that are not Ready. The default policy lets them go when
		// the others are enough, though no disruption is allowed.
		"unready, the others are enough":          {pdb: options{full}, pod: options{fixture.NotReady()}},
		"unready, the others are too few":         {pdb: options{short}, pod: options{fixture.NotReady()}, want: "needs 2 healthy pods, has 1"},
		"unready, IfHealthyBudget, enough":        {pdb: options{full, fixture.UnhealthyPolicy(policyv1.IfHealthyBudget)}, pod: options{fixture.NotReady()}},
		"unready, IfHealthyBudget, too few":       {pdb: options{short, fixture.UnhealthyPolicy(policyv1.IfHealthyBudget)}, pod: options{fixture.NotReady()}, want: "needs 2 healthy pods, has 1"},
		"unready, AlwaysAllow, too few":           {pdb: options{short, fixture.UnhealthyPolicy(policyv1.AlwaysAllow)}, pod: options{fixture.NotReady()}},
		"unready, AlwaysAllow, controller behind": {pdb: options{short, fixture.Generation(2), fixture.UnhealthyPolicy(policyv1.AlwaysAllow)}, pod: options{fixture.NotReady()}},
		"Ready, AlwaysAllow is not for it":        {pdb: options{full, fixture.UnhealthyPolicy(policyv1.AlwaysAllow)}, want: needs},
		// A budget that wants none proves nothing about the application.
		"unready, no pod is wanted, nothing allowed": {pdb: options{fixture.Status(0, 0, 0)}, pod: options{fixture.NotReady()}, want: "needs 0 healthy pods, has 0"},
		"unready, no pod is wanted, one allowed":     {pdb: options{fixture.Status(1, 0, 1)}, pod: options{fixture.NotReady()}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ok, cause := disruption.NewBudgets().Allows(fixture.PDB("app/web", test.pdb...), fixture.Pod("app/web-0", test.pod...))
			if ok != (test.want == "") || cause != test.want {
				t.Errorf("got %v %q, want %q", ok, cause, test.want)
			}
		})
	}
}

// account drives one budget with two free places over four pods.
type account struct {
	*testing.T
	budgets *disruption.Budgets
	pdb     *policyv1.PodDisruptionBudget
	pods    map[string]*corev1.Pod
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{T: t, budgets: disruption.NewBudgets(), pods: map[string]*corev1.Pod{}}
	for _, name := range []string{"web-0", "web-1", "web-2", "web-3"} {
		a.pods[name] = fixture.Pod("app/"+name, fixture.Label("app", "web"))
	}
	a.pdb = fixture.PDB("app/web", fixture.Status(4, 2, 2))
	return a
}

// observe shows the account a Snapshot: the budget after the options, all pods.
func (a *account) observe(options ...fixture.Option) {
	a.pdb = fixture.PDB("app/web", options...)
	objects := []any{a.pdb}
	for _, pod := range a.pods {
		objects = append(objects, pod)
	}
	a.budgets.Observe(fixture.Snapshot(objects...))
}

func (a *account) spend(names ...string) {
	for _, name := range names {
		a.budgets.Spend(a.pdb, a.pods[name])
	}
}

func (a *account) want(allowed bool, when string) {
	a.Helper()
	if ok, cause := a.budgets.Allows(a.pdb, a.pods["web-3"]); ok != allowed {
		a.Errorf("%s: got allowed %v %q, want %v", when, ok, cause, allowed)
	}
}

func TestBudgetsBookWhatTheStatusDoesNotShow(t *testing.T) {
	a := newAccount(t)
	a.want(true, "at first")
	a.spend("web-0")
	a.want(true, "one of two spent")
	a.spend("web-1")
	a.want(false, "two of two spent")
	if _, cause := a.budgets.Allows(a.pdb, a.pods["web-3"]); cause != "needs 2 healthy pods, has 2" {
		t.Errorf("the cause does not count what was spent: %s", cause)
	}
	a.spend("web-1")
	a.budgets.Refund(a.pdb, a.pods["web-1"])
	a.want(true, "the second was refused, and given back once")

	another := fixture.PDB("app/another", fixture.Status(2, 1, 1))
	if ok, _ := a.budgets.Allows(another, a.pods["web-3"]); !ok {
		t.Error("another budget pays for this one")
	}
	a.budgets.Refund(another, a.pods["web-0"]) // nothing booked: nothing happens
}

func TestBudgetsBookOnlyWhatCosts(t *testing.T) {
	a := newAccount(t)
	a.pods["web-0"] = fixture.Pod("app/web-0", fixture.Phase(corev1.PodPending))
	a.pods["web-1"] = fixture.Pod("app/web-1", fixture.NotReady())
	a.pods["web-2"] = fixture.Pod("app/web-2", fixture.Terminating())
	a.spend("web-0", "web-1", "web-2")
	a.want(true, "pods that go whatever the budget says")

	// Where no pod is wanted the server takes an unready pod off the allowance
	// like any other.
	a.pdb = fixture.PDB("app/web", fixture.Status(1, 0, 1))
	a.spend("web-1")
	a.want(false, "an unready pod under a budget that wants none")
}

func TestBudgetsObserve(t *testing.T) {
	version := fixture.Version
	t.Run("nothing new", func(t *testing.T) {
		a := newAccount(t)
		a.spend("web-0", "web-1")
		a.observe(fixture.Status(4, 2, 2))
		a.want(false, "the status is still the one that was spent from")
	})
	t.Run("the server lists one pod", func(t *testing.T) {
		a := newAccount(t)
		a.spend("web-0", "web-1")
		a.observe(fixture.Status(4, 2, 1), fixture.Disrupted("web-0"), version("2"))
		a.want(false, "one is in the status, one in the account")
	})
	t.Run("the server lists both pods", func(t *testing.T) {
		a := newAccount(t)
		a.spend("web-0", "web-1")
		a.observe(fixture.Status(4, 2, 0), fixture.Disrupted("web-0", "web-1"), version("3"))
		a.want(false, "both are in the status")
		a.observe(fixture.Status(4, 2, 2), version("4"))
		a.want(true, "replacements are healthy; neither is counted twice")
	})
	t.Run("the pods are going and the controller has counted", func(t *testing.T) {
		for name, gone := range map[string]*corev1.Pod{
			"terminating": fixture.Pod("app/web-0", fixture.Terminating()),
			"replaced":    fixture.Pod("app/web-0", fixture.UID("successor")),
		} {
			a := newAccount(t)
			a.spend("web-0")
			a.pods["web-0"] = gone
			a.observe(fixture.Status(3, 2, 1), version("3"))
			a.want(true, name)
		}
		a := newAccount(t)
		a.spend("web-0")
		delete(a.pods, "web-0")
		a.observe(fixture.Status(3, 2, 1), version("3"))
		a.want(true, "gone")
	})
	t.Run("the pods are going and the controller has not counted", func(t *testing.T) {
		a := newAccount(t)
		a.spend("web-0", "web-1")
		delete(a.pods, "web-0")
		delete(a.pods, "web-1")
		a.observe(fixture.Status(4, 2, 2))
		a.want(false, "the old status knows nothing of it")
	})
	t.Run("the status had it before it was booked", func(t *testing.T) {
		// An eviction whose answer was lost is asked for again: the budget has
		// counted it by now, and will not change again.
		a := newAccount(t)
		a.pdb = fixture.PDB("app/web", fixture.Status(3, 2, 1), version("3"))
		a.spend("web-0")
		a.want(false, "the watch of the pods is late")
		a.pods["web-0"] = fixture.Pod("app/web-0", fixture.Terminating())
		a.observe(fixture.Status(3, 2, 1), version("3"))
		a.want(true, "three are healthy, three are counted")
	})
	t.Run("another change of the budget", func(t *testing.T) {
		a := newAccount(t)
		a.spend("web-0", "web-1")
		a.observe(fixture.Status(4, 2, 2), version("2"))
		a.want(false, "the pods are still there and not listed")
	})
	t.Run("a ghost of an earlier eviction", func(t *testing.T) {
		// An eviction that deleted nothing leaves its pod listed for two minutes.
		// The next one of that pod costs once more.
		a := newAccount(t)
		a.pdb = fixture.PDB("app/web", fixture.Status(3, 2, 1), fixture.Disrupted("web-0"))
		a.spend("web-0")
		a.observe(fixture.Status(3, 2, 1), fixture.Disrupted("web-0"))
		a.want(false, "the list is older than the booking")
	})
}
