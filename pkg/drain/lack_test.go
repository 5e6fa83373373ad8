// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

const exceeded = `create Pod web-1 in StatefulSet web failed error: pods "web-1" is forbidden: exceeded quota: small, requested: pods=1`

// TestLackInWords: what keeps a workload from being whole, and the command for it.
func TestLackInWords(t *testing.T) {
	at := fixture.Epoch()
	web := fixture.Deployment("app/web", fixture.Replicas(2))
	db := fixture.StatefulSet("app/db", fixture.Replicas(2))
	rs := fixture.ReplicaSetOf(web)
	starting := func(name string, options ...fixture.Option) *corev1.Pod {
		return fixture.PodOf(rs, name, "b", append([]fixture.Option{fixture.NotReady()}, options...)...)
	}
	running := func(o metav1.Object) {
		o.(*corev1.Pod).Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	}
	ready, leaving := fixture.PodOf(rs, "web-a", "b"), fixture.PodOf(rs, "web-b", "a", fixture.Terminating())
	tests := map[string]struct {
		ref        cluster.Ref
		pods       []any
		failure    string
		warning    cluster.Event
		unreadable bool
		after      time.Duration
		why        string
		command    string
	}{
		"for a moment":              {pods: []any{ready}, after: time.Second},
		"nobody says why":           {pods: []any{ready}, after: lackPatience, why: "no replacement is made yet", command: "kubectl describe deployment -n app web"},
		"nobody may say why":        {pods: []any{ready}, after: lackPatience, unreadable: true, why: "no replacement is made, and the current user may not list events, which would say why"},
		"a quota, by the condition": {pods: []any{ready}, failure: `pods "x" is forbidden: exceeded quota: small, used: 1`, why: "no replacement is made: exceeded quota: small, used: 1", command: "kubectl describe resourcequota -n app small"},
		"while the former one ends": {pods: []any{ready, leaving}, failure: "admission webhook \"w\" denied the request: no", why: "no replacement is made: denied by the admission webhook w: no"},
		"the former one only ends":  {pods: []any{ready, leaving}, why: "no replacement is made yet", after: time.Minute},
		"one is denied, one starts": {pods: []any{starting("web-c")}, failure: "exceeded quota: small, used: 1", why: "no replacement is made: exceeded quota: small, used: 1"},
		"one starts, one is to be made": {
			pods: []any{starting("web-c", fixture.Waiting("ContainerCreating", "", 0))},
			why:  "pod/app/web-c: ContainerCreating (container main)", command: "kubectl describe pod -n app web-c",
		},
		"a StatefulSet waits for the end of a pod": {
			ref: refTo(db), pods: []any{fixture.PodOf(db, "db-0", "b"), fixture.PodOf(db, "db-1", "a", fixture.Terminating())}, after: time.Minute,
			why: "pod/app/db-1: Terminating",
		},
		"a StatefulSet, by its events": {
			ref: refTo(db), pods: []any{fixture.PodOf(db, "db-0", "b")}, warning: cluster.Event{Reason: "FailedCreate", Message: exceeded},
			why: "no replacement is made: exceeded quota: small, requested: pods=1", command: "kubectl describe resourcequota -n app small",
		},
		"a StatefulSet says something else": {
			ref: refTo(db), pods: []any{fixture.PodOf(db, "db-0", "b")}, warning: cluster.Event{Reason: "RecreatingFailedPod", Message: "again"},
			why: "no replacement is made: RecreatingFailedPod: again",
		},
		"a volume, by the events of the pod": {
			pods: []any{ready, starting("web-c", fixture.Waiting("ContainerCreating", "", 0))}, warning: cluster.Event{Reason: "FailedAttachVolume", Message: "Multi-Attach error"},
			why: "pod/app/web-c: ContainerCreating (container main); FailedAttachVolume: Multi-Attach error", command: "kubectl get volumeattachments",
		},
		"a probe, by the events of the pod": {
			pods: []any{ready, starting("web-c", running)}, warning: cluster.Event{Reason: "Unhealthy", Message: "Readiness probe failed: 503"},
			why: "pod/app/web-c: not Ready on b; Unhealthy: Readiness probe failed: 503", command: "kubectl logs -n app web-c -c main",
		},
		"an image says it itself": {
			pods: []any{ready, starting("web-c", fixture.Waiting("ImagePullBackOff", "no such tag", 0))}, warning: cluster.Event{Reason: "Failed", Message: "Error: ImagePullBackOff"},
			why: "pod/app/web-c: ImagePullBackOff (container main): no such tag",
		},
		"it crashes": {
			pods: []any{ready, starting("web-c", fixture.Waiting("CrashLoopBackOff", "back-off 5m0s", 4))},
			why:  "pod/app/web-c: CrashLoopBackOff (container main): back-off 5m0s", command: "kubectl logs -n app web-c -c main --previous",
		},
		"the first by its name, whatever the order": {pods: []any{starting("web-d"), starting("web-c")}, why: "pod/app/web-c: not Ready on b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ref := tt.ref
			if ref == (cluster.Ref{}) {
				ref = refTo(web)
			}
			s := fixture.Snapshot(append([]any{web, rs, db}, tt.pods...)...)
			w := s.Workload(ref)
			g := &group{ref: ref, replicas: 2, ready: w.Ready()}
			g.observeLack(w, tt.failure, tt.unreadable, at)
			g.lack.warning = tt.warning
			g.observeLack(w, tt.failure, tt.unreadable, at.Add(tt.after))
			if g.lack.why != tt.why {
				t.Errorf("%q, want %q", g.lack.why, tt.why)
			}
			if tt.command != "" && g.lack.command(ref) != tt.command {
				t.Errorf("command %q, want %q", g.lack.command(ref), tt.command)
			}
		})
	}
}

