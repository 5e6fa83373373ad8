// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// ModeKeepOff and FieldNodeName are a keep-off pod's in the journal: before there
// is none, after it stands on a node.
const (
	ModeKeepOff   = "keep-off"
	FieldNodeName = "spec.nodeName"
)

// keepOffLasts ends a keep-off pod by itself, should nobody ever remove it: a
// pod that has ended keeps nothing off any more.
const keepOffLasts = time.Hour

// KeepOff is a pod that keeps others off nodes, and does nothing else. The
// scheduler places no pod where one that is there has a required anti-affinity
// against it (plugin InterPodAffinity, "existing pods' anti-affinity"). It heeds
// that from the moment on in which the pod has a node, whether its container ever
// runs or not: no image is pulled, and nothing is executed. No other pod is
// affected, unlike by a taint or a cordon.
type KeepOff struct {
	// Namespace and Name are the pod's own.
	Namespace, Name string
	// Node is where it stands, TopologyKey the label whose value there names the
	// nodes that it keeps pods off: those of a pool, or one node.
	Node, TopologyKey string
	// OffNamespace and OffLabels select the pods that it keeps off.
	OffNamespace string
	OffLabels    map[string]string
}

// Change is the line of the journal for the pod.
func (o KeepOff) Change() journal.Change {
	node, err := json.Marshal(o.Node)
	if err != nil {
		node = []byte("null")
	}
	return journal.Change{
		Object: journal.Object{APIVersion: "v1", Kind: "Pod", Namespace: o.Namespace, Name: o.Name},
		Field:  FieldNodeName, Before: json.RawMessage("null"), After: node, Mode: ModeKeepOff,
	}
}

// pod is the pod for a line of the journal.
func (o KeepOff) pod(run *journal.Run, mark string) *corev1.Pod {
	none, deadline := int64(0), int64(keepOffLasts.Seconds())
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: o.Namespace, Name: o.Name,
			Labels:      map[string]string{journal.KeepOffLabel: run.ID},
			Annotations: map[string]string{Annotation: mark},
		},
		Spec: corev1.PodSpec{
			NodeName: o.Node, RestartPolicy: corev1.RestartPolicyNever,
			TerminationGracePeriodSeconds: &none, ActiveDeadlineSeconds: &deadline,
			AutomountServiceAccountToken: new(false), EnableServiceLinks: new(false),
			SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
			Tolerations:     []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: "none", Image: "keep-off", ImagePullPolicy: corev1.PullNever,
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
			Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
					TopologyKey: o.TopologyKey, Namespaces: []string{o.OffNamespace},
					LabelSelector: &metav1.LabelSelector{MatchLabels: o.OffLabels},
				}},
			}},
		},
	}
}

// KeepOff makes a keep-off pod that the journal has as c. One that was made
// already is none the worse.
func (k Keeper) KeepOff(ctx context.Context, run *journal.Run, c journal.Change, o KeepOff) error {
	mark, err := json.Marshal(newMark(run, c))
	if err != nil {
		return err
	}
	options := metav1.CreateOptions{FieldManager: drain.FieldManager}
	if k.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	err = k.Retry(ctx, func() error {
		_, err := k.Client.CoreV1().Pods(o.Namespace).Create(ctx, o.pod(run, string(mark)), options)
		return err
	})
	if apierrors.IsAlreadyExists(err) {
		standing, live, lookErr := k.Look(ctx, run.ID, c)
		switch {
		case lookErr != nil:
			return lookErr
		case standing == Ours:
			return nil // the answer was lost
		}
		return k.conflict(run.ID, c, standing, live)
	}
	if err != nil {
		return fmt.Errorf("keeping pods off by %s: %w", c.Object, err)
	}
	return nil
}

// remove takes a keep-off pod away. It returns how it stood; where it is none of
// ours, a *ConflictError beside it.
func (k Keeper) remove(ctx context.Context, run string, c journal.Change) (Standing, error) {
	standing, live, err := k.Look(ctx, run, c)
	if err != nil {
		return standing, err
	}
	if standing != Ours {
		return standing, k.conflict(run, c, standing, live)
	}
	options := metav1.DeleteOptions{GracePeriodSeconds: new(int64(0)), Preconditions: &metav1.Preconditions{UID: &live.UID}}
	if k.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	err = k.Retry(ctx, func() error {
		return k.Client.CoreV1().Pods(c.Object.Namespace).Delete(ctx, c.Object.Name, options)
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return standing, fmt.Errorf("removing %s: %w", c.Object, err)
	}
	return standing, nil
}
