// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// budgets is as much of an API server as a batch needs: disruption budgets that can be
// read and changed, and what it answers to a change of one of them instead.
type budgets struct {
	mu     sync.Mutex
	all    map[string]*policyv1.PodDisruptionBudget
	answer map[string]error
}

// newBudgets has a budget of minAvailable 1 of each name.
func newBudgets(t *testing.T, names ...string) (*budgets, kubernetes.Interface) {
	t.Helper()
	b := &budgets{all: map[string]*policyv1.PodDisruptionBudget{}, answer: map[string]error{}}
	for _, name := range names {
		b.all[name] = &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: name, UID: types.UID(name), ResourceVersion: "1"},
			Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(1))},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: 1},
		}
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"}})
	if err != nil {
		t.Fatal(err)
	}
	return b, client
}

// ServeHTTP implements http.Handler.
func (b *budgets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := path.Base(r.URL.Path)
	pdb := b.all[name]
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPatch {
		if err := b.answer[name]; err != nil {
			status := apierrors.APIStatus(nil)
			if !errors.As(err, &status) { // the connection breaks
				panic(http.ErrAbortHandler)
			}
			words := status.Status()
			words.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
			w.WriteHeader(int(words.Code))
			answer(w, words)
			return
		}
		var patch policyv1.PodDisruptionBudget
		if err := json.NewDecoder(r.Body).Decode(&patch); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		pdb.Spec.MinAvailable, pdb.Annotations = patch.Spec.MinAvailable, patch.Annotations
		pdb.Spec.UnhealthyPodEvictionPolicy = patch.Spec.UnhealthyPodEvictionPolicy
		if patch.Annotations[relief.Annotation] == "" {
			pdb.Annotations = nil
		}
	}
	answer(w, pdb)
}

// answer writes an object; a client that is gone gets none.
func answer(w http.ResponseWriter, object any) {
	if data, err := json.Marshal(object); err == nil {
		_, _ = w.Write(data)
	}
}

// Snapshot and Changed make it a Source.
func (b *budgets) Snapshot() *cluster.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	var objects cluster.Objects
	for _, pdb := range b.all {
		objects.PDBs = append(objects.PDBs, pdb.DeepCopy())
	}
	return cluster.NewSnapshot(objects)
}

func (b *budgets) Changed() <-chan struct{} { return nil }

// values are the numbers of the budgets, in the order of the names.
func (b *budgets) values(names string) string {
	text := ""
	for name := range strings.SplitSeq(names, "") {
		text += b.all[name].Spec.MinAvailable.String()
	}
	return text
}

// book is a Recorder that keeps the run in memory.
type book struct{ run journal.Run }

func (b *book) Run() *journal.Run { return &b.run }

func (b *book) Plan(_ context.Context, changes ...journal.Change) ([]journal.Change, error) {
	for _, c := range changes {
		c.Number = len(b.run.Changes) + 1
		b.run.Changes = append(b.run.Changes, c)
	}
	return b.run.Changes[len(b.run.Changes)-len(changes):], nil
}

func (b *book) Mark(_ context.Context, state journal.State, _ string, numbers ...int) error {
	for _, n := range numbers {
		b.run.Changes[n-1].State = state
	}
	return nil
}

// TestBatches: of five changes, and of five that are given back, the third has an answer
// of its own. One about its object leaves the others alone; none, or one about the user,
// ends the batch. None vanishes from the table, and only what was made stays open.
func TestBatches(t *testing.T) {
	resource := schema.GroupResource{Group: "policy", Resource: "poddisruptionbudgets"}
	tests := map[string]struct {
		answer error
		goesOn bool
		code   int
	}{
		"nothing wrong":          {nil, true, 0},
		"a policy denies it":     {apierrors.NewForbidden(resource, "c", errors.New("ValidatingAdmissionPolicy 'freeze' with binding 'all' denied request: no")), true, 1},
		"no valid value":         {apierrors.NewInvalid(schema.GroupKind{Kind: "PodDisruptionBudget"}, "c", nil), true, 1},
		"overtaken for ever":     {apierrors.NewConflict(resource, "c", errors.New("modified")), true, 1},
		"a webhook is down":      {apierrors.NewInternalError(errors.New(`failed calling webhook "w.example.com": refused`)), true, 1},
		"the token has run out":  {apierrors.NewUnauthorized("who are you"), false, 0},
		"the server goes down":   {apierrors.NewServiceUnavailable("shutting down"), false, 0},
		"the connection breaks":  {errors.New("broken"), false, 0},
		"its store does nothing": {apierrors.NewInternalError(errors.New("etcdserver: request timed out")), false, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			const names = "abcde"
			server, client := newBudgets(t, strings.Split(names, "")...)
			once := func(_ context.Context, request func() error) error { return request() }
			silent := func(string, string) {}
			p := &relief.Pauser{Keeper: relief.Keeper{Client: client, Retry: once}, Source: server, Clock: clock.RealClock{}, Tell: silent, TellWait: silent}
			rec := &book{run: journal.Run{ID: run}}
			var changes []journal.Change
			for name := range strings.SplitSeq(names, "") {
				changes = append(changes, journal.Change{
					Object: journal.Object{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: name}, UID: types.UID(name),
					Field: "spec.minAvailable", Before: json.RawMessage("1"), After: json.RawMessage("0"), Mode: "relax", State: journal.Planned,
				})
			}
			server.answer["c"] = test.answer
			fields, findings, err := p.Pause(t.Context(), rec, changes)
			got := []string{server.values(names), statesOf(fields), open(rec)}
			want := []string{"00000", "AAAAA", "abcde"}
			switch {
			case test.answer != nil && test.goesOn:
				want = []string{"00100", "AAFAA", "abde"}
			case test.answer != nil:
				want = []string{"00111", "AAPPP", "abcde"}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(findings) != test.code || (err == nil) != test.goesOn {
				t.Errorf("pausing: %s%v, %v", diff, findings, err)
			}

			// Given back: all are paused, and c is answered so again.
			server, client = newBudgets(t, strings.Split(names, "")...)
			p.Keeper.Client, p.Source = client, server
			rec = &book{run: journal.Run{ID: run}}
			if _, _, err := p.Pause(t.Context(), rec, changes); err != nil {
				t.Fatal(err)
			}
			var held []relief.Held
			for _, c := range rec.run.Changes {
				held = append(held, relief.Held{Run: run, InJournal: true, Change: c})
			}
			server.answer["c"] = test.answer
			back, findings, err := p.Restore(t.Context(), func(context.Context, string) (relief.Recorder, error) { return rec, nil }, held, false)
			states := ""
			for _, f := range back {
				states += string(f.State)[:1]
			}
			got = []string{server.values(names), states, open(rec)}
			want = []string{"11111", "RRRRR", ""}
			switch {
			case test.answer != nil && test.goesOn:
				want = []string{"11011", "RRFRR", "c"}
			case test.answer != nil:
				want = []string{"11000", "RRPPP", "cde"}
			}
			if diff := cmp.Diff(want, got); diff != "" || len(findings) != test.code || (err == nil) != test.goesOn {
				t.Errorf("giving back: %s%v, %v", diff, findings, err)
			}
		})
	}
}

