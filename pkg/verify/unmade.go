// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// whyUnmade says why no pod is made for a workload that is short of some, and which
// command shows it; both are empty where that is not known, or not the case.
func (j *judge) whyUnmade(w *v1alpha1.WorkloadRecord) (why, show string) {
	known := j.workloadOf(w)
	if known == nil || !known.Unmade(w.Replicas) {
		return "", ""
	}
	said := cmp.Or(j.Snapshot.CreationFailure(known.Ref), j.failedCreate(known.Ref))
	if said == "" {
		return "", ""
	}
	r, _ := refusal.Parse(said)
	return "; no pod is made: " + r.String(), r.Command(w.Namespace)
}

// workloadOf is the workload of a record; nil where there is none.
func (j *judge) workloadOf(w *v1alpha1.WorkloadRecord) *cluster.Workload {
	kinds := map[string]cluster.Kind{"deployment": cluster.KindDeployment, "statefulset": cluster.KindStatefulSet, "replicaset": cluster.KindReplicaSet}
	return j.Snapshot.FindWorkload(string(kinds[w.Kind]), w.Namespace, w.Name)
}

// failedCreate is what the events of a workload tell of pods that could not be made.
func (j *judge) failedCreate(ref cluster.Ref) string {
	for i := range j.Survey.Events {
		if e := &j.Survey.Events[i]; e.UID == ref.UID && e.Reason == cluster.ReasonFailedCreate {
			return e.Message
		}
	}
	return ""
}

// isMade reports whether an owner of pods has all of them again, or is gone.
func (j *judge) isMade(e *cluster.Event) bool {
	w := j.Snapshot.OwnerByUID(e.UID)
	switch e.Kind {
	case cluster.KindDeployment, cluster.KindReplicaSet, cluster.KindStatefulSet:
		return w == nil || w.Ready() >= w.Replicas
	case cluster.KindJob:
		return w != nil // it has a pod
	case cluster.KindDaemonSet:
		for i := range j.Now.Workloads {
			if d := &j.Now.Workloads[i]; d.Kind == kindDaemonSet && d.Namespace == e.Namespace && d.Name == e.Name {
				return d.Ready >= d.Replicas
			}
		}
		return true
	}
	return false
}
