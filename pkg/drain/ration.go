// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// spareEvictions is how many pods beyond those that there were at the start a run
// asks for of one workload: those that reached a node in the moment before its
// cordon took effect, and the few that fail by themselves meanwhile.
const spareEvictions = 5

// ration bounds the pods of each source that one run asks the server to evict.
// Why pods come back can be known in part only (see landing); this bound holds
// whatever the reason is. A request that was refused or got no answer counts; a
// second request for the same pod evicts nothing more and does not.
type ration struct {
	granted, taken map[cluster.Ref]int
}

func newRation() *ration {
	return &ration{granted: map[cluster.Ref]int{}, taken: map[cluster.Ref]int{}}
}

// sourceOf is what makes a pod: its workload, whatever its uid; for a Job what
// makes that (a CronJob makes one after the other); for a pod without a controller
// its namespace, since nothing tells who makes it again under another name.
func sourceOf(owner cluster.Ref, pod *corev1.Pod) cluster.Ref {
	if owner.Kind == "" {
		return cluster.Ref{Kind: "Pod", Namespace: pod.Namespace}
	}
	if owner.Kind == cluster.KindJob {
		owner.Name = profileObject(owner).Name
	}
	owner.UID = ""
	return owner
}

// grant notes a pod that there is when the run begins.
func (r *ration) grant(source cluster.Ref) { r.granted[source]++ }

// take reports whether a further pod of a source may be asked for, and counts it.
func (r *ration) take(source cluster.Ref) bool {
	if r.taken[source] >= r.granted[source]+spareEvictions {
		return false
	}
	r.taken[source]++
	return true
}

// tooMany is the finding for a workload whose pods come back without end.
func (r *ration) tooMany(g *group, source cluster.Ref) v1alpha1.Finding {
	return finding.New(finding.EvictionsBounded, g.ref.String(),
		fmt.Sprintf("%d pods were asked to go, of %d that there were: its pods come back to the pool without end", r.taken[source], r.granted[source]),
		"kubectl get pods -n "+g.ref.Namespace+" -o wide # find out what brings them back")
}
