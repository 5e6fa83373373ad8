// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

const exceeded = `pods "web-x" is forbidden: exceeded quota: small, requested: pods=1`

// short takes the pod web-1 from the Deployment app/web, whose ReplicaSet reports
// that it could not make another one.
func short(w *world) {
	owner := func(kind, name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID(name), Controller: new(true)}}
	}
	w.Deployments = []*appsv1.Deployment{{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web", UID: "web"}, Spec: appsv1.DeploymentSpec{Replicas: new(int32(2))}}}
	w.ReplicaSets = []*appsv1.ReplicaSet{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web-5d", UID: "web-5d", OwnerReferences: owner("Deployment", "web")},
		Status: appsv1.ReplicaSetStatus{Conditions: []appsv1.ReplicaSetCondition{
			{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: exceeded},
		}},
	}}
	w.Pods = w.Pods[:1]
	w.Pods[0].OwnerReferences = owner("ReplicaSet", "web-5d")
	w.Now.Pods, w.Now.Workloads[0].Ready = w.Now.Pods[:1], 1
	w.Baseline.Pods = w.Now.Pods
}

// database is a StatefulSet of one replica that has no pod, and the event that says
// why; before is how it was in the baseline.
func database(before int) func(*world) {
	return func(w *world) {
		w.StatefulSets = append(w.StatefulSets, &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "db", UID: "db"}, Spec: appsv1.StatefulSetSpec{Replicas: new(int32(1))}})
		record := v1alpha1.WorkloadRecord{Kind: "statefulset", Namespace: "app", Name: "db", Replicas: 1}
		w.Now.Workloads = append(w.Now.Workloads, record)
		record.Ready = before
		w.Baseline.Workloads = append(w.Baseline.Workloads, record)
		w.Survey.Events = []cluster.Event{{Kind: "StatefulSet", Namespace: "app", Name: "db", UID: "db", Reason: "FailedCreate", Message: "create Pod db-0 in StatefulSet db failed error: " + exceeded, Count: 9, Last: moment.Add(-time.Minute)}}
	}
}

// TestUnmade: a workload that is short because nobody lets its pods be made says
// why, by the condition of its ReplicaSet or by its events.
func TestUnmade(t *testing.T) {
	run(t, []judged{
		{
			name: "by a condition", change: short, check: "workloads Failed",
			findings: []string{"VU-511 Error deployment/app/web: 1 of 2 Ready, in the baseline 2 of 2; no pod is made: exceeded quota: small, requested: pods=1"},
		},
		{
			name: "all pods are there: it is something else", check: "workloads Failed",
			change: func(w *world) {
				short(w)
				second := w.Pods[0].DeepCopy()
				second.Name = "web-2"
				w.Pods = append(w.Pods, second)
			},
			findings: []string{"VU-511 Error deployment/app/web: 1 of 2 Ready, in the baseline 2 of 2"},
		},
		{
			name: "by an event", change: database(1), check: "workloads Failed, events Warning",
			findings: []string{
				"VU-511 Error statefulset/app/db: 0 of 1 Ready, in the baseline 1 of 1; no pod is made: exceeded quota: small, requested: pods=1",
				"VU-546 Warning statefulset/app/db: FailedCreate: create Pod db-0 in StatefulSet db failed error: " + exceeded,
			},
		},
		{
			name: "the event of one that was deleted and made again", check: "workloads Failed",
			change: func(w *world) {
				database(1)(w)
				w.Survey.Events[0].UID = "former"
			},
			findings: []string{"VU-511 Error statefulset/app/db: 0 of 1 Ready, in the baseline 1 of 1"},
		},
	})
}

// TestMadeAfterAll: an event of pods that could not be made is over when they are
// there, or when their owner is gone.
func TestMadeAfterAll(t *testing.T) {
	for name, tt := range map[string]struct {
		kind, name string
		uid        types.UID
		change     func(*world)
		over       bool
	}{
		"a ReplicaSet that is short": {"ReplicaSet", "web-5d", "web-5d", short, false},
		"a ReplicaSet that is not":   {"ReplicaSet", "web-5d", "web-5d", func(w *world) { short(w); w.Deployments[0].Spec.Replicas = new(int32(1)) }, true},
		"a ReplicaSet that is gone":  {"ReplicaSet", "web-4c", "web-4c", short, true},
		"a Job without a pod":        {"Job", "sum", "sum", func(*world) {}, false},
		"a Job that has one": {"Job", "sum", "sum", func(w *world) {
			w.Pods[0].OwnerReferences = []metav1.OwnerReference{{Kind: "Job", Name: "sum", UID: "sum", Controller: new(true)}}
		}, true},
		"a DaemonSet that is short":      {"DaemonSet", "agent", "agent", daemonSet(1), false},
		"a DaemonSet that is not":        {"DaemonSet", "agent", "agent", daemonSet(2), true},
		"a DaemonSet that is gone":       {"DaemonSet", "other", "other", daemonSet(1), true},
		"an owner that nobody here read": {"CloneSet", "web", "clones", func(*world) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := well()
			tt.change(w)
			w.Survey.Events = []cluster.Event{{Kind: cluster.Kind(tt.kind), Namespace: "app", Name: tt.name, UID: tt.uid, Reason: "FailedCreate", Message: exceeded, Last: moment}}
			if got := w.judge(t).Events; len(got) != 1 || got[0].Over != tt.over {
				t.Errorf("%+v", got)
			}
		})
	}
}

func daemonSet(ready int) func(*world) {
	return func(w *world) {
		w.Now.Workloads = append(w.Now.Workloads, v1alpha1.WorkloadRecord{Kind: kindDaemonSet, Namespace: "app", Name: "agent", Replicas: 2, Ready: ready})
	}
}