// TestAlwaysAllowIsSeen: the policy for sick pods has its effect as soon as the disruption
// controller has seen it. What a budget allows does not change by it.
func TestAlwaysAllowIsSeen(t *testing.T) {
	for _, seen := range []bool{true, false} {
		server, client := newBudgets(t, "a")
		server.all["a"].Status = policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1, DesiredHealthy: 1}
		if server.all["a"].Generation = 1; !seen {
			server.all["a"].Generation = 2
		}
		once := func(_ context.Context, request func() error) error { return request() }
		silent := func(string, string) {}
		p := &relief.Pauser{Keeper: relief.Keeper{Client: client, Retry: once}, Source: server, Clock: clock.RealClock{}, Tell: silent, TellWait: silent}
		fields, findings, err := p.Pause(t.Context(), &book{run: journal.Run{ID: run}}, []journal.Change{{
			Object: journal.Object{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: "a"}, UID: "a",
			Field: "spec.unhealthyPodEvictionPolicy", Before: json.RawMessage("null"), After: json.RawMessage(`"AlwaysAllow"`), Mode: "relax", State: journal.Planned,
		}})
		if err != nil || statesOf(fields) != "A" || (len(findings) == 0) != seen {
			t.Errorf("seen %t: %+v, %+v, %v", seen, fields, findings, err)
		}
	}
}

// TestBudgetThatIsNotComputed says why it has no effect: its own numbers are not to be
// trusted then.
func TestBudgetThatIsNotComputed(t *testing.T) {
	server, client := newBudgets(t, "a")
	server.all["a"].Status.Conditions = []metav1.Condition{{
		Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionFalse, Reason: policyv1.SyncFailedReason, Message: "no scale",
	}}
	once := func(_ context.Context, request func() error) error { return request() }
	silent := func(string, string) {}
	p := &relief.Pauser{Keeper: relief.Keeper{Client: client, Retry: once}, Source: server, Clock: clock.RealClock{}, Tell: silent, TellWait: silent}
	_, findings, err := p.Pause(t.Context(), &book{run: journal.Run{ID: run}}, []journal.Change{{
		Object: journal.Object{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: "a"}, UID: "a",
		Field: "spec.minAvailable", Before: json.RawMessage("1"), After: json.RawMessage("0"), Mode: "relax", State: journal.Planned,
	}})
	if err != nil || len(findings) != 1 || !strings.Contains(findings[0].Message, "cannot compute it: no scale") {
		t.Errorf("%+v, %v", findings, err)
	}
}

// TestPauseThatDoesNotStay (it never says "done" before it looked): somebody puts the
// value back while the pause is made.
func TestPauseThatDoesNotStay(t *testing.T) {
	server, client := newBudgets(t, "a")
	once := func(_ context.Context, request func() error) error { return request() }
	silent := func(string, string) {}
	putBack := func(string, string) {
		server.mu.Lock()
		defer server.mu.Unlock()
		server.all["a"].Spec.MinAvailable = new(intstr.FromInt32(1))
	}
	p := &relief.Pauser{Keeper: relief.Keeper{Client: client, Retry: once}, Source: server, Clock: clock.RealClock{}, Tell: putBack, TellWait: silent}
	rec := &book{run: journal.Run{ID: run}}
	_, findings, err := p.Pause(t.Context(), rec, []journal.Change{{
		Object: journal.Object{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: "a"}, UID: "a",
		Field: "spec.minAvailable", Before: json.RawMessage("1"), After: json.RawMessage("0"), Mode: "relax", State: journal.Planned,
	}})
	if err != nil || len(findings) != 1 || findings[0].Code != "VU-313" || findings[0].Severity != v1alpha1.SeverityError || open(rec) != "a" {
		t.Errorf("%+v, %v; open: %s", findings, err, open(rec))
	}
}

// statesOf are the states of fields by their first letters.
func statesOf(fields []v1alpha1.PausedField) string {
	text := ""
	for _, f := range fields {
		text += string(f.State)[:1]
	}
	return text
}

// open names what the run has left open.
func open(b *book) string {
	names := ""
	for _, c := range b.run.Changes {
		if c.IsOpen() {
			names += c.Object.Name
		}
	}
	return names
}
