// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

func TestPodStates(t *testing.T) {
	type options = []fixture.Option
	initContainer := func(status corev1.ContainerStatus) fixture.Option {
		status.Name = "wait-for-mongodb"
		return func(o metav1.Object) {
			o.(*corev1.Pod).Status.InitContainerStatuses = []corev1.ContainerStatus{status}
		}
	}
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	pod := func(change func(*corev1.Pod)) fixture.Option {
		return func(o metav1.Object) { change(o.(*corev1.Pod)) }
	}
	n1 := fixture.On("n1")
	tests := map[string]struct {
		pod     options
		serving bool
		broken  bool
		why     string
		// open: the pod itself does not tell the reason.
		open bool
	}{
		"Ready":            {pod: options{n1}, serving: true, why: "not Ready on n1", open: true},
		"starting":         {pod: options{n1, fixture.NotReady()}, why: "not Ready on n1", open: true},
		"not scheduled":    {pod: options{fixture.Phase(corev1.PodPending)}, why: "Pending", open: true},
		"on its way out":   {pod: options{n1, fixture.Terminating()}, why: "Terminating"},
		"no node for it":   {pod: options{fixture.Unschedulable("0/3 nodes are available")}, broken: true, why: "Pending: 0/3 nodes are available"},
		"no node, deleted": {pod: options{fixture.Unschedulable("0/3 nodes"), fixture.Terminating()}, why: "Terminating"},
		// The condition may outlive the moment; a pod with a node has one.
		"found a node since": {pod: options{fixture.Unschedulable("0/3 nodes"), n1}, why: "not Ready on n1", open: true},

		"container is created": {
			pod: options{n1, fixture.Waiting("ContainerCreating", "", 0)}, why: "ContainerCreating (container main)", open: true,
		},
		"container crashes": {
			pod: options{n1, fixture.Waiting("CrashLoopBackOff", "back-off 5m0s", 9)}, broken: true, why: "CrashLoopBackOff (container main): back-off 5m0s",
		},
		"image cannot be pulled": {
			pod: options{n1, fixture.Waiting("ImagePullBackOff", `Back-off pulling image "x"`, 0)}, broken: true, why: `ImagePullBackOff (container main): Back-off pulling image "x"`,
		},
		// The first failed pull may be a moment's trouble of the registry.
		"image was not pulled once": {pod: options{n1, fixture.Waiting("ErrImagePull", "EOF", 0)}, why: "ErrImagePull (container main): EOF"},
		"a Secret is missing": {
			pod: options{n1, fixture.Waiting("CreateContainerConfigError", `secret "s" not found`, 0)}, broken: true, why: `CreateContainerConfigError (container main): secret "s" not found`,
		},
		"init container waits for MongoDB": {
			pod: options{n1, fixture.NotReady(), initContainer(corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})}, why: "init container wait-for-mongodb runs", open: true,
		},
		"init container crashes, named before the others": {
			pod:    options{n1, fixture.Waiting("PodInitializing", "", 0), initContainer(corev1.ContainerStatus{State: waiting("CrashLoopBackOff"), RestartCount: 2})},
			broken: true, why: "CrashLoopBackOff (init container wait-for-mongodb)",
		},
		"init container succeeded after a failure": {
			pod: options{n1, fixture.NotReady(), initContainer(corev1.ContainerStatus{Ready: true, RestartCount: 1, State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}})}, why: "not Ready on n1", open: true,
		},
		"init container has just ended": {
			pod: options{n1, fixture.NotReady(), initContainer(corev1.ContainerStatus{RestartCount: 1, State: ended})}, why: "init container wait-for-mongodb ended with 1 (Error)",
		},
		"a sidecar serves, the others do not": {
			pod: options{n1, fixture.NotReady(), initContainer(corev1.ContainerStatus{Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})}, why: "not Ready on n1", open: true,
		},
		"held by gates": {
			pod: options{fixture.Phase(corev1.PodPending), pod(func(p *corev1.Pod) { p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "quota"}} })},
			why: "Pending: held by its scheduling gates quota",
		},
		"another scheduler": {
			pod: options{fixture.Phase(corev1.PodPending), pod(func(p *corev1.Pod) { p.Spec.SchedulerName = "volcano" })},
			why: "Pending: the scheduler volcano has not placed it", open: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := fixture.Pod("app/p", test.pod...)
			if got := cluster.IsServing(pod); got != test.serving {
				t.Errorf("IsServing: got %v", got)
			}
			if got := cluster.IsBroken(pod); got != test.broken {
				t.Errorf("IsBroken: got %v", got)
			}
			if got := cluster.WhyNotReady(pod); got != test.why {
				t.Errorf("WhyNotReady: got %q, want %q", got, test.why)
			}
			if got := cluster.HidesReason(pod); got != test.open {
				t.Errorf("HidesReason: got %v", got)
			}
		})
	}
}

func TestPodKinds(t *testing.T) {
	if !cluster.IsMirror(fixture.Pod("kube-system/etcd", fixture.Mirror())) || cluster.IsMirror(fixture.Pod("app/p")) {
		t.Error("IsMirror is wrong")
	}
	for phase, want := range map[corev1.PodPhase]bool{
		corev1.PodPending: false, corev1.PodRunning: false, corev1.PodUnknown: false, corev1.PodSucceeded: true, corev1.PodFailed: true,
	} {
		if got := cluster.IsFinished(fixture.Pod("app/p", fixture.Phase(phase))); got != want {
			t.Errorf("IsFinished in phase %s: got %v", phase, got)
		}
	}
	if got := cluster.PodObject(fixture.Pod("app/p")); got != "pod/app/p" {
		t.Errorf("got %s", got)
	}
}

func TestNodeStates(t *testing.T) {
	silent := fixture.Node("n")
	silent.Status.Conditions[0].Status = corev1.ConditionUnknown // its kubelet says nothing
	bare := fixture.Node("n")
	bare.Status.Conditions = nil
	for name, test := range map[string]struct {
		node *corev1.Node
		want bool
	}{
		"Ready": {fixture.Node("n"), true}, "not Ready": {fixture.Node("n", fixture.NotReady()), false}, "unknown": {silent, false}, "new": {bare, false},
		"cordoned": {fixture.Node("n", fixture.Cordoned()), true},
	} {
		if got := cluster.IsNodeReady(test.node); got != test.want {
			t.Errorf("%s: got Ready %v", name, got)
		}
	}
}
