// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// fate is what becomes of a Job when pods of it are evicted.
type fate struct {
	// fails: it ends as Failed, for good.
	fails bool
	// words say what is so.
	words string
}

// fateOf judges as the Job controller does (pkg/controller/job of Kubernetes 1.37,
// job_controller.go, pod_failure_policy.go and indexed_job_utils.go): an evicted
// pod has the condition DisruptionTarget and counts as failed, unless the Job's
// podFailurePolicy says otherwise. leaving is how many of the Job's pods go. Jobs
// that another controller manages are judged by the same numbers, as their fields
// mean the same.
func fateOf(job *batchv1.Job, pod *corev1.Pod, leaving int) fate {
	switch disruptionAction(job.Spec.PodFailurePolicy) {
	case batchv1.PodFailurePolicyActionFailJob:
		return fate{true, "its podFailurePolicy fails it when a pod is disrupted"}
	case batchv1.PodFailurePolicyActionFailIndex:
		return fate{true, "its podFailurePolicy fails the index of the pod"}
	case batchv1.PodFailurePolicyActionIgnore:
		return fate{words: "the Job starts it again; that does not count as a failure (podFailurePolicy)"}
	case batchv1.PodFailurePolicyActionCount:
	}
	if limit := job.Spec.BackoffLimitPerIndex; limit != nil && failuresOfIndex(pod) >= int(*limit) {
		return fate{true, fmt.Sprintf("index %s has no retry left (backoffLimitPerIndex %d)", pod.Annotations[batchv1.JobCompletionIndexAnnotation], *limit)}
	}
	limit := int(ptr.Deref(job.Spec.BackoffLimit, defaultBackoffLimit))
	left := max(0, limit-int(job.Status.Failed))
	switch {
	case left == 0:
		return fate{true, fmt.Sprintf("it has no retry left (backoffLimit %d)", limit)}
	case leaving > left:
		return fate{true, fmt.Sprintf("%d of its pods go and it has %d of its retries left (backoffLimit %d)", leaving, left, limit)}
	case job.Spec.Completions == nil && job.Status.Succeeded > 0:
		return fate{words: "the Job does not start it again, as another of its pods has succeeded"}
	case limit > manyRetries:
		return fate{words: "the Job starts it again"}
	}
	return fate{words: fmt.Sprintf("the Job starts it again, and has %d of its %d retries left then", left-leaving, limit)}
}

// defaultBackoffLimit is what the API server sets; manyRetries is more than anybody
// sets who counts them (with backoffLimitPerIndex the server sets the largest there
// is).
const (
	defaultBackoffLimit = 6
	manyRetries         = 1000
)

// hasFailed reports whether a Job has failed, or is about to when its last pods
// have ended.
func hasFailed(job *batchv1.Job) (why string, failed bool) {
	for i := range job.Status.Conditions {
		c := &job.Status.Conditions[i]
		if (c.Type == batchv1.JobFailed || c.Type == batchv1.JobFailureTarget) && c.Status == corev1.ConditionTrue {
			return c.Reason + ": " + c.Message, true
		}
	}
	return "", false
}

// disruptionAction is what the first rule that an evicted pod matches says; Count
// where there is none.
func disruptionAction(policy *batchv1.PodFailurePolicy) batchv1.PodFailurePolicyAction {
	if policy == nil {
		return batchv1.PodFailurePolicyActionCount
	}
	for i := range policy.Rules {
		if r := &policy.Rules[i]; matchesEviction(r) {
			return r.Action
		}
	}
	return batchv1.PodFailurePolicyActionCount
}

