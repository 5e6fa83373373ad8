// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// spec changes what a pod asks for.
func spec(change func(*corev1.PodSpec)) fixture.Option {
	return func(o metav1.Object) { change(&o.(*corev1.Pod).Spec) }
}

func tolerating(t corev1.Toleration) fixture.Option {
	return spec(func(s *corev1.PodSpec) { s.Tolerations = append(s.Tolerations, t) })
}

func TestIgnoresCordon(t *testing.T) {
	const taint = corev1.TaintNodeUnschedulable
	for name, test := range map[string]struct {
		pod  fixture.Option
		want string // part of the reason; empty: the cordon keeps it off
	}{
		"nothing":                       {fixture.On("n1"), ""},
		"every taint":                   {tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists}), "operator: Exists"},
		"every taint that keeps off":    {tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), "operator: Exists"},
		"every taint that evicts":       {tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}), ""},
		"the cordon by name":            {tolerating(corev1.Toleration{Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}), taint},
		"the cordon, equal to nothing":  {tolerating(corev1.Toleration{Key: taint}), taint},
		"the cordon with another value": {tolerating(corev1.Toleration{Key: taint, Value: "yes"}), ""},
		"another taint":                 {tolerating(corev1.Toleration{Key: "sku", Operator: corev1.TolerationOpExists}), ""},
		"a scheduler of its own":        {spec(func(s *corev1.PodSpec) { s.SchedulerName = "volcano" }), "volcano"},
		"the usual scheduler":           {spec(func(s *corev1.PodSpec) { s.SchedulerName = corev1.DefaultSchedulerName }), ""},
	} {
		got := ignoresCordon(fixture.Pod("app/p", test.pod))
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestPlanWarnsOfPodsThatComeBack and of those that are bound to a node, but not of
// such as leave nothing behind or may be elsewhere.
func TestPlanWarnsOfPodsThatComeBack(t *testing.T) {
	hosts := func(names ...string) fixture.Option {
		return spec(func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: names,
				}}}},
			}}}
		})
	}
	everything := tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists})
	for name, test := range map[string]struct {
		pod    fixture.Option
		pinned string // node in the template
		want   string
	}{
		"ordinary":                     {pod: fixture.On("n1")},
		"tolerates":                    {pod: everything, want: "VU-225"},
		"template names the node":      {pod: fixture.On("n1"), pinned: "n1", want: "VU-226"},
		"template names another":       {pod: fixture.On("n1"), pinned: "s1"},
		"selects the host":             {pod: fixture.NodeSelector(corev1.LabelHostname, "n1"), want: "VU-226"},
		"asks for hosts of the pool":   {pod: hosts("n1", "n2"), want: "VU-226"},
		"asks for a host elsewhere":    {pod: hosts("n1", "s1")},
		"tolerates, and has ended":     {pod: func(o metav1.Object) { everything(o); fixture.Phase(corev1.PodFailed)(o) }},
		"tolerates, on its way out":    {pod: func(o metav1.Object) { everything(o); fixture.Terminating()(o) }},
		"tolerates, and the plan goes": {pod: func(o metav1.Object) { everything(o); fixture.NodeSelector("a", "b")(o) }, want: "VU-225"},
	} {
		t.Run(name, func(t *testing.T) {
			set := fixture.StatefulSet("web/app", fixture.Replicas(2))
			set.Spec.Template.Spec.NodeName = test.pinned
			plan := planOf(t, DefaultOptions(), set, fixture.PodOf(set, "app-0", "n1", test.pod), fixture.PodOf(set, "app-1", "n2", test.pod))
			got := ""
			for _, f := range plan.Findings {
				if f.Code == "VU-225" || f.Code == "VU-226" {
					got += f.Code
				}
			}
			if got != test.want || plan.Blocked() {
				t.Errorf("got %q, want %q; %s", got, test.want, codesOf(plan.Findings))
			}
		})
	}
}

