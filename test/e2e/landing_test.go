// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// onOld prefers the pool old, as a workload does that was made for it.
func onOld(p *corev1.PodTemplateSpec) {
	p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 100, Preference: corev1.NodeSelectorTerm{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: harness.PoolLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{"old"}}},
		}}},
	}}
}

// bindTo is a scheduler that does not heed cordons: it places the pods of an app on
// one node until the test ends.
func bindTo(t *testing.T, c *harness.Scope, app, node string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
			pods, err := c.Client.CoreV1().Pods(c.Name).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
			if err != nil {
				continue
			}
			for i := range pods.Items {
				if pod := &pods.Items[i]; pod.Spec.NodeName == "" {
					_ = c.Client.CoreV1().Pods(c.Name).Bind(ctx, &corev1.Binding{
						ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID}, Target: corev1.ObjectReference{Kind: "Node", Name: node},
					}, metav1.CreateOptions{})
				}
			}
		}
	}()
}

// TestPodsThatComeBack (promise 6: no workload is evicted without end): the plan
// warns of pods that a cordon does not keep off, their workloads stop when the first
// comes back, the others go on.
func TestPodsThatComeBack(t *testing.T) {
	c := shared.Get(t).NewScope(t, "landing")
	c.Pool("old", 2)
	c.Deployment("tolerant", 2, quick, onOld, func(p *corev1.PodTemplateSpec) {
		p.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	})
	c.Deployment("pinned", 1, quick, func(p *corev1.PodTemplateSpec) { p.Spec.NodeName = node0 })
	c.Deployment("placed", 1, quick, func(p *corev1.PodTemplateSpec) { p.Spec.SchedulerName = "own-scheduler" })
	c.Deployment("web", 2, quick)
	bindTo(t, c, "placed", node0)
	apps := map[string]int{"tolerant": 2, "pinned": 1, "placed": 1, "web": 2}
	recorders := map[string]*harness.Recorder{}
	for app, n := range apps {
		c.Ready(app, n)
		recorders[app] = c.Record(t, c.Name, "app="+app)
	}
	c.Pool("spare", 2)

	plan := drainReport(t, c.Plugin(t, "drain-pool", "old", "--dry-run=client", "-o", "json").Want(t, 0))
	wantFinding(t, plan.Findings, "VU-225", "deployment/landing/tolerant", "operator: Exists", "kubectl edit deployment -n landing tolerant")
	wantFinding(t, plan.Findings, "VU-225", "deployment/landing/placed", "own-scheduler")
	wantFinding(t, plan.Findings, "VU-226", "deployment/landing/pinned", "spec.nodeName", node0)

	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--timeout=60s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-241", "deployment/landing/tolerant", "came to aks-old-", "operator: Exists")
	wantFinding(t, report.Findings, "VU-241", "deployment/landing/placed", "own-scheduler")
	wantFinding(t, report.Findings, "VU-241", "deployment/landing/pinned", "spec.nodeName")
	for app, n := range apps {
		ended := 0
		for _, times := range recorders[app].Ended() {
			ended += times
		}
		if ended > n {
			t.Errorf("%d pods of %s were evicted, it has %d", ended, app, n)
		}
	}
	for _, pod := range c.Pods("web") {
		if strings.HasPrefix(pod.Spec.NodeName, "aks-old-") {
			t.Errorf("%s was held up by the others", pod.Name)
		}
	}
	counts := report.Result.Counts
	if counts.Moved != 2 || counts.Returned < 2 || counts.StillThere != len(report.Result.Left) || counts.StillThere != 4 {
		t.Errorf("%+v, left %+v", counts, report.Result.Left)
	}
}
