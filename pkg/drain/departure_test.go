// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestWhoTookAPod: what happens to a pod, one step after the other, and what is said
// of it in the end.
func TestWhoTookAPod(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "p")
	changed := apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "p", errors.New("the UID does not match"))
	lost := errors.New("connection reset by peer")
	for name, test := range map[string]struct {
		pod    fixture.Option // as it is first seen
		steps  string         // ask, answers (yes, missing, changed, lost), ends, deletes, goes
		how    string
		claims bool
	}{
		"evicted":                                  {steps: "ask yes goes", how: v1alpha1.HowEvicted, claims: true},
		"evicted, seen before the answer":          {steps: "ask deletes yes goes", how: v1alpha1.HowEvicted, claims: true},
		"evicted, gone before the answer":          {steps: "ask goes yes", how: v1alpha1.HowEvicted, claims: true},
		"evicted, the answer lost":                 {steps: "ask lost deletes goes", how: v1alpha1.HowEvicted, claims: true},
		"evicted, the answer lost, asked again":    {steps: "ask lost ask goes missing", how: v1alpha1.HowEvicted, claims: true},
		"on its way out when it was seen":          {pod: fixture.Terminating(), steps: "goes", how: v1alpha1.HowBefore},
		"never gone":                               {pod: fixture.Terminating(), how: v1alpha1.HowBefore},
		"deleted by somebody":                      {steps: "deletes goes", how: v1alpha1.HowByOthers},
		"deleted while it was asked for":           {steps: "ask goes missing", how: v1alpha1.HowByOthers},
		"replaced under its name while asked for":  {steps: "ask goes changed", how: v1alpha1.HowByOthers},
		"refused, then deleted by somebody":        {steps: "ask changed deletes goes", how: v1alpha1.HowByOthers},
		"Failed, what is left of it is deleted":    {pod: fixture.Phase(corev1.PodFailed), steps: "ask yes goes", how: v1alpha1.HowFinished},
		"ends while it waits":                      {steps: "ends ask yes goes", how: v1alpha1.HowFinished},
		"held by a finalizer, so Failed after all": {steps: "ask yes deletes ends goes", how: v1alpha1.HowEvicted, claims: true},
		"there still":                              {steps: "", how: ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := fixture.Pod("app/p", fixture.On("n1"))
			if test.pod != nil {
				test.pod(pod)
			}
			now := time.Now()
			m := newMember(Target{Pod: pod}, now)
			m.observe(fixture.Snapshot(pod), now)
			answer := func(err error) {
				if v := classify(err); m.phase == asking {
					m.answered(v, nil, now)
				} else {
					m.answeredLate(v)
				}
			}
			for step := range strings.FieldsSeq(test.steps) {
				next := pod.DeepCopy()
				switch step {
				case "ask":
					m.phase, m.asked = asking, true
					continue
				case "yes":
					answer(nil)
				case "missing":
					answer(missing)
				case "changed":
					answer(changed)
				case "lost":
					answer(lost)
				case "ends":
					fixture.Phase(corev1.PodFailed)(next)
				case "deletes":
					fixture.Terminating()(next)
				case "goes":
					m.observe(fixture.Snapshot(), now)
					continue
				}
				pod = next
				if m.phase != gone {
					m.observe(fixture.Snapshot(pod), now)
				}
			}
			if m.how() != test.how || m.claims() != test.claims {
				t.Errorf("%q, claims %v; want %q, %v", m.how(), m.claims(), test.how, test.claims)
			}
		})
	}
}