// TestRunAgainstPodsThatComeBack ends, whatever brings the pods back to the pool and
// whoever makes them, and no more of them are evicted than there were and a few; the
// others go on.
func TestRunAgainstPodsThatComeBack(t *testing.T) {
	owned := fixture.ControlledBy("CloneSet", "back", "uid-of-back")
	for name, test := range map[string]struct {
		prepare func(w *world)
		most    int
		code    string
	}{
		"a set that tolerates the cordon": {func(w *world) {
			for _, pod := range w.pods {
				if pod.Labels["app"] == "web" {
					tolerating(corev1.Toleration{Operator: corev1.TolerationOpExists})(pod)
				}
			}
			w.home["web"] = "old-0"
		}, 3, "VU-241"}, // its replacements show no toleration: the first is taken for one of the first moment
		"a template that names the node": {func(w *world) {
			w.home["web"], w.sets[1].Spec.Template.Spec.NodeName = "old-0", "old-0"
		}, 1, "VU-241"},
		"no reason that is to be seen": {func(w *world) { w.home["web"] = "old-0" }, 3, "VU-241"},
		"an owner of another kind":     {func(w *world) { w.home["back"] = "old-0"; w.addMaker("back", 3, "old-0", owned) }, 8, "VU-241"},
		"an owner, one pod":            {func(w *world) { w.home["back"] = "old-0"; w.addMaker("back", 1, "old-0", owned) }, 6, "VU-241"},
		"pods without a controller":    {func(w *world) { w.home["back"] = "old-0"; w.addMaker("back", 1, "old-0") }, 6, "VU-241"},
		"a node that somebody gives back": {func(w *world) {
			w.home["web"] = "old-0"
			w.nodes[0] = fixture.Node("old-0", fixture.Pool("aks", "old"))
		}, 1, "VU-241"},
		"tolerating pods of another owner": {func(w *world) {
			w.home["back"] = "old-0"
			w.addMaker("back", 2, "old-0", owned, tolerating(corev1.Toleration{Key: corev1.TaintNodeUnschedulable}))
		}, 2, "VU-241"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				options := DefaultOptions()
				options.Force = true
				l, e, findings, err := run(t, options, func(l *live, _ context.CancelFunc) {
					l.home = map[string]string{}
					test.prepare(l.world)
				})
				if err != nil {
					t.Fatal(err)
				}
				onlyCode(t, findings, test.code)
				if gaveBack := strings.Contains(findings[0].Message, "uncordoned"); gaveBack != strings.HasPrefix(findings[0].Remedy, "kubectl get node old-0") {
					t.Errorf("the remedy is for something else: %+v", findings[0])
				}
				for _, app := range []string{"web", "back"} {
					if n := l.evicted(e, app); n > test.most && n > 0 {
						t.Errorf("%d pods of %s were evicted", n, app)
					}
				}
				if l.serving(l.sets[0]) != 3 || time.Since(l.start) > 11*time.Minute {
					t.Errorf("%d of mongodb serve after %s", l.serving(l.sets[0]), time.Since(l.start))
				}
			})
		})
	}
}

// TestRation holds, whatever makes the pods come: the pods that there were and a few.
func TestRation(t *testing.T) {
	r, source := newRation(), cluster.Ref{Kind: "StatefulSet", Namespace: "app", Name: "db"}
	r.grant(source)
	r.grant(source)
	taken := 0
	for range 50 {
		if r.take(source) {
			taken++
		}
	}
	if taken != 2+spareEvictions {
		t.Errorf("%d were let go", taken)
	}
	pod := fixture.Pod("app/p")
	for _, test := range []struct {
		owner, want cluster.Ref
	}{
		{cluster.Ref{Kind: "StatefulSet", Namespace: "app", Name: "db", UID: "1"}, source},
		{cluster.Ref{Kind: "Job", Namespace: "app", Name: "backup-2839", UID: "1"}, cluster.Ref{Kind: "Job", Namespace: "app", Name: "backup"}},
		{cluster.Ref{}, cluster.Ref{Kind: "Pod", Namespace: "app"}},
	} {
		if got := sourceOf(test.owner, pod); got != test.want {
			t.Errorf("got %+v, want %+v", got, test.want)
		}
	}
}

// TestRationHoldsTheEngine: pods that the engine has adopted for whatever reason are
// not evicted beyond the ration.
func TestRationHoldsTheEngine(t *testing.T) {
	w := newWorld(1)
	nodes := w.pool(1)
	w.addMaker("back", 1, nodes[0])
	w.show()
	e, clock := simulate(t, w, w, func(o *Options) { o.Force = true })
	for i := range 40 {
		pod := fixture.Pod(fmt.Sprintf("app/more-%d", i), fixture.On(nodes[0]))
		w.put(pod)
		w.show()
		e.adopt(Target{Pod: pod}, w.Snapshot(), clock.Now())
	}
	e.look(clock.Now())
	asked := 0
	for range 10 {
		asked += len(e.next(e.snapshot, clock.Now()))
	}
	if asked != 1+spareEvictions || len(e.findings) == 0 || e.findings[0].Code != "VU-242" {
		t.Errorf("%d were asked for, %+v", asked, e.findings)
	}
}

// TestPodsOfTheFirstMoment: a pod that is bound in the moment before the cordon took
// effect is evicted once, as those that were there.
func TestPodsOfTheFirstMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
			l.sets[1].Spec.Replicas = new(int32(3))
			waiting := fixture.PodOf(l.sets[1], "web-2", "", fixture.Phase(corev1.PodPending))
			l.put(waiting)
			time.AfterFunc(10*time.Millisecond, func() { // before the world goes on
				l.mu.Lock()
				defer l.mu.Unlock()
				waiting.Spec.NodeName = "old-0"
				l.touch(waiting)
			})
		})
		if err != nil || len(findings) > 0 {
			t.Fatalf("%v, %+v", err, findings)
		}
		if n := l.evicted(e, "web"); n != 3 || l.serving(l.sets[1]) != 3 {
			t.Errorf("%d were evicted, %d serve", n, l.serving(l.sets[1]))
		}
	})
}

// TestWhyOpen: a node of the same name is not always the same node.
func TestWhyOpen(t *testing.T) {
	e := &Engine{plan: planOf(t, DefaultOptions())}
	same := fixture.Node("n1", fixture.Pool("aks", "old"))
	anew := fixture.Node("n1", fixture.Pool("aks", "old"), fixture.UID("another"))
	if got := e.whyOpen(same); !strings.Contains(got, "uncordoned") {
		t.Error(got)
	}
	if got := e.whyOpen(anew); !strings.Contains(got, "made again") {
		t.Error(got)
	}
}
