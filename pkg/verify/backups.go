// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// backupTakes is how long after its time a backup may be still under way.
const backupTakes = 2 * time.Hour

// backups looks at the CronJobs that the profile knows as backups.
func (j *judge) backups() (string, bool) {
	known := 0
	for _, c := range j.Survey.CronJobs {
		if !j.isBackup(c.Namespace, c.Name) {
			continue
		}
		known++
		name := object(kindCronJob, c.Namespace, c.Name)
		again := fmt.Sprintf("kubectl create job -n %s --from=cronjob/%s %s-by-hand", c.Namespace, c.Name, c.Name)
		if job := j.lastJob(c); job != nil {
			if why, failed := failure(job); failed {
				j.add(finding.BackupFailed, name, "job "+job.Name+" failed: "+why, fmt.Sprintf("kubectl logs -n %s job/%s", job.Namespace, job.Name))
			}
		}
		if c.Spec.Suspend != nil && *c.Spec.Suspend {
			j.add(finding.BackupStale, name, "it is suspended", fmt.Sprintf("kubectl patch cronjob -n %s %s -p '{\"spec\":{\"suspend\":false}}'", c.Namespace, c.Name))
		} else if why := j.staleness(c); why != "" {
			j.add(finding.BackupStale, name, why, again)
		}
	}
	if known == 0 && j.lostBackup() {
		j.failed = true // told of as gone
		return "there is none any more", false
	}
	if known == 0 {
		return "no backup is set up here", true
	}
	return counted(known, "backup"), false
}

// lostBackup reports whether the baseline has a backup and the cluster none.
func (j *judge) lostBackup() bool {
	isBackup := func(c v1alpha1.CronJobRecord) bool { return j.isBackup(c.Namespace, c.Name) }
	return j.Baseline != nil && slices.ContainsFunc(j.Baseline.CronJobs, isBackup) && !slices.ContainsFunc(j.Now.CronJobs, isBackup)
}

// lastJob is the newest job of a CronJob, or nil.
func (j *judge) lastJob(c *batchv1.CronJob) *batchv1.Job {
	var last *batchv1.Job
	for _, job := range j.Survey.Jobs {
		owner, ok := cluster.ControllerOf(job)
		if ok && owner.UID == c.UID && (last == nil || last.CreationTimestamp.Before(&job.CreationTimestamp)) {
			last = job
		}
	}
	return last
}

func failure(job *batchv1.Job) (string, bool) {
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue {
			return orNone(c.Message), true
		}
	}
	return "", false
}

// staleness says why the last success of a CronJob is too old; empty when it is
// not, or when there has been no time for one yet.
func (j *judge) staleness(c *batchv1.CronJob) string {
	schedule, err := cron.ParseStandard(c.Spec.Schedule)
	if err != nil {
		return "its schedule " + c.Spec.Schedule + " cannot be read"
	}
	since := c.CreationTimestamp.Time
	if c.Status.LastSuccessfulTime != nil {
		since = c.Status.LastSuccessfulTime.Time
	}
	// The second time after the last success: one may be missed by a little.
	if due := schedule.Next(schedule.Next(since)); j.Time.Before(due.Add(backupTakes)) {
		return ""
	}
	if c.Status.LastSuccessfulTime == nil {
		return "it never succeeded since " + since.Local().Format(time.DateTime)
	}
	return fmt.Sprintf("its last success is of %s; its schedule is %s", since.Local().Format(time.DateTime), c.Spec.Schedule)
}
