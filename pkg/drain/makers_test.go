// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// maker is a controller of pods that the suite does not read, or a script that makes
// pods without a controller.
type maker struct {
	app    string
	wanted int
	make   func(serial int) *corev1.Pod
}

// living counts the pods of an app that are not on their way out.
func (w *world) living(app string) int {
	n := 0
	for _, pod := range w.pods {
		if pod.Labels["app"] == app && pod.DeletionTimestamp == nil {
			n++
		}
	}
	return n
}

// addMaker adds a maker with its pods on a node; the pods that it makes later come
// Pending, and go where the world's home says.
func (w *world) addMaker(app string, wanted int, node string, options ...fixture.Option) {
	m := maker{app: app, wanted: wanted, make: func(serial int) *corev1.Pod {
		pod := fixture.Pod(fmt.Sprintf("app/%s-%d", app, serial), fixture.Label("app", app), fixture.Phase(corev1.PodPending))
		for _, o := range options {
			o(pod)
		}
		return pod
	}}
	w.makers = append(w.makers, m)
	for range wanted {
		pod := m.make(w.serial)
		fixture.On(node)(pod)
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		w.put(pod)
	}
}

// evicted counts the pods of an app that were evicted.
func (w *world) evicted(e *Engine, app string) int {
	n := 0
	for _, g := range e.groups {
		for _, m := range g.members {
			if m.Pod.Labels["app"] == app && w.evictions[m.Pod.UID] > 0 {
				n++
			}
		}
	}
	return n
}
