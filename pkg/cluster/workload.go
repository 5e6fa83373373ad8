// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Ref identifies a workload.
type Ref struct {
	Kind            Kind
	Namespace, Name string
	UID             types.UID
}

// String is the way findings name objects: statefulset/app/mongodb.
func (r Ref) String() string {
	return r.Kind.Type() + "/" + r.Namespace + "/" + r.Name
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
	// FirstOrdinal is the number of the first pod of a StatefulSet (spec.ordinals).
	FirstOrdinal int
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

// Keeps reports whether a pod stays when the workload has no more pods than wanted. A
// StatefulSet that is scaled down takes those of the highest ordinals away, Ready or
// not (pkg/controller/statefulset/stateful_set_control.go of Kubernetes); of other
// kinds any may go.
func (w *Workload) Keeps(pod *corev1.Pod) bool {
	if w.Kind != KindStatefulSet || !w.Scaled {
		return true
	}
	at, err := strconv.Atoi(pod.Name[strings.LastIndex(pod.Name, "-")+1:])
	return err != nil || at >= w.FirstOrdinal && at < w.FirstOrdinal+w.Replicas
}

// IsEnding reports whether the workload is being deleted: its controller makes no pods
// for it any more, however long a finalizer keeps it.
func (w *Workload) IsEnding() bool { return w.Meta != nil && w.Meta.DeletionTimestamp != nil }

// IsSettled reports whether the workload is what its newest spec asks for: its
// controller has seen it, and there are exactly so many pods, all Ready. It does
// not ask for pods of the newest template: a rolling update is no matter of ours.
func (w *Workload) IsSettled() bool {
	return w.Observed && len(w.Pods) == w.Replicas && w.Ready() == w.Replicas
}

// IsTask reports whether the workload's pods end by themselves, so that there is no
// readiness to keep: those of a Job, and of a kind that is not read where none of
// them is restarted in any case. Kubernetes' own controllers of services accept no
// other restartPolicy than Always.
func (w *Workload) IsTask() bool {
	if w.Kind == KindJob {
		return true
	}
	serves := func(pod *corev1.Pod) bool {
		return pod.Spec.RestartPolicy != corev1.RestartPolicyNever && pod.Spec.RestartPolicy != corev1.RestartPolicyOnFailure
	}
	return w.Kind.Group() != "" && len(w.Pods) > 0 && !slices.ContainsFunc(w.Pods, serves)
}

// Unmade reports whether there are fewer pods of a workload than wanted, which is
// its own number unless the kind is not read. A ReplicaSet does not wait for the end
// of a pod before it makes another one; elsewhere, as in a StatefulSet, the pod may
// have to be gone first.
func (w *Workload) Unmade(wanted int) bool {
	n := len(w.Pods)
	if w.Kind == KindDeployment || w.Kind == KindReplicaSet {
		for _, pod := range w.Pods {
			if pod.DeletionTimestamp != nil {
				n--
			}
		}
	}
	return n < wanted
}

// ControllerOf returns the controller of an object, for a pod of a Deployment its
// ReplicaSet; false where there is none.
func ControllerOf(o metav1.Object) (Ref, bool) { return ownerOf(o) }

// OwnersBeside names the owners of an object that are not its controller, as kubectl
// does: configmap/lock. They are looked at by the garbage collector alone. Whether
// one of them has a namespace is not told, so it is left out.
func OwnersBeside(o metav1.Object) []string {
	var names []string
	for _, owner := range o.GetOwnerReferences() {
		if owner.Controller == nil || !*owner.Controller {
			names = append(names, KindOf(owner.APIVersion, owner.Kind).Type()+"/"+owner.Name)
		}
	}
	return names
}

// ownerOf returns the controller of an object as a Ref in namespace.
func ownerOf(o metav1.Object) (Ref, bool) {
	c := metav1.GetControllerOfNoCopy(o)
	if c == nil {
		return Ref{}, false
	}
	return Ref{Kind: KindOf(c.APIVersion, c.Kind), Namespace: o.GetNamespace(), Name: c.Name, UID: c.UID}, true
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
	first := 0
	if s.Spec.Ordinals != nil {
		first = int(s.Spec.Ordinals.Start)
	}
	return &Workload{
		Ref:      Ref{Kind: KindStatefulSet, Namespace: s.Namespace, Name: s.Name, UID: s.UID},
		Replicas: replicas(s.Spec.Replicas), Scaled: true,
		Meta: &s.ObjectMeta, Observed: s.Status.ObservedGeneration >= s.Generation,
		FirstOrdinal: first, HasClaims: len(s.Spec.VolumeClaimTemplates) > 0,
		NodeName: s.Spec.Template.Spec.NodeName,
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

// ReasonFailedCreate is the reason of a condition or an event that tells of a pod
// that a controller could not make. Its message quotes the API server.
const ReasonFailedCreate = "FailedCreate"

// creationFailure is what a ReplicaSet reports of pods that it could not make; empty
// for none.
func creationFailure(r *appsv1.ReplicaSet) string {
	for i := range r.Status.Conditions {
		c := &r.Status.Conditions[i]
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && c.Reason == ReasonFailedCreate {
			return c.Message
		}
	}
	return ""
}

// CreationFailure is why the controller of a workload could not make its pods when
// it last tried, as its ReplicaSets report it; empty where they report nothing, and
// for kinds that have no such condition: those tell it in events.
func (s *Snapshot) CreationFailure(ref Ref) string { return s.failures[ref.UID] }

// replicas reads spec.replicas, which the API server defaults to 1.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}