// TestPairing: only a live pod that this run evicted claims a new one, and only one
// that is not on a drained node.
func TestPairing(t *testing.T) {
	deployment := fixture.Deployment("web/app", fixture.Replicas(3))
	rs := fixture.ReplicaSetOf(deployment)
	gonePod := func(name string, took departure, ended bool) *member {
		pod := fixture.PodOf(rs, name, "n1")
		return &member{Target: Target{Pod: pod}, phase: gone, took: took, ended: ended, leftAt: fixture.Epoch()}
	}
	for name, test := range map[string]struct {
		members []*member
		fresh   []*corev1.Pod
		want    []string // state of each member
	}{
		"each its own": {
			[]*member{gonePod("a", evicted, false), gonePod("b", evicted, false)},
			[]*corev1.Pod{fixture.PodOf(rs, "x", "s1"), fixture.PodOf(rs, "y", "s1")},
			[]string{stateMoved, stateMoved},
		},
		"the dead and the deleted claim none": {
			[]*member{gonePod("a", leftBefore, false), gonePod("b", leftMeanwhile, false), gonePod("c", evicted, true), gonePod("d", evicted, false)},
			[]*corev1.Pod{fixture.PodOf(rs, "x", "s1")},
			[]string{stateGone, stateGone, stateGone, stateMoved},
		},
		"none came": {[]*member{gonePod("a", evicted, false)}, nil, []string{stateReplacing}},
		"it starts": {[]*member{gonePod("a", evicted, false)}, []*corev1.Pod{fixture.PodOf(rs, "x", "s1", fixture.NotReady())}, []string{stateReplacing}},
		"it came back to the pool": {
			[]*member{gonePod("a", evicted, false)}, []*corev1.Pod{fixture.PodOf(rs, "x", "n1")}, []string{stateReplacing},
		},
		"its replacement goes before it is Ready": {
			[]*member{gonePod("a", evicted, false)}, []*corev1.Pod{fixture.PodOf(rs, "x", "s1", fixture.Terminating())}, []string{stateReplacing},
		},
	} {
		t.Run(name, func(t *testing.T) {
			objects := []any{deployment, rs}
			s := fixture.Snapshot(objects...)
			owner, _ := s.Owner(fixture.PodOf(rs, "a", "n1"))
			g := newGroup(owner, s, fixture.Epoch())
			g.members = test.members
			after := fixture.Snapshot(append(objects, test.fresh)...)
			g.observe(after.Workload(owner), map[string]bool{"n1": true}, fixture.Epoch())
			var states []string
			for _, m := range g.members {
				states = append(states, moved(g, m).State)
			}
			if diff := cmp.Diff(test.want, states); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSuccessorThatFails gives its place to the next one.
func TestSuccessorThatFails(t *testing.T) {
	set := fixture.StatefulSet("app/db", fixture.Replicas(1))
	s := fixture.Snapshot(set)
	owner, _ := s.Owner(fixture.PodOf(set, "db-0", "n1"))
	g := newGroup(owner, s, fixture.Epoch())
	m := &member{Target: Target{Pod: fixture.PodOf(set, "db-0", "n1")}, phase: gone, took: evicted, leftAt: fixture.Epoch()}
	g.members = []*member{m}
	seen := func(options ...fixture.Option) {
		s := fixture.Snapshot(set, fixture.PodOf(set, "db-0", "s1", options...))
		g.observe(s.Workload(owner), nil, fixture.Epoch())
	}
	seen(fixture.UID("first"), fixture.NotReady())
	seen(fixture.UID("second"))
	if m.successor == nil || m.successor.UID != "second" || m.readyAt.IsZero() {
		t.Errorf("%+v", m.successor)
	}
}

// TestCounts: each pod is in one count.
func TestCounts(t *testing.T) {
	pods := []v1alpha1.MovedPod{
		{State: stateMoved, How: v1alpha1.HowEvicted},
		{State: stateReplacing, How: v1alpha1.HowEvicted},
		{State: stateReturned, How: v1alpha1.HowEvicted},
		{State: stateGone, How: v1alpha1.HowFinished},
		{State: stateGone, How: v1alpha1.HowBefore},
		{State: stateGone, How: v1alpha1.HowByOthers},
		{State: stateGone, How: v1alpha1.HowEvicted, Lost: true},
		{State: stateTerminating, How: v1alpha1.HowEvicted},
		{State: stateTerminating, How: v1alpha1.HowBefore},
		{State: stateWaiting},
	}
	want := v1alpha1.DrainCounts{Moved: 1, Replacing: 1, Returned: 1, Gone: 3, Lost: 1, Terminating: 1, LeftAlone: 2, StillThere: 3}
	if diff := cmp.Diff(want, countsOf(pods)); diff != "" {
		t.Error(diff)
	}
}

// TestStuckSaysWho: a pod that does not end, by whom it was taken and on what node.
func TestStuckSaysWho(t *testing.T) {
	now := fixture.Epoch()
	s := fixture.Snapshot(fixture.Node("n1"), fixture.Node("n2", fixture.NotReady()))
	for _, test := range []struct {
		node   string
		took   departure
		phase  corev1.PodPhase
		free   bool // no finalizer holds it
		want   []string
		remedy string
	}{
		{"n1", evicted, corev1.PodRunning, false, []string{"evicted 14s ago and still terminating on n1", "example.com/hold"}, "kubectl describe pod -n app p"},
		{"n1", evicted, corev1.PodFailed, false, []string{"evicted 14s ago and still terminating on n1", "example.com/hold"}, "metadata.finalizers"},
		{"n2", leftBefore, corev1.PodRunning, false, []string{"on its way out already when the drain began", "n2, which is not Ready", "example.com/hold"}, "kubectl describe node n2"},
		{"n3", leftMeanwhile, corev1.PodRunning, false, []string{"deleted by somebody else 14s ago", "n3, a node that does not exist any more", "example.com/hold"}, "metadata.finalizers"},
		{"n3", evicted, corev1.PodRunning, true, []string{"n3, a node that does not exist any more"}, "kubectl wait -n app --for=delete pod/p"},
	} {
		pod := fixture.Pod("app/p", fixture.On(test.node), fixture.Phase(test.phase), func(o metav1.Object) {
			if !test.free {
				o.SetFinalizers([]string{"example.com/hold"})
			}
		})
		f := stuck(&member{Target: Target{Pod: pod}, took: test.took, leftAt: now.Add(-14 * time.Second)}, s, now)
		if slices.ContainsFunc(test.want, func(part string) bool { return !strings.Contains(f.Message, part) }) || !strings.Contains(f.Remedy, test.remedy) {
			t.Errorf("%q → %q, want %q, %q", f.Message, f.Remedy, test.want, test.remedy)
		}
	}
}

// TestOwnerThatChanges: a pod that does not belong to its workload any more, as when
// that was deleted with --cascade=orphan, is left alone: nothing may make it again.
func TestOwnerThatChanges(t *testing.T) {
	w := newWorld(1)
	nodes := w.pool(1)
	w.addSet("web", 2, nodes)
	w.show()
	e, clock := simulate(t, w, w)
	w.sets = nil
	for _, pod := range w.pods {
		pod.OwnerReferences = nil
	}
	w.show()
	e.look(clock.Now())
	if asked := e.next(e.snapshot, clock.Now()); len(asked) != 0 {
		t.Errorf("%d were asked for", len(asked))
	}
	if g := e.groups[0]; !strings.Contains(g.members[0].cause, "does not any more") || g.changed != "deleted" {
		t.Errorf("%q, %q", g.members[0].cause, g.changed)
	}
}

// TestReadBack: the counts, the list of what is left and the findings come from one
// reading and agree; each pod that does not end is named, whoever stopped.
func TestReadBack(t *testing.T) {
	w := newWorld(1)
	nodes := w.pool(2)
	w.addSet("web", 3, nodes)
	w.show()
	e, clock := simulate(t, w, w)
	held := map[string]bool{"web-1": true, "web-2": true}
	for key, pod := range w.pods {
		if held[key.Name] {
			fixture.Terminating()(pod)
			w.touch(pod)
		}
	}
	w.show()
	e.look(clock.Now())
	clock.Step(time.Hour)
	result := &v1alpha1.DrainResult{}
	findings := e.readBack(w.Snapshot(), result)
	var stuck, others []string
	for _, f := range findings {
		if f.Code == "VU-232" {
			stuck = append(stuck, f.Object)
		} else {
			others = append(others, f.Code)
		}
	}
	slices.Sort(stuck)
	if diff := cmp.Diff([]string{"pod/app/web-1", "pod/app/web-2"}, stuck); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"VU-237", "VU-236"}, others); diff != "" {
		t.Error(diff)
	}
	if c := result.Counts; c.StillThere != 3 || len(result.Left) != 3 || c.LeftAlone != 3 || c.Moved != 0 {
		t.Errorf("%+v, left %d", c, len(result.Left))
	}
}

// TestRecordBeforeTheBegin: where a node could not be cordoned nothing has gone.
func TestRecordBeforeTheBegin(t *testing.T) {
	w := newWorld(1)
	nodes := w.pool(2)
	w.addSet("web", 3, nodes)
	w.show()
	begun, clock := simulate(t, w, w)
	e, result := &Engine{Source: w, Evictor: w, Clock: clock, Observer: func(Event) {}}, &v1alpha1.DrainResult{}
	e.record(begun.plan, result)
	if c := result.Counts; c.StillThere != 3 || c.LeftAlone != 3 || len(result.Pods) != 3 || result.Pods[0].State != stateWaiting {
		t.Errorf("%+v, %+v", c, result.Pods)
	}
}

// TestLongGraceIsTold: a pod that may take longer than others are waited for.
func TestLongGraceIsTold(t *testing.T) {
	e := &Engine{plan: &Plan{options: DefaultOptions()}}
	for seconds, want := range map[int64]string{30: "", 600: "", 86400: ", which may take 24h0m0s (its grace period)"} {
		m := &member{Target: Target{Pod: fixture.Pod("app/p", spec(func(s *corev1.PodSpec) { s.TerminationGracePeriodSeconds = &seconds }))}}
		if got := e.mayTake(m); got != want {
			t.Errorf("%d s: %q", seconds, got)
		}
	}
}
