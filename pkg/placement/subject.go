// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// subject is a pod that is judged.
type subject struct {
	pod   *corev1.Pod
	owner cluster.Ref
	owned bool
	isJob bool
	// workload is what creates the pod again; nil where nothing does.
	workload *cluster.Workload
	// known is what the profile knows of its workload, where the map counts.
	known *profile.Workload
	// node is nil for a pending pod; pool may be nil even so.
	node   *corev1.Node
	pool   *pool.Pool
	faults []fault
	// remedy mends what keeps the pod from a room; empty where nobody knows.
	remedy string
	out    v1alpha1.PlacedPod
}

// fault is something that is wrong with the place of a pod.
type fault struct {
	code     finding.Code
	severity v1alpha1.Severity
	// object is that of the finding, where it is not the pod.
	object string
	cause  string
	// mends says why a node, where the pod belongs, would not mend the fault in a
	// layout; empty where it would. nil asks nothing.
	mends func(*corev1.Node, *layout) string
}

// blame adds a fault to a pod.
func (s *subject) blame(f fault) {
	s.faults = append(s.faults, f)
	if code := string(f.code); !slices.Contains(s.out.Codes, code) {
		s.out.Codes = append(s.out.Codes, code)
	}
	switch {
	case s.node == nil:
		s.out.Verdict = v1alpha1.PlacementPending
	case f.severity == v1alpha1.SeverityError:
		s.out.Verdict = v1alpha1.PlacementWrong
	case s.out.Verdict == v1alpha1.PlacementRight:
		s.out.Verdict = v1alpha1.PlacementPoor
	}
}

func (s *subject) has(code finding.Code) bool { return slices.Contains(s.out.Codes, string(code)) }

// mends says why a node would not mend what is wrong with the place of the pod in a
// layout; empty where it would.
func (s *subject) mends(node *corev1.Node, l *layout) string {
	for _, f := range s.faults {
		if f.mends == nil {
			continue
		}
		if why := f.mends(node, l); why != "" {
			return why
		}
	}
	return ""
}

// roles are those of the pools where the pod belongs; none means anywhere.
func (s *subject) roles() []string {
	if s.known == nil {
		return nil
	}
	return s.known.Roles
}

// seeks reports whether there is to be another place for the pod.
func (s *subject) seeks() bool {
	return len(s.faults) > 0 && !s.isJob && !s.out.DaemonSet && !s.has(finding.PoolUnknown)
}

// isReplica reports whether the pod is one of several that should be apart.
func (s *subject) isReplica() bool {
	return s.owned && s.node != nil && !s.out.DaemonSet && !s.isJob
}

// add takes a pod up.
func (j *judge) add(pod *corev1.Pod) {
	s := &subject{pod: pod}
	s.owner, s.owned = j.Snapshot.Owner(pod)
	if s.owned {
		s.workload = j.Snapshot.Workload(s.owner)
		s.isJob = s.workload != nil && s.workload.IsTask()
	}
	if j.mapped && s.owned {
		s.known = j.Profile.Lookup(profile.Object{Kind: string(s.owner.Kind), Namespace: s.owner.Namespace, Name: s.owner.Name})
	}
	s.out = v1alpha1.PlacedPod{
		Namespace: pod.Namespace, Name: pod.Name, Node: pod.Spec.NodeName, Verdict: v1alpha1.PlacementRight,
		DaemonSet: s.owner.Kind == cluster.KindDaemonSet || j.Snapshot.IsAgent(pod), Known: len(s.roles()) > 0, Belongs: j.belongs(s),
	}
	if s.owned {
		s.out.Workload = s.owner.String()
		j.members[s.owner] = append(j.members[s.owner], s)
	}
	if pod.Spec.NodeName == "" {
		s.out.Verdict = v1alpha1.PlacementPending
	} else {
		s.out.Since = since(pod)
		j.locate(s)
	}
	j.pods = append(j.pods, s)
}

// locate finds the node of a pod; a pod may outlive the object of its node.
func (j *judge) locate(s *subject) {
	if s.node = j.Snapshot.Node(s.pod.Spec.NodeName); s.node == nil {
		s.node = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.pod.Spec.NodeName}}
	}
	s.out.Zone = cluster.Zone(s.node)
	if s.pool = j.pools[s.node.Name]; s.pool != nil {
		s.out.Pool = s.pool.Name
	}
}

// belongs are the names of the pools where a pod belongs.
func (j *judge) belongs(s *subject) []string {
	var names []string
	for i := range j.Pools {
		if p := &j.Pools[i]; p.Role != "" && slices.Contains(s.roles(), p.Role) {
			names = append(names, p.Name)
		}
	}
	return names
}

// home are the nodes where a pod belongs: those of its roles, or else all that
// are not reserved for others.
func (j *judge) home(s *subject) []*corev1.Node {
	key := strings.Join(s.roles(), ",")
	if nodes, known := j.homes[key]; known {
		return nodes
	}
	var nodes []*corev1.Node
	for _, node := range j.Snapshot.Nodes {
		role := j.roleOf(node)
		reserved := j.mapped && j.Profile.IsReserved(role)
		if key == "" && !reserved || key != "" && slices.Contains(s.roles(), role) {
			nodes = append(nodes, node)
		}
	}
	j.homes[key] = nodes
	return nodes
}

// roleOf is the role of a node's pool; empty when unknown.
func (j *judge) roleOf(node *corev1.Node) string {
	if p := j.pools[node.Name]; p != nil {
		return p.Role
	}
	return ""
}

// since is when a pod came to its node.
func since(pod *corev1.Pod) *metav1.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.IsZero() {
			return &c.LastTransitionTime
		}
	}
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime
	}
	return &pod.CreationTimestamp
}

// waiting is since when a pod has no node.
func waiting(pod *corev1.Pod) time.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && !c.LastTransitionTime.IsZero() {
			return c.LastTransitionTime.Time
		}
	}
	return pod.CreationTimestamp.Time
}
