// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// eventsLast is how long API servers keep events, unless told otherwise.
const eventsLast = time.Hour

// trouble passes on events of trouble. Pods that move have some; those of objects
// that are well again are no findings.
func (j *judge) trouble() (string, bool) {
	since := j.Time.Add(-eventsLast)
	if j.Baseline != nil {
		since = j.Baseline.Time.Time
	}
	over := 0
	for i := range j.Survey.Events {
		e := &j.Survey.Events[i]
		if e.Last.Before(since) {
			continue
		}
		name := object(string(e.Kind), e.Namespace, e.Name)
		t := v1alpha1.TroubleEvent{Object: name, Reason: e.Reason, Message: e.Message, Count: e.Count, Last: metav1.NewTime(e.Last), Over: j.isOver(e)}
		j.events = append(j.events, t)
		if t.Over {
			over++
			continue
		}
		describe := "kubectl describe " + e.Kind.Type() + " " + e.Name
		if e.Namespace != "" {
			describe = "kubectl describe -n " + e.Namespace + " " + e.Kind.Type() + " " + e.Name
		}
		j.add(finding.TroubleReported, name, e.Reason+": "+e.Message, describe)
	}
	if len(j.events) == 0 {
		return none, false
	}
	return counted(len(j.events)-over, "event") + " of objects that are not well, " + counted(over, "event") + " of others", false
}

// isOver reports whether the object of an event is well, or gone.
func (j *judge) isOver(e *cluster.Event) bool {
	switch string(e.Kind) {
	case "Pod":
		pod := j.Snapshot.Pod(e.Namespace, e.Name)
		// What ails a pod that has its node is something else than where to put it.
		placed := e.Reason == "FailedScheduling" && pod != nil && pod.Spec.NodeName != ""
		return pod == nil || pod.UID != e.UID || placed || cluster.IsServing(pod) || pod.Status.Phase == corev1.PodSucceeded
	case "PersistentVolumeClaim":
		for i := range j.Now.Claims {
			if c := &j.Now.Claims[i]; c.Namespace == e.Namespace && c.Name == e.Name {
				return c.Phase == string(corev1.ClaimBound)
			}
		}
		return true
	}
	return e.Reason == cluster.ReasonFailedCreate && j.isMade(e)
}
