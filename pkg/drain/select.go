// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Target is a pod that is to leave its node.
type Target struct {
	Pod *corev1.Pod
	// Owner is its workload; the zero Ref for a pod without a controller.
	Owner cluster.Ref
	// After is the pod that has to be gone before this one goes; empty for none.
	After types.UID
}

// selection is what a drain takes from the nodes of a pool and what it leaves.
type selection struct {
	targets  []Target
	stay     int
	paused   int
	findings []v1alpha1.Finding
}

// selector decides pod by pod. Its rules are those of `kubectl drain`
// (k8s.io/kubectl/pkg/drain/filters.go), as pure functions over a Snapshot: the
// library's own filters send a request per DaemonSet pod.
type selector struct {
	snapshot *cluster.Snapshot
	view     *profile.View
	options  Options
	// leaving counts the pods of each Job that go; one where it is not counted.
	leaving map[types.UID]int
}

// selectFrom goes through the pods on the named nodes.
func (x selector) selectFrom(nodes []string) selection {
	var out selection
	foreign := foreignAgents{}
	x.leaving = x.countJobs(nodes)
	for _, node := range nodes {
		for _, pod := range x.snapshot.PodsOn(node) {
			if x.stays(pod) {
				out.stay++
				foreign.add(x.snapshot, pod)
				continue
			}
			out.findings = append(out.findings, x.judge(pod)...) // a pause loses what an eviction does
			if target := x.target(pod); x.options.Paused[target.Owner] {
				out.paused++
			} else {
				out.targets = append(out.targets, target)
			}
		}
	}
	out.findings = append(out.findings, foreign.findings()...)
	return out
}

func (x selector) target(pod *corev1.Pod) Target {
	if x.snapshot.IsAgent(pod) {
		return Target{Pod: pod} // a finished one: the others stay, and nothing is waited for
	}
	owner, _ := x.snapshot.Owner(pod)
	return Target{Pod: pod, Owner: owner}
}

// stays reports whether a drain leaves a pod where it is: so one of our own that a
// relocation left, which abort takes away. The controllers of agents put their
// pods back at once, cordon or not, so they are never evicted; a pod whose
// DaemonSet is gone is an ordinary pod.
func (x selector) stays(pod *corev1.Pod) bool {
	if cluster.IsMirror(pod) || pod.Labels[journal.KeepOffLabel] != "" {
		return true
	}
	return x.snapshot.IsAgent(pod) && !cluster.IsFinished(pod)
}

// judge finds what would be lost when a pod goes. A finished or terminating
// pod has nothing to lose.
func (x selector) judge(pod *corev1.Pod) []v1alpha1.Finding {
	if cluster.IsFinished(pod) || pod.DeletionTimestamp != nil {
		return nil
	}
	var findings []v1alpha1.Finding
	owner, owned := x.snapshot.Owner(pod)
	if !owned || x.orphaned(owner) {
		findings = append(findings, x.permitted(x.options.Force, finding.New(finding.PodUnmanaged, cluster.PodObject(pod),
			whyLost(pod)+": it would be lost",
			"move it by hand, or add --force to lose it")))
	}
	if dirs := localVolumes(pod); len(dirs) > 0 && !x.emptyDirMayGo(owner) {
		findings = append(findings, x.permitted(x.options.DeleteEmptyDirData, finding.New(finding.PodLocalData, cluster.PodObject(pod),
			"the data in its emptyDir ("+strings.Join(dirs, ", ")+") would be deleted",
			"add --delete-emptydir-data if it may go")))
	}
	if owner.Kind == cluster.KindJob {
		findings = append(findings, x.judgeJob(pod, owner))
	}
	if w := x.snapshot.Workload(owner); owned && owner.Kind.Group() != "" && w.IsTask() {
		findings = append(findings, finding.New(finding.TaskCutShort, cluster.PodObject(pod),
			"it ends by itself: its work so far is lost, and whether it is started again is up to "+owner.String(),
			"kubectl get pod -n "+pod.Namespace+" "+pod.Name+" --watch # wait for its end"))
	}
	return findings
}

// orphaned reports whether a DaemonSet that a pod names is gone.
func (x selector) orphaned(owner cluster.Ref) bool {
	return owner.Kind == cluster.KindDaemonSet && !x.snapshot.HasDaemonSet(owner.UID)
}

// permitted turns a blocker that the operator allowed by a flag into a warning.
func (x selector) permitted(allowed bool, f v1alpha1.Finding) v1alpha1.Finding {
	if !allowed {
		return f
	}
	f.Remedy = ""
	return finding.WithSeverity(f, v1alpha1.SeverityWarning)
}

func (x selector) emptyDirMayGo(owner cluster.Ref) bool {
	known := x.view.Lookup(profileObject(owner))
	return known != nil && known.EmptyDirMayGo
}

// profileObject is how the profile knows a workload. A Job of a CronJob is
// called after it: mongobackup-28391040 belongs to mongobackup.
func profileObject(ref cluster.Ref) profile.Object {
	o := disruption.ObjectOf(ref)
	if ref.Kind == cluster.KindJob {
		if i := strings.LastIndex(ref.Name, "-"); i > 0 {
			o.Kind, o.Name = "CronJob", ref.Name[:i]
		}
	}
	return o
}

func localVolumes(pod *corev1.Pod) []string {
	var names []string
	for i := range pod.Spec.Volumes {
		if pod.Spec.Volumes[i].EmptyDir != nil {
			names = append(names, pod.Spec.Volumes[i].Name)
		}
	}
	return names
}
