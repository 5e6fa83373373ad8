// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// moment is how long a pod may be without a node: the scheduler takes its time.
const moment = 10 * time.Second

// judgePool asks the map of the profile. Where none of the pools has a role that
// the pod belongs to, judgeRoles says so once for all.
func (j *judge) judgePool(s *subject) {
	switch {
	case len(s.roles()) == 0:
	case len(s.out.Belongs) == 0:
		s.blame(fault{
			code: finding.PoolUnknown, severity: v1alpha1.SeverityError,
			cause: "belongs to the role " + strings.Join(s.roles(), ", ") + ", which no pool has",
		})
	case !slices.Contains(s.roles(), j.roleOf(s.node)):
		s.blame(fault{
			code: finding.WrongPool, severity: v1alpha1.SeverityError,
			cause: "on pool " + named(s.out.Pool) + ", belongs on " + strings.Join(s.out.Belongs, " or "),
		})
	}
}

// judgeReserved looks for pods on pools that are kept for others. What the map
// puts elsewhere is in a wrong place already.
func (j *judge) judgeReserved(s *subject) {
	if len(s.roles()) > 0 || !j.Profile.IsReserved(j.roleOf(s.node)) {
		return
	}
	s.blame(fault{
		code: finding.Foreigner, severity: v1alpha1.SeverityWarning,
		cause: "on pool " + named(s.out.Pool) + ", which is reserved for " + j.roleOf(s.node),
	})
}

// judgeRules asks whether the pod's own hard rules would let it go back to its
// node.
func (j *judge) judgeRules(s *subject) {
	matches, err := nodeaffinity.GetRequiredNodeAffinity(s.pod).Match(s.node)
	taint := untolerated(s.pod, s.node, keepsOutForGood)
	switch {
	case j.Snapshot.Node(s.node.Name) == nil: // the node is gone, its pods follow
	case err != nil || !matches:
		s.blame(fault{code: finding.AffinityBroken, severity: v1alpha1.SeverityError, cause: "its node selector or required node affinity does not match its node any more"})
	case taint != "":
		s.blame(fault{code: finding.AffinityBroken, severity: v1alpha1.SeverityError, cause: "does not tolerate the taint " + taint + " of its node"})
	}
}

// keepsOutForGood selects the taints that somebody has put on a node, not those
// that Kubernetes sets for its condition: a cordon says nothing of where pods
// belong.
func keepsOutForGood(taint *corev1.Taint) bool {
	return keepsOut(taint) && !strings.HasPrefix(taint.Key, "node.kubernetes.io/") && !strings.HasPrefix(taint.Key, "node.cloudprovider.kubernetes.io/")
}

// judgeVolumes asks whether the volumes of a pod can be attached to its node.
func (j *judge) judgeVolumes(s *subject) {
	for _, v := range j.Volumes.Of(s.pod) {
		if reachesNode(v, s.node) || j.Snapshot.Node(s.node.Name) == nil {
			continue
		}
		where := "not where its node is"
		if zones := cluster.VolumeZones(v); len(zones) > 0 {
			where = "in zone " + strings.Join(zones, " and ")
		}
		s.blame(fault{
			code: finding.VolumeElsewhere, severity: v1alpha1.SeverityError,
			cause: fmt.Sprintf("its volume %s is %s; its node is in zone %s", v.Name, where, named(s.out.Zone)),
		})
	}
}

// judgePreference looks for a node that fits the pod's preferred node affinity
// better and would take it.
func (j *judge) judgePreference(s *subject) {
	preferred := preferredBy(s.pod)
	if preferred == nil || s.has(finding.WrongPool) || s.has(finding.PoolUnknown) {
		return
	}
	all, now := j.scoresOf(s.pod), preferred.Score(s.node)
	if now == all.best {
		return
	}
	worse := func(node *corev1.Node) string {
		if all.of[node.Name] > now {
			return ""
		}
		return "fits its preference no better"
	}
	home := j.home(s)
	if !slices.ContainsFunc(home, func(n *corev1.Node) bool { return worse(n) == "" }) {
		return
	}
	if rooms, _ := j.space.For(s.pod).fitting(home, worse); len(rooms) > 0 {
		s.blame(fault{
			code: finding.PreferenceUnmet, severity: v1alpha1.SeverityWarning,
			mends: func(node *corev1.Node, _ *layout) string { return worse(node) },
			cause: "another node fits its preferred node affinity better",
		})
	}
}

// scores are those of all nodes for a preferred node affinity.
type scores struct {
	of   map[string]int64
	best int64
}

// scoresOf scores all nodes for the preferred node affinity of a pod, which most
// pods of a cluster share with many others.
func (j *judge) scoresOf(pod *corev1.Pod) scores {
	terms, err := json.Marshal(pod.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	key := string(terms)
	if known, done := j.scores[key]; done && err == nil {
		return known
	}
	all, preferred := scores{of: map[string]int64{}}, preferredBy(pod)
	for _, node := range j.Snapshot.Nodes {
		score := preferred.Score(node)
		all.of[node.Name] = score
		all.best = max(all.best, score)
	}
	j.scores[key] = all
	return all
}

// judgePending passes the scheduler's own reason on.
func (j *judge) judgePending(s *subject) {
	cause, severity := "no scheduler has looked at it", v1alpha1.SeverityError
	for _, c := range s.pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			cause = cmp.Or(c.Message, c.Reason)
		}
	}
	if j.Time.Sub(waiting(s.pod)) < moment {
		severity = v1alpha1.SeverityWarning // it may find one yet
	}
	s.blame(fault{code: finding.PodPending, severity: severity, cause: cause})
}

// named is a name for a sentence.
func named(name string) string { return cmp.Or(name, "<none>") }
