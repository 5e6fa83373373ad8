// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// jobsAtOnce is how many Jobs are read at the same time.
const jobsAtOnce = 10

// Jobs are Jobs by their uids. No watch keeps them: few are asked about.
type Jobs map[types.UID]*batchv1.Job

// ReadJobs reads the named Jobs, each by a list of its name alone, which costs the
// server no more than a get, so that the right to list is enough. One that is gone
// is left out. A user without the right gets nil.
func ReadJobs(ctx context.Context, client kubernetes.Interface, refs []Ref) (Jobs, error) {
	found := make([]*batchv1.Job, len(refs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobsAtOnce)
	for i, ref := range refs {
		group.Go(func() error {
			chosen := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, ref.Name).String()}
			return pages(ctx, 0, chosen, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return client.BatchV1().Jobs(ref.Namespace).List(ctx, o)
			}, func(object runtime.Object) {
				if job := object.(*batchv1.Job); job.UID == ref.UID {
					found[i] = job
				}
			})
		})
	}
	if err := group.Wait(); apierrors.IsForbidden(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("listing jobs: %w", err)
	}
	jobs := make(Jobs, len(found))
	for _, job := range found {
		if job != nil {
			jobs[job.UID] = job
		}
	}
	return jobs, nil
}

// JobsOn are the Jobs with unfinished pods on these nodes, each once.
func (s *Snapshot) JobsOn(nodes []string) []Ref {
	var refs []Ref
	known := map[types.UID]bool{}
	for _, node := range nodes {
		for _, pod := range s.PodsOn(node) {
			ref, owned := s.Owner(pod)
			if owned && ref.Kind == KindJob && !IsFinished(pod) && !known[ref.UID] {
				known[ref.UID] = true
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// WithJobs returns the Snapshot with what is known of Jobs; nil where they could not
// be read.
func (s *Snapshot) WithJobs(jobs Jobs) *Snapshot {
	other := *s
	other.jobs = jobs
	return &other
}

// Job returns a Job by its uid, or nil. A Snapshot that was given none knows none.
func (s *Snapshot) Job(uid types.UID) *batchv1.Job { return s.jobs[uid] }

// Jobs are all Jobs that it was given.
func (s *Snapshot) Jobs() Jobs { return s.jobs }
