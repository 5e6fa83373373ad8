// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// Times of the ring's pods.
const (
	startFast = "sandbox.upgrade.vantiq.com/start-fast"
	stopFast  = "sandbox.upgrade.vantiq.com/stop-fast"
)

// moving is how many pods of a ring a drain moves.
const moving = 8

// ring is two small pools with the same workloads, which are drained onto each
// other in turn: nothing has to be set up between two drains. Its judges watch
// the cluster past the proxy.
type ring struct {
	*harness.Scope
	t     *testing.T
	proxy *faultproxy.Proxy
	// via is the sandbox by the way of the proxy.
	via *harness.Sandbox
	// from is drained next, to takes the pods.
	from, to string

	db, web, all *harness.Recorder
	audit        *harness.Audit
	// accepted and ended are the judges' counts before the present drain.
	accepted map[string]int
	ended    int
}

// newRing makes the pools NAME-a and NAME-b of two nodes each: a StatefulSet of
// three, a Deployment of three under a budget of one, and two single pods,
// all on the first pool.
func newRing(t *testing.T, s *harness.Sandbox, name, start, stop string) *ring {
	t.Helper()
	r := &ring{Scope: s.NewScope(t, name), t: t, proxy: proxyTo(t, s), from: name + "-a", to: name + "-b"}
	r.via = s.Via(r.proxy.Kubeconfig())
	quick := func(p *corev1.PodTemplateSpec) {
		p.Annotations[startFast], p.Annotations[stopFast] = start, stop
	}
	r.Pool(r.from, 2)
	r.StatefulSet("db", 3, quick)
	r.Deployment("web", 3, quick)
	r.PDB("web", "", "1", nil)
	for _, single := range []string{"one", "two"} {
		r.Deployment(single, 1, quick)
		r.Ready(single, 1)
	}
	r.Ready("db", 3)
	r.Ready("web", 3)
	r.Pool(r.to, 2)
	r.db, r.web, r.all = r.Record(t, name, "app=db"), r.Record(t, name, "app=web"), r.Record(t, name, "")
	r.audit = r.Audit(t)
	r.begin()
	return r
}

// begin takes the judges' counts before a drain.
func (r *ring) begin() {
	r.t.Helper()
	r.accepted, r.ended = r.audit.Accepted(r.t, r.Name), r.gone()
}

// start starts the drain of the pool that is next, through the proxy.
func (r *ring) start(args ...string) *harness.Process {
	r.t.Helper()
	return r.via.StartPlugin(r.t, append([]string{"drain-pool", r.from, "--yes", "-o", "json"}, args...)...)
}

// gone counts the pods that have ended, by their UIDs.
func (r *ring) gone() int {
	n := 0
	for _, times := range r.all.Ended() {
		n += times
	}
	return n
}

// underway waits until the first pod of a drain went.
func (r *ring) underway() {
	r.t.Helper()
	r.Eventually("the first pod goes", func(context.Context) (bool, error) { return r.gone() > r.ended, nil })
}

// judge looks at the cluster after a drain has ended well: every pod moved, none
// was evicted twice, no floor was broken.
func (r *ring) judge() {
	r.t.Helper()
	if r.db.Lowest() < 2 || r.web.Lowest() < 2 {
		r.t.Errorf("floors of 2 were broken: db had %d, web %d", r.db.Lowest(), r.web.Lowest())
	}
	r.Eventually("all pods are seen to have gone", func(context.Context) (bool, error) { return r.gone()-r.ended >= moving, nil })
	if n := r.gone() - r.ended; n != moving {
		r.t.Errorf("%d pods ended, %d were to move", n, moving)
	}
	for name, times := range r.acceptedNow() {
		if times != 1 {
			r.t.Errorf("%s was evicted %d times: %s", name, times, strings.Join(r.audit.Of(r.t, r.Name, name), "\n  "))
		}
	}
	if n := len(r.acceptedNow()); n != moving {
		r.t.Errorf("%d pods were evicted, %d were to move: %v", n, moving, r.acceptedNow())
	}
	for _, pod := range r.pods() {
		if strings.Contains(pod.Spec.NodeName, r.from) {
			r.t.Errorf("%s is on %s", pod.Name, pod.Spec.NodeName)
		}
	}
}

// acceptedNow are the evictions that the server accepted since begin, by name. In
// one drain a name stands for one pod: a successor is on the other pool, and may
// not be evicted at all.
func (r *ring) acceptedNow() map[string]int {
	r.t.Helper()
	now := maps.Clone(r.audit.Accepted(r.t, r.Name))
	for name, times := range r.accepted {
		if now[name] -= times; now[name] == 0 {
			delete(now, name)
		}
	}
	return now
}

func (r *ring) pods() []corev1.Pod {
	r.t.Helper()
	list, err := r.Client.CoreV1().Pods(r.Name).List(r.t.Context(), metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return list.Items
}

// turn gives the drained pool back past the plugin, and makes the other one next.
func (r *ring) turn() {
	r.t.Helper()
	r.proxy.Clear()
	list, err := r.Client.CoreV1().Nodes().List(r.t.Context(), metav1.ListOptions{LabelSelector: harness.PoolLabel + "=" + r.from})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, node := range list.Items {
		_, err := r.Client.CoreV1().Nodes().Patch(r.t.Context(), node.Name, types.MergePatchType,
			[]byte(`{"spec":{"unschedulable":null},"metadata":{"annotations":{"upgrade.vantiq.com/cordoned":null}}}`), metav1.PatchOptions{})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	r.from, r.to = r.to, r.from
	r.begin()
}
