// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// podsRunning looks for pods that are neither Running nor Completed, and for those
// that run and do not serve. Each gets one finding, of what is worst.
func (j *judge) podsRunning() (string, bool) {
	before, jobs := recordsOf(j.Baseline), j.uncounted()
	well, all := 0, 0
	for _, pod := range j.Snapshot.Pods() {
		owner, owned := j.Snapshot.Owner(pod)
		if pod.Labels[journal.KeepOffLabel] != "" || owned && jobs[owner.String()] {
			continue
		}
		all++
		if pod.Status.Phase == corev1.PodSucceeded || cluster.IsServing(pod) && !j.isOrphan(pod) {
			well++
			continue
		}
		was, known := before[string(pod.UID)]
		if known && was.Phase == string(corev1.PodFailed) && pod.Status.Phase == corev1.PodFailed {
			j.told[string(pod.UID)] = true
			j.warn(finding.PodNotRunning, cluster.PodObject(pod), "Failed, as in the baseline: "+whyFailed(pod)+beingDeleted(pod), removal(pod))
			continue
		}
		if w := j.Snapshot.Workload(owner); pod.Status.Phase == corev1.PodFailed && w != nil && isWhole(w) {
			j.told[string(pod.UID)] = true
			j.warn(finding.PodNotRunning, cluster.PodObject(pod), fmt.Sprintf("left over, it is replaced (%s has %d of %d Ready). Failed: %s", w, w.Ready(), w.Replicas, whyFailed(pod)+beingDeleted(pod)), removal(pod))
			continue
		}
		j.blamePod(pod)
	}
	return fmt.Sprintf("%d of %d", well, all), false
}

// isWhole reports whether a workload whose number of replicas is known has them all
// Ready.
func isWhole(w *cluster.Workload) bool {
	return w.Scaled && w.Replicas > 0 && w.Ready() >= w.Replicas
}

// blamePod says what is wrong with a pod.
func (j *judge) blamePod(pod *corev1.Pod) {
	j.told[string(pod.UID)] = true
	name, why := cluster.PodObject(pod), cluster.WhyNotReady(pod)
	describe := "kubectl describe pod -n " + pod.Namespace + " " + pod.Name
	container := crashing(pod)
	switch {
	case container != nil:
		j.add(finding.PodCrashing, name, fmt.Sprintf("%s, %s", why, counted(int(container.RestartCount), "restart")),
			fmt.Sprintf("kubectl logs -n %s %s -c %s --previous", pod.Namespace, pod.Name, container.Name))
	case pod.Status.Phase == corev1.PodFailed:
		j.add(finding.PodNotRunning, name, "Failed: "+whyFailed(pod)+beingDeleted(pod), removal(pod))
	case j.isOrphan(pod):
		j.add(finding.PodNotRunning, name, "its node "+pod.Spec.NodeName+" does not exist any more", describe)
	case pod.DeletionTimestamp != nil:
		j.add(finding.PodNotRunning, name, why+" on "+cmp.Or(pod.Spec.NodeName, "no node")+heldBy(pod), describe)
	case pod.Status.Phase != corev1.PodRunning:
		j.add(finding.PodNotRunning, name, why, describe)
	default:
		j.add(finding.PodUnready, name, "Running, "+why, describe)
	}
}

// isOrphan reports whether the node of a pod is gone. Nobody says so of the pod for
// about a minute: until it is collected, its last report of Ready stands.
func (j *judge) isOrphan(pod *corev1.Pod) bool {
	return pod.Spec.NodeName != "" && j.Snapshot.Node(pod.Spec.NodeName) == nil
}

// removal takes away a pod that has ended. One that is deleted already waits for
// something: to delete it once more would wait as well.
func removal(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "kubectl describe pod -n " + pod.Namespace + " " + pod.Name
	}
	return "kubectl delete pod -n " + pod.Namespace + " " + pod.Name + " # once its cause is known"
}

// beingDeleted says of a pod that has ended that it is deleted already; empty for
// others.
func beingDeleted(pod *corev1.Pod) string {
	if pod.DeletionTimestamp == nil {
		return ""
	}
	return "; deleted already" + heldBy(pod)
}

// heldBy names the finalizers that a pod waits for; empty where it has none.
func heldBy(pod *corev1.Pod) string {
	if len(pod.Finalizers) == 0 {
		return ""
	}
	return ", held by finalizers " + strings.Join(pod.Finalizers, ", ")
}

func whyFailed(pod *corev1.Pod) string {
	switch {
	case pod.Status.Reason != "" && pod.Status.Message != "":
		return pod.Status.Reason + ": " + pod.Status.Message
	case pod.Status.Reason != "":
		return pod.Status.Reason
	}
	for i := range pod.Status.ContainerStatuses {
		if t := pod.Status.ContainerStatuses[i].State.Terminated; t != nil && t.ExitCode != 0 {
			return fmt.Sprintf("container %s ended with %d", pod.Status.ContainerStatuses[i].Name, t.ExitCode)
		}
	}
	return "no reason is given"
}

// crashing returns the container of a pod that ends again and again, or whose image
// cannot be fetched; nil for none.
func crashing(pod *corev1.Pod) *corev1.ContainerStatus {
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			if w := statuses[i].State.Waiting; w != nil {
				switch w.Reason {
				case "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
					return &statuses[i]
				}
			}
		}
	}
	return nil
}

// uncounted are the jobs whose pods say nothing of the cluster: those of
// mongobackup, whose failures are told of by themselves.
func (j *judge) uncounted() map[string]bool {
	jobs := map[string]bool{}
	for _, job := range j.Survey.Jobs {
		if owner, ok := cluster.ControllerOf(job); ok && j.isBackup(owner.Namespace, owner.Name) {
			jobs[object(cluster.KindJob.Type(), job.Namespace, job.Name)] = true
			jobs[owner.String()] = true // as records name them
		}
	}
	return jobs
}

func (j *judge) isBackup(namespace, name string) bool {
	known := j.Profile.Lookup(profile.Object{Kind: kindCronJob, Namespace: namespace, Name: name})
	return known != nil && known.FinishedPodsDontCount
}

// restarts compares the restarts of pods that there are still, and counts those of
// new ones.
func (j *judge) restarts() (string, bool) {
	before, jobs := recordsOf(j.Baseline), j.uncounted()
	restarted := 0
	for i := range j.Now.Pods {
		pod := &j.Now.Pods[i]
		was, known := before[pod.UID]
		if pod.Restarts <= was.Restarts {
			continue
		}
		restarted++
		if j.told[pod.UID] || jobs[pod.Workload] {
			continue
		}
		message := fmt.Sprintf("%s since the baseline (%d → %d)", counted(int(pod.Restarts-was.Restarts), "restart"), was.Restarts, pod.Restarts)
		if !known {
			message = counted(int(pod.Restarts), "restart") + " since it was made, after the baseline"
		}
		j.add(finding.PodRestarted, object("pod", pod.Namespace, pod.Name), message, "kubectl logs -n "+pod.Namespace+" "+pod.Name+" --previous --all-containers")
	}
	if restarted == 0 {
		return none, false
	}
	return counted(restarted, "pod"), false
}

// recordsOf are the pods of a snapshot by their UIDs; none without one.
func recordsOf(s *v1alpha1.ClusterSnapshot) map[string]v1alpha1.PodRecord {
	records := map[string]v1alpha1.PodRecord{}
	if s != nil {
		for i := range s.Pods {
			records[s.Pods[i].UID] = s.Pods[i]
		}
	}
	return records
}
