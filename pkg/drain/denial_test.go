// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// denying is a webhook that denies every eviction.
type denying struct {
	*live
	// rolls has an operator delete what was asked for, one pod at a time and only
	// while all others serve, as drain cleaners do.
	rolls bool
	asked int
}

func (d *denying) Evict(_ context.Context, pod *corev1.Pod, _ *int64, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.rolls {
		time.AfterFunc(3*time.Second, func() { d.roll(pod.UID) })
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Message: `admission webhook "drain.example.com" denied the request: the operator rolls it`}}
}

func (d *denying) roll(uid any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, pod := range d.pods {
		if pod.UID != uid || pod.DeletionTimestamp != nil {
			continue
		}
		for _, set := range d.sets {
			if metav1.IsControlledBy(pod, set) && d.serving(set) == int(*set.Spec.Replicas) {
				pod.DeletionTimestamp = &metav1.Time{Time: d.now}
				d.touch(pod)
			}
		}
	}
}

// TestDrainCleaner: denied evictions are asked for again until somebody else has
// moved the pods; the drain ends well and evicts nothing.
func TestDrainCleaner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			l.engine.Evictor = &denying{live: l, rolls: true}
		})
		if err != nil || len(findings) > 0 {
			t.Fatalf("%v, %+v", err, findings)
		}
		time.Sleep(10 * time.Second) // the operator has come to rest
		if len(l.evictions) > 0 || len(e.Moved()) != 5 {
			t.Errorf("%d evictions, %d pods moved", len(l.evictions), len(e.Moved()))
		}
		for _, g := range e.Workloads() {
			if g.LowestReady != g.Replicas-1 {
				t.Errorf("%+v", g)
			}
		}
	})
}

// TestDeniedForGood: it is asked again, at a rate that has a bound, until the time
// of a pod is over; the webhook and its sentence are told all the time, and nothing
// of readiness that is as it should be.
func TestDeniedForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		options := DefaultOptions()
		options.PodTimeout = 2 * time.Minute
		var denies *denying
		told := map[string]int{}
		_, _, findings, err := run(t, options, func(l *live, _ context.CancelFunc) {
			denies = &denying{live: l}
			l.engine.Evictor = denies
			l.engine.Observer = func(e Event) {
				if e.Type == Waiting {
					told[e.Object]++
					if e.Message != "denied by the admission webhook drain.example.com: the operator rolls it" {
						t.Errorf("waiting for %q", e.Message)
					}
				}
			}
			l.engine.Progress = func(s Status) {
				for _, w := range s.Workloads {
					if w.Ready != w.Replicas || strings.Contains(w.Waits, "Ready") {
						t.Errorf("%+v", w)
					}
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		onlyCode(t, findings, "VU-238", "VU-238")
		for _, f := range findings {
			if !strings.Contains(f.Message, "not allowed to go for 2m0s: refused ") || !strings.Contains(f.Message, " times in 2m") ||
				!strings.Contains(f.Message, "webhook drain.example.com: the operator rolls it") || !strings.Contains(f.Remedy, "validatingwebhookconfigurations") {
				t.Errorf("%+v", f)
			}
		}
		if denies.asked < 5*10 || denies.asked > 5*30 {
			t.Errorf("5 pods were asked for %d times in 2 minutes", denies.asked)
		}
		// Once every 30 seconds: the wait does not begin anew with each answer.
		if n := told[cluster.Ref{Kind: cluster.KindStatefulSet, Namespace: "app", Name: "mongodb"}.String()]; n < 3 || n > 5 {
			t.Errorf("told %d times in 2 minutes", n)
		}
	})
}

// TestRemedyOfWhatHolds: each hold of a pod comes with the command that shows what is
// to be mended, and the finding ends in it.
func TestRemedyOfWhatHolds(t *testing.T) {
	set := fixture.StatefulSet("web/app", fixture.Replicas(2))
	full := fixture.PDB("web/all", fixture.Selector(&metav1.LabelSelector{}), fixture.MinAvailable("100%"), fixture.Status(2, 2, 0))
	released := func(o metav1.Object) { o.SetOwnerReferences(nil) }
	for name, test := range map[string]struct {
		floor disruption.Floor
		pods  []fixture.Option // of app-0, app-1
		now   fixture.Option   // what has become of app-0 since
		pdb   *policyv1.PodDisruptionBudget
		want  string
	}{
		"a floor that a budget asks for":  {floor: disruption.Floor{Ready: 2, From: "pdb/all"}, want: "kubectl describe pdb -n web all # mend"},
		"a floor, and a pod is not Ready": {floor: disruption.Floor{Ready: 1, From: "pdb/all"}, pods: []fixture.Option{fixture.On("n1"), fixture.NotReady()}, want: "kubectl get pods -n web -o wide # mend"},
		"a budget over several workloads": {floor: disruption.Floor{Ready: 1, From: "update strategy"}, pdb: full, want: "kubectl describe pdb -n web all # mend"},
		"a pod that its workload let go":  {now: released, want: "kubectl get pod -n web app-0 --show-labels # mend"},
	} {
		t.Run(name, func(t *testing.T) {
			plain := fixture.Option(func(metav1.Object) {})
			pods := append(test.pods, plain, plain)[:2]
			objects := []any{set, fixture.PodOf(set, "app-0", "n1", pods[0]), fixture.PodOf(set, "app-1", "n2", pods[1])}
			if test.pdb != nil {
				objects = append(objects, test.pdb)
			}
			s, now := fixture.Snapshot(objects...), time.Now()
			owner, _ := s.Owner(s.Pod("web", "app-0"))
			g, w := newGroup(owner, s, now), s.Workload(owner)
			g.floor = test.floor
			m := newMember(Target{Pod: s.Pod("web", "app-0"), Owner: owner}, now)
			if test.now != nil {
				m.Pod = m.Pod.DeepCopy()
				test.now(m.Pod)
			}
			e := &Engine{plan: &Plan{options: DefaultOptions()}, budgets: disruption.NewBudgets()}
			h := e.holds(g, m, w, "", w.Ready(), s, now)
			m.cause, m.show = h.why, h.show
			if f := e.notAllowed(g, m, m.cause, now); !strings.HasPrefix(f.Remedy, test.want) || !strings.HasSuffix(f.Remedy, again) {
				t.Errorf("%+v", f)
			}
		})
	}
}
