// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

const (
	kindCronJob   = "CronJob"
	kindDaemonSet = "daemonset"
	replicasField = "replicas"
)

// workloads looks for fewer Ready pods than there should be, other replicas, other
// images, and workloads that are gone.
func (j *judge) workloads() (string, bool) {
	before := j.workloadsBefore()
	full, all := 0, 0
	for i := range j.Now.Workloads {
		w := &j.Now.Workloads[i]
		was := before[nameOfWorkload(w)]
		delete(before, nameOfWorkload(w))
		if w.Kind != kindDaemonSet { // see daemonSets
			all++
			if w.Ready >= w.Replicas {
				full++
			} else {
				j.blameShort(w, was)
			}
		}
		if j.Baseline != nil {
			j.compareWorkload(w, was)
		}
	}
	if j.Baseline != nil {
		for i := range j.Baseline.Workloads {
			if w := &j.Baseline.Workloads[i]; before[nameOfWorkload(w)] != nil {
				j.gone(v1alpha1.DifferenceWorkloads, finding.WorkloadGone, nameOfWorkload(w), isOfCloud(w.Namespace))
			}
		}
	}
	return fmt.Sprintf("%d of %d complete", full, all), false
}

func (j *judge) workloadsBefore() map[string]*v1alpha1.WorkloadRecord {
	before := map[string]*v1alpha1.WorkloadRecord{}
	if j.Baseline != nil {
		for i := range j.Baseline.Workloads {
			before[nameOfWorkload(&j.Baseline.Workloads[i])] = &j.Baseline.Workloads[i]
		}
	}
	return before
}

func nameOfWorkload(w *v1alpha1.WorkloadRecord) string { return object(w.Kind, w.Namespace, w.Name) }

// blameShort says that a workload has not enough Ready pods. One that had no more
// before the upgrade is a warning.
func (j *judge) blameShort(w, was *v1alpha1.WorkloadRecord) {
	why, show := j.whyUnmade(w)
	message := fmt.Sprintf("%d of %d Ready", w.Ready, w.Replicas)
	describe := cmp.Or(show, "kubectl describe "+w.Kind+" -n "+w.Namespace+" "+w.Name)
	switch {
	case was != nil && was.Ready < was.Replicas && w.Ready >= was.Ready:
		j.warn(finding.WorkloadShort, nameOfWorkload(w), fmt.Sprintf("%s, in the baseline %d of %d too%s", message, was.Ready, was.Replicas, why), describe)
	case was != nil:
		j.add(finding.WorkloadShort, nameOfWorkload(w), fmt.Sprintf("%s, in the baseline %d of %d%s", message, was.Ready, was.Replicas, why), describe)
	default:
		j.add(finding.WorkloadShort, nameOfWorkload(w), message+why, describe)
	}
}

// compareWorkload compares a workload with what it was; was is nil for a new one.
func (j *judge) compareWorkload(w, was *v1alpha1.WorkloadRecord) {
	if was == nil {
		j.differ(v1alpha1.DifferenceWorkloads, nameOfWorkload(w), "", "", "new", "")
		return
	}
	switch {
	case w.Replicas == was.Replicas:
	case w.Kind == kindDaemonSet:
		j.compareNodesOf(w, was)
	default:
		j.compareReplicas(w, was)
	}
	j.compareImages(w, was)
}

// compareNodesOf compares how many nodes a DaemonSet is for. One that was for all of
// them should be so still.
func (j *judge) compareNodesOf(w, was *v1alpha1.WorkloadRecord) {
	code, ofAll := finding.Code(""), was.Replicas == len(j.Baseline.Nodes)
	switch {
	case ofAll && w.Replicas == len(j.Now.Nodes):
		return // it goes with the nodes
	case ofAll && w.Replicas < len(j.Now.Nodes):
		code = finding.WorkloadRescaled
		j.add(code, nameOfWorkload(w), fmt.Sprintf("it was for all %d nodes, and is for %d of %d", was.Replicas, w.Replicas, len(j.Now.Nodes)),
			fmt.Sprintf("kubectl rollout history -n %s %s/%s", w.Namespace, w.Kind, w.Name))
	}
	j.differ(v1alpha1.DifferenceWorkloads, nameOfWorkload(w), "nodes", strconv.Itoa(was.Replicas), strconv.Itoa(w.Replicas), code)
}