func refTo(o metav1.Object) cluster.Ref {
	kind := cluster.KindDeployment
	if strings.Contains(o.GetName(), "db") {
		kind = cluster.KindStatefulSet
	}
	return cluster.Ref{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName(), UID: o.GetUID()}
}

// asked answers for events, and counts how often it is asked.
type asked struct {
	mu     sync.Mutex
	n      map[types.UID]int
	last   time.Duration
	events []cluster.Event
	err    error
}

func (a *asked) Of(_ context.Context, _ string, uid types.UID, last time.Duration) ([]cluster.Event, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n[uid]++
	a.last = max(a.last, last)
	return a.events, a.err
}

// TestEventsAreAskedForRarely: a quota keeps both workloads from their replacements
// for 90 seconds. The cause is told and in the findings; who asks for it asks
// once in ten seconds, and who may not asks once.
func TestEventsAreAskedForRarely(t *testing.T) {
	stopped := func(t *testing.T, w *asked) (told, found string) {
		options := DefaultOptions()
		options.PodTimeout = 90 * time.Second
		w.n = map[types.UID]int{}
		_, _, findings, err := run(t, options, func(l *live, _ context.CancelFunc) {
			l.unmade = true
			l.engine.Warnings = w
			l.engine.Observer = func(e Event) {
				if e.Type == Waiting {
					told += e.Object + ": " + e.Message + "\n"
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found += f.Code + " " + f.Message + " → " + f.Remedy + "\n"
		}
		return told, found
	}
	t.Run("allowed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := &asked{events: []cluster.Event{
				{Reason: "FailedScheduling", Message: "over"}, {Reason: "FailedCreate", Message: exceeded}, {Reason: "FailedCreate", Message: "before"},
			}}
			told, found := stopped(t, w)
			if !strings.Contains(told, "exceeded quota: small") || strings.Contains(told+found, "before") || strings.Contains(told+found, "over") || strings.Count(found, "exceeded quota: small, requested: pods=1 → kubectl describe resourcequota -n app small #") != 2 {
				t.Errorf("told %s\nfound %s", told, found)
			}
			// What was tried last before the drain is not too old, nor what it tells itself.
			if len(w.n) != 2 || w.last < 17*time.Minute || w.last > 20*time.Minute {
				t.Errorf("asked about %v, the last %s", w.n, w.last)
			}
			for uid, n := range w.n {
				if n < 6 || n > 9 {
					t.Errorf("asked %d times about %s in 90 seconds", n, uid)
				}
			}
		})
	})
	t.Run("forbidden", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := &asked{err: apierrors.NewForbidden(schema.GroupResource{Resource: "events"}, "", errors.New("no"))}
			_, found := stopped(t, w)
			if strings.Count(found, "may not list events") != 2 {
				t.Error(found)
			}
			if len(w.n) != 1 {
				t.Errorf("asked about %v", w.n)
			}
		})
	})
}
