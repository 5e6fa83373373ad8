// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// lackPatience is how long a replacement may take to appear, or to tell what it
// waits for, before that is worth a word.
const lackPatience = 3 * time.Second

// lack is what keeps a workload from being whole: a pod that is not Ready, or one
// that nobody makes.
type lack struct {
	// object is what tells more in its events: the pod, or the workload where none
	// is made. since is when it began.
	object types.UID
	since  time.Time
	// pod is nil where none is made.
	pod *corev1.Pod
	// asked is when its events were last asked for, warning the newest of them.
	asked   time.Time
	warning cluster.Event
	// said is what a controller quotes of the API server's refusal to make a pod,
	// refusal that text read.
	said    string
	refusal refusal.Refusal
	// why is all this in words; empty where nothing is lacking, or for a moment.
	why string
}

// observeLack finds what keeps a workload from being whole. failure is what its
// ReplicaSets report.
func (g *group) observeLack(w *cluster.Workload, failure string, unreadable bool, now time.Time) {
	if w == nil || !g.isReplaced() || g.stopped != nil || g.isWhole() {
		g.lack = lack{}
		return
	}
	pod, unmade := notReady(w), w.Unmade(g.replicas)
	object := types.UID("")
	switch {
	case unmade && (failure != "" || pod == nil || pod.DeletionTimestamp != nil):
		object, pod = w.UID, nil
	case pod != nil:
		object = pod.UID
	}
	if object != g.lack.object {
		g.lack = lack{object: object, since: now}
	}
	l := &g.lack
	l.pod = pod
	switch {
	case object == "":
	case pod != nil:
		l.why = l.whyNotReady()
	default:
		l.why = l.whyUnmade(failure, unreadable, now)
	}
}

// notReady is the pod of a workload of which there is something to tell: one that
// starts before one that ends, then the first by its name.
func notReady(w *cluster.Workload) *corev1.Pod {
	var pods []*corev1.Pod
	for _, pod := range w.Pods {
		if !cluster.IsServing(pod) {
			pods = append(pods, pod)
		}
	}
	if len(pods) == 0 {
		return nil
	}
	return slices.MinFunc(pods, func(a, b *corev1.Pod) int {
		switch {
		case a.DeletionTimestamp == nil && b.DeletionTimestamp != nil:
			return -1
		case a.DeletionTimestamp != nil && b.DeletionTimestamp == nil:
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
}

func (l *lack) whyNotReady() string {
	why := cluster.PodObject(l.pod) + ": " + cluster.WhyNotReady(l.pod)
	if l.warning.Message != "" && cluster.HidesReason(l.pod) {
		why += "; " + l.warning.Reason + ": " + l.warning.Message
	}
	return why
}

// whyUnmade quotes who refuses to have a pod made.
func (l *lack) whyUnmade(failure string, unreadable bool, now time.Time) string {
	const none = "no replacement is made"
	said := failure
	if said == "" && l.warning.Reason == cluster.ReasonFailedCreate {
		said = l.warning.Message
	}
	switch {
	case said != "":
		if said != l.said {
			l.said = said
			l.refusal, _ = refusal.Parse(said)
		}
		return none + ": " + l.refusal.String()
	case l.warning.Message != "":
		return none + ": " + l.warning.Reason + ": " + l.warning.Message
	case now.Sub(l.since) < lackPatience:
		return ""
	case unreadable:
		return none + ", and the current user may not list events, which would say why"
	}
	return none + " yet"
}

// wantsEvents reports whether the events of its object may tell more than it does.
func (l *lack) wantsEvents(failure string, now time.Time) bool {
	switch {
	case l.object == "", now.Sub(l.since) < lackPatience:
		return false
	case l.pod != nil:
		return cluster.HidesReason(l.pod)
	}
	return failure == ""
}

// suffix is what is lacking, to be put behind another cause.
func (l *lack) suffix() string {
	if l.why == "" {
		return ""
	}
	return "; " + l.why
}

// again ends the remedy of a finding for which the drain of a workload stopped.
const again = "run the same command again"

// remedy shows what is to be mended; ref is the workload. It is empty where nothing
// is lacking.
func (l *lack) remedy(ref cluster.Ref) string {
	if l.why == "" {
		return ""
	}
	return l.command(ref) + " # mend what keeps it, then " + again
}

func (l *lack) command(ref cluster.Ref) string {
	if l.pod != nil {
		return commandFor(l.pod, l.warning.Reason)
	}
	describe := "kubectl describe " + ref.Kind.Type() + " -n " + ref.Namespace + " " + ref.Name
	return cmp.Or(l.refusal.Command(ref.Namespace), describe)
}

// commandFor shows what keeps a pod from being Ready; warning is the reason of the
// newest of its events.
func commandFor(pod *corev1.Pod, warning string) string {
	on := " -n " + pod.Namespace + " " + pod.Name
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			s := &statuses[i]
			switch {
			case s.State.Waiting != nil && s.State.Waiting.Reason == "CrashLoopBackOff":
				return "kubectl logs" + on + " -c " + s.Name + " --previous"
			case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0, s.State.Running != nil && !s.Ready:
				return "kubectl logs" + on + " -c " + s.Name
			}
		}
	}
	if warning == "FailedAttachVolume" {
		return "kubectl get volumeattachments"
	}
	return "kubectl describe pod" + on
}