func (j *judge) compareReplicas(w, was *v1alpha1.WorkloadRecord) {
	name, code := nameOfWorkload(w), finding.WorkloadRescaled
	switch {
	case j.isScaledByHPA(w):
		code = "" // as its load has it
	case j.held[name]:
		code = finding.ChangeLeft // told of by itself
	case j.isStopped(w):
		code = finding.BlockerLeftStopped
	default:
		j.add(code, name, fmt.Sprintf("replicas: %d → %d", was.Replicas, w.Replicas),
			fmt.Sprintf("kubectl scale %s -n %s %s --replicas=%d", w.Kind, w.Namespace, w.Name, was.Replicas))
	}
	j.differ(v1alpha1.DifferenceWorkloads, name, replicasField, strconv.Itoa(was.Replicas), strconv.Itoa(w.Replicas), code)
}

func (j *judge) isScaledByHPA(w *v1alpha1.WorkloadRecord) bool {
	kinds := map[string]cluster.Kind{"deployment": cluster.KindDeployment, "statefulset": cluster.KindStatefulSet}
	return j.Snapshot.HPAOf(cluster.Ref{Kind: kinds[w.Kind], Namespace: w.Namespace, Name: w.Name}) != nil
}

// compareImages compares the images of a workload's containers. What the cloud
// brings changes with the version.
func (j *judge) compareImages(w, was *v1alpha1.WorkloadRecord) {
	before := map[string]string{}
	for _, image := range was.Images {
		container, name, _ := strings.Cut(image, "=")
		before[container] = name
	}
	for _, image := range w.Images {
		container, name, _ := strings.Cut(image, "=")
		if former := before[container]; former != name {
			j.blameImage(w, container, former, name)
		}
		delete(before, container)
	}
	for _, image := range was.Images {
		if container, name, _ := strings.Cut(image, "="); before[container] != "" {
			j.blameImage(w, container, name, "")
		}
	}
}

func (j *judge) blameImage(w *v1alpha1.WorkloadRecord, container, before, after string) {
	code := finding.ImageChanged
	if isOfCloud(w.Namespace) {
		code = ""
	} else {
		j.add(code, nameOfWorkload(w), fmt.Sprintf("image of %s: %s → %s", container, orNone(before), orNone(after)),
			fmt.Sprintf("kubectl rollout history -n %s %s/%s", w.Namespace, w.Kind, w.Name))
	}
	j.differ(v1alpha1.DifferenceWorkloads, nameOfWorkload(w), "image of "+container, before, after, code)
}

func orNone(value string) string {
	if value == "" {
		return none
	}
	return value
}

// isStopped reports whether a workload is a known blocker that has no replicas.
func (j *judge) isStopped(w *v1alpha1.WorkloadRecord) bool {
	return w.Replicas == 0 && j.blockerOf(w) != nil
}

func (j *judge) blockerOf(w *v1alpha1.WorkloadRecord) *profile.KnownBlocker {
	for i := range j.Profile.KnownBlockers {
		b := &j.Profile.KnownBlockers[i]
		o := profile.Object{Kind: b.Kind, Namespace: w.Namespace, Name: w.Name}
		if strings.EqualFold(b.Kind, w.Kind) && j.Profile.Blocker(o) != nil && b.Name == w.Name {
			return b
		}
	}
	return nil
}

// blockers looks for what is stopped before an upgrade and started after it:
// telegraf-prom.
func (j *judge) blockers() (string, bool) {
	before, known, stopped := j.workloadsBefore(), 0, 0
	for i := range j.Now.Workloads {
		w := &j.Now.Workloads[i]
		if j.blockerOf(w) == nil {
			continue
		}
		known++
		was := before[nameOfWorkload(w)]
		delete(before, nameOfWorkload(w))
		switch {
		case !j.isStopped(w):
			continue
		case j.held[nameOfWorkload(w)]:
			j.failed = true // told of as a pause
		case was == nil:
			j.add(finding.BlockerLeftStopped, nameOfWorkload(w), "it has no replicas, and no run of ours has stopped it", scaleTo(w, 1))
		case was.Replicas > 0:
			j.add(finding.BlockerLeftStopped, nameOfWorkload(w), fmt.Sprintf("replicas: %d → 0, and no run of ours has stopped it", was.Replicas), scaleTo(w, was.Replicas))
		}
		stopped++
	}
	for _, was := range before {
		if j.blockerOf(was) != nil {
			known++
			stopped++
			j.failed = true // told of as gone
		}
	}
	if known == 0 {
		return "none here", true
	}
	return fmt.Sprintf("%d of %d", known-stopped, known), false
}

func scaleTo(w *v1alpha1.WorkloadRecord, replicas int) string {
	return fmt.Sprintf("kubectl scale %s -n %s %s --replicas=%d", w.Kind, w.Namespace, w.Name, replicas)
}

// daemonSets passes on what the placement knows of nodes without a pod.
func (j *judge) daemonSets() (string, bool) {
	j.pass(j.Placement.Findings, finding.DaemonMissing)
	return counted(len(j.Snapshot.DaemonSets()), cluster.KindDaemonSet.Name()), false
}
