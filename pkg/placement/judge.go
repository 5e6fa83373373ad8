// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Input is what is judged.
type Input struct {
	Snapshot *cluster.Snapshot
	Volumes  *cluster.Volumes
	Pools    []pool.Pool
	Profile  *profile.View
	// Time is when the cluster was looked at.
	Time time.Time
	// Planned is when what is moved now was planned, and told how long it was where
	// it is; zero where nothing is moved.
	Planned time.Time
	// IsOurs reports whether a cordoned node was cordoned by a run of ours; nil
	// where that is not known.
	IsOurs func(*corev1.Node) bool
}

// judge holds what is known while a cluster is judged.
type judge struct {
	Input
	space *Space
	// current is the layout of the cluster as it is.
	current *layout
	// mapped is false where there is no installation: then the map of the profile
	// says nothing.
	mapped   bool
	pools    map[string]*pool.Pool // by node
	homes    map[string][]*corev1.Node
	scores   map[string]scores // by terms
	pods     []*subject
	members  map[cluster.Ref][]*subject
	findings []v1alpha1.Finding
}

// Judge says of every pod whether it is where it belongs. Finished pods, pods on
// their way out, static pods and those of a relocation are left out.
func Judge(in Input) *v1alpha1.PlacementReport { return newJudge(in).result() }

// newJudge judges.
func newJudge(in Input) *judge {
	j := &judge{
		Input: in, space: NewSpace(in.Snapshot, in.Volumes), mapped: len(in.Profile.Installations()) > 0,
		pools: map[string]*pool.Pool{}, homes: map[string][]*corev1.Node{}, scores: map[string]scores{},
		members: map[cluster.Ref][]*subject{},
	}
	for i := range in.Pools {
		for _, node := range in.Pools[i].Nodes {
			j.pools[node.Name] = &in.Pools[i]
		}
	}
	for _, pod := range in.Snapshot.Pods() {
		ours := pod.Labels[journal.KeepOffLabel] != "" // where it stands is as it should be
		if !cluster.IsFinished(pod) && !cluster.IsMirror(pod) && !ours && pod.DeletionTimestamp == nil {
			j.add(pod)
		}
	}
	j.judgeEach()
	j.judgeSpread()
	j.judgePartners()
	j.judgeDaemons()
	j.current = j.newLayout()
	j.giveRoom()
	for _, s := range j.pods {
		j.report(s)
	}
	j.judgeRoles()
	return j
}

// judgeEach looks at each pod by itself.
func (j *judge) judgeEach() {
	for _, s := range j.pods {
		if s.out.DaemonSet {
			continue // see judgeDaemons
		}
		if s.node == nil {
			j.judgePending(s)
			continue
		}
		j.judgeRules(s)
		j.judgeVolumes(s)
		if s.isJob {
			continue
		}
		if j.mapped {
			j.judgePool(s)
			j.judgeReserved(s)
		}
		j.judgePreference(s)
	}
}

func (j *judge) result() *v1alpha1.PlacementReport {
	r := &v1alpha1.PlacementReport{
		TypeMeta: v1alpha1.TypeMeta("PlacementReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Time: metav1.NewTime(j.Time), Installations: append([]string{}, j.Profile.Installations()...),
		Zones: []string{}, Nodes: []v1alpha1.PlacementNode{}, Pods: make([]v1alpha1.PlacedPod, 0, len(j.pods)),
	}
	j.nodes(r)
	for _, s := range j.pods {
		r.Pods = append(r.Pods, s.out)
	}
	if j.Volumes != nil {
		j.unchecked(r)
	}
	r.Findings = append([]v1alpha1.Finding{}, j.findings...)
	finding.Sort(r.Findings)
	conclude(r)
	return r
}

// conclude counts the pods and passes the verdict on all of them.
func conclude(r *v1alpha1.PlacementReport) {
	r.Summary = v1alpha1.PlacementSummary{Pods: len(r.Pods)}
	for i := range r.Pods {
		switch r.Pods[i].Verdict {
		case v1alpha1.PlacementRight:
			r.Summary.Right++
		case v1alpha1.PlacementWrong:
			r.Summary.Wrong++
		case v1alpha1.PlacementPoor:
			r.Summary.Poor++
		case v1alpha1.PlacementPending:
			r.Summary.Pending++
		}
	}
	switch {
	case finding.HasErrors(r.Findings):
		r.Verdict = v1alpha1.PlacementWrong
	case len(r.Findings) > 0:
		r.Verdict = v1alpha1.PlacementPoor
	default:
		r.Verdict = v1alpha1.PlacementRight
	}
}

// nodes describes the nodes and their zones.
func (j *judge) nodes(r *v1alpha1.PlacementReport) {
	for _, node := range j.Snapshot.Nodes {
		p := j.pools[node.Name]
		out := v1alpha1.PlacementNode{
			Name: node.Name, Zone: cluster.Zone(node), Ready: cluster.IsNodeReady(node), Cordoned: node.Spec.Unschedulable,
			Requested: resources(j.space.requested(node)), Allocatable: resources(j.space.have[node.Name]),
		}
		if p != nil {
			out.Pool, out.Role = p.Name, p.Role
		}
		r.Nodes = append(r.Nodes, out)
		if !slices.Contains(r.Zones, out.Zone) {
			r.Zones = append(r.Zones, out.Zone)
		}
	}
	slices.Sort(r.Zones)
	slices.SortFunc(r.Nodes, func(a, b v1alpha1.PlacementNode) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.Pool, b.Pool), cmp.Compare(a.Name, b.Name))
	})
}

func resources(a amounts) v1alpha1.NodeResources {
	return v1alpha1.NodeResources{MilliCPU: a[corev1.ResourceCPU], Memory: a[corev1.ResourceMemory], Pods: a[corev1.ResourcePods]}
}

// unchecked names the checks that could not be made for want of rights.
func (j *judge) unchecked(r *v1alpha1.PlacementReport) {
	for _, kind := range j.Volumes.Unread {
		reason := "forbidden: the current user may not list " + kind
		r.NotChecked = append(r.NotChecked, v1alpha1.UncheckedPlacement{Check: "volumes", Reason: reason})
		j.findings = append(j.findings, finding.New(finding.NotChecked, "check/volumes",
			"not checked whether pods are in the zones of their volumes: "+reason, "ask for the right to list "+kind))
	}
}
