// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Kinds that the suite treats in a way of their own.
const (
	KindDaemonSet   = "DaemonSet"
	KindDeployment  = "Deployment"
	KindJob         = "Job"
	KindReplicaSet  = "ReplicaSet"
	KindStatefulSet = "StatefulSet"

	kindCronJob = "CronJob"
)

// Ref identifies a workload.
type Ref struct {
	Kind, Namespace, Name string
	UID                   types.UID
}

// String is the way findings name objects: statefulset/app/mongodb.
func (r Ref) String() string {
	return strings.ToLower(r.Kind) + "/" + r.Namespace + "/" + r.Name
}

// Workload is the topmost owner of pods: a StatefulSet, a Deployment (not its
// ReplicaSets), a Job, or an owner of a kind that the suite does not read.
type Workload struct {
	Ref
	// Replicas is the desired number. Where the kind is not read (Scaled is
	// false) it is the number of pods that there are.
	Replicas int
	// Scaled is true when Replicas comes from the object's own spec.
	Scaled bool
	// MaxUnavailable is what the workload's own rolling update tolerates; nil
	// where the kind or the strategy says nothing.
	MaxUnavailable *intstr.IntOrString
	// Meta is the object's metadata, which says who looks after it; nil where
	// the kind is not read.
	Meta *metav1.ObjectMeta
	// HasClaims is true for a StatefulSet whose pods have volumes of their own.
	HasClaims bool
	// NodeName is the node that the pod template names (spec.nodeName); its pods come
	// to it past the scheduler. Mostly empty.
	NodeName string
	// Observed is true when the workload's controller has seen its newest spec.
	Observed bool
	// Pods are its unfinished pods, terminating ones included.
	Pods []*corev1.Pod
}

// Ready counts the pods that are Ready and not terminating. This is stricter
// than status.readyReplicas, which counts a terminating pod as long as its
// process answers.
func (w *Workload) Ready() int {
	n := 0
	for _, pod := range w.Pods {
		if IsServing(pod) {
			n++
		}
	}
	return n
}

// IsSettled reports whether the workload is what its newest spec asks for: its
// controller has seen it, and there are exactly so many pods, all Ready. It does
// not ask for pods of the newest template: a rolling update is no matter of ours.
func (w *Workload) IsSettled() bool {
	return w.Observed && len(w.Pods) == w.Replicas && w.Ready() == w.Replicas
}

// ControllerOf returns the controller of an object, for a pod of a Deployment its
// ReplicaSet; false where there is none.
func ControllerOf(o metav1.Object) (Ref, bool) { return ownerOf(o) }

// ownerOf returns the controller of an object as a Ref in namespace.
func ownerOf(o metav1.Object) (Ref, bool) {
	c := metav1.GetControllerOfNoCopy(o)
	if c == nil {
		return Ref{}, false
	}
	return Ref{Kind: c.Kind, Namespace: o.GetNamespace(), Name: c.Name, UID: c.UID}, true
}

func fromDeployment(d *appsv1.Deployment) *Workload {
	w := &Workload{
		Ref:      Ref{Kind: KindDeployment, Namespace: d.Namespace, Name: d.Name, UID: d.UID},
		Replicas: replicas(d.Spec.Replicas), Scaled: true,
		Meta: &d.ObjectMeta, Observed: d.Status.ObservedGeneration >= d.Generation,
		NodeName: d.Spec.Template.Spec.NodeName,
	}
	if d.Spec.Strategy.RollingUpdate != nil {
		w.MaxUnavailable = d.Spec.Strategy.RollingUpdate.MaxUnavailable
	}
	return w
}

func fromStatefulSet(s *appsv1.StatefulSet) *Workload {
	return &Workload{
		Ref:      Ref{Kind: KindStatefulSet, Namespace: s.Namespace, Name: s.Name, UID: s.UID},
		Replicas: replicas(s.Spec.Replicas), Scaled: true,
		Meta: &s.ObjectMeta, Observed: s.Status.ObservedGeneration >= s.Generation,
		HasClaims: len(s.Spec.VolumeClaimTemplates) > 0,
		NodeName:  s.Spec.Template.Spec.NodeName,
	}
}

func fromReplicaSet(r *appsv1.ReplicaSet) *Workload {
	return &Workload{
		Ref:      Ref{Kind: KindReplicaSet, Namespace: r.Namespace, Name: r.Name, UID: r.UID},
		Replicas: replicas(r.Spec.Replicas), Scaled: true,
		Meta: &r.ObjectMeta, Observed: r.Status.ObservedGeneration >= r.Generation,
		NodeName: r.Spec.Template.Spec.NodeName,
	}
}

// replicas reads spec.replicas, which the API server defaults to 1.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}