// matchesEviction reports whether a rule matches a pod that was evicted. Which exit
// code it ends with nobody knows before; most processes end by one of two signals.
func matchesEviction(r *batchv1.PodFailurePolicyRule) bool {
	if codes := r.OnExitCodes; codes != nil {
		const sigterm, sigkill = 128 + 15, 128 + 9
		listed := slices.Contains(codes.Values, sigterm) || slices.Contains(codes.Values, sigkill)
		return listed == (codes.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn)
	}
	return slices.ContainsFunc(r.OnPodConditions, func(c batchv1.PodFailurePolicyOnPodConditionsPattern) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
}

// failuresOfIndex counts the failures of an index before this pod.
func failuresOfIndex(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Annotations[batchv1.JobIndexFailureCountAnnotation])
	if err != nil {
		return 0 // the first pod of its index
	}
	return n
}

// judgeJob tells what a Job loses with a running pod.
func (x selector) judgeJob(pod *corev1.Pod, owner cluster.Ref) v1alpha1.Finding {
	const lost = "a running Job pod: its work so far is lost; "
	job := x.snapshot.Job(owner.UID)
	wait := waitForJob(job, pod.Namespace, owner.Name)
	if job == nil {
		return finding.New(finding.JobRestarted, cluster.PodObject(pod), lost+"the Job starts it again if it has a retry left; the Job was not read", wait)
	}
	f := fateOf(job, pod, max(1, x.leaving[owner.UID]))
	if !f.fails {
		return finding.New(finding.JobRestarted, cluster.PodObject(pod), lost+f.words, wait)
	}
	return x.permitted(x.options.Force, finding.New(finding.JobFailsForGood, cluster.PodObject(pod),
		"a running Job pod: the Job fails for good without it, as "+f.words, wait+" # or add --force to have it fail"))
}

// countJobs counts the running pods of each Job on these nodes.
func (x selector) countJobs(nodes []string) map[types.UID]int {
	n := map[types.UID]int{}
	for _, node := range nodes {
		for _, pod := range x.snapshot.PodsOn(node) {
			if owner, _ := x.snapshot.Owner(pod); owner.Kind == cluster.KindJob && !cluster.IsFinished(pod) && pod.DeletionTimestamp == nil {
				n[owner.UID]++
			}
		}
	}
	return n
}

// waitForJob is the command that waits until a Job is complete: for as long as it
// may take by its own word, or for a time in which people look again.
func waitForJob(job *batchv1.Job, namespace, name string) string {
	limit := "1h"
	if job != nil && job.Spec.ActiveDeadlineSeconds != nil {
		limit = strconv.FormatInt(*job.Spec.ActiveDeadlineSeconds, 10) + "s"
	}
	return "kubectl wait -n " + namespace + " --for=condition=complete job/" + name + " --timeout=" + limit
}

// readBackJobs looks for Jobs that have failed since pods of them were evicted.
func (d *Drainer) readBackJobs(ctx context.Context, plan *Plan) ([]v1alpha1.Finding, error) {
	var refs []cluster.Ref
	for _, g := range d.Engine.groups {
		if g.ref.Kind == cluster.KindJob && len(g.inOrderOfEviction()) > 0 && !plan.failedBefore(g.ref) {
			refs = append(refs, g.ref)
		}
	}
	if len(refs) == 0 || d.ReadJobs == nil {
		return nil, nil
	}
	jobs, err := d.ReadJobs(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("reading back: %w", err)
	}
	var findings []v1alpha1.Finding
	for _, ref := range refs {
		if job := jobs[ref.UID]; job != nil {
			if why, failed := hasFailed(job); failed {
				f := finding.New(finding.JobFailed, ref.String(), "has failed: "+why, "kubectl describe job -n "+ref.Namespace+" "+ref.Name+" # and create it again if its work is still wanted")
				if plan.options.Force {
					f = finding.WithSeverity(f, v1alpha1.SeverityWarning)
				}
				findings = append(findings, f)
			}
		}
	}
	return findings, nil
}

// failedBefore reports whether a Job had failed when the drain was planned.
func (p *Plan) failedBefore(ref cluster.Ref) bool {
	job := p.jobs[ref.UID]
	if job == nil {
		return false
	}
	_, failed := hasFailed(job)
	return failed
}
