// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// TestReadJobs: each by its name, and only the very one; without the right, nothing
// is known, and that is no failure.
func TestReadJobs(t *testing.T) {
	refs := []cluster.Ref{{Kind: "Job", Namespace: "app", Name: "a", UID: "1"}, {Kind: "Job", Namespace: "app", Name: "made-anew", UID: "2"}, {Kind: "Job", Namespace: "app", Name: "gone", UID: "3"}}
	read := func(answer func(name string) (*batchv1.JobList, error)) (cluster.Jobs, error) {
		client := fake.NewClientset()
		client.PrependReactor("list", "jobs", func(action clienttesting.Action) (bool, runtime.Object, error) {
			name, exact := action.(clienttesting.ListAction).GetListRestrictions().Fields.RequiresExactMatch(metav1.ObjectNameField)
			if !exact || action.GetNamespace() != "app" {
				t.Errorf("asked for more than one Job: %+v", action)
			}
			list, err := answer(name)
			return true, list, err
		})
		return cluster.ReadJobs(t.Context(), client, refs)
	}
	jobs, err := read(func(name string) (*batchv1.JobList, error) {
		list := &batchv1.JobList{}
		if name != "gone" {
			list.Items = []batchv1.Job{{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: name, UID: "1"}}}
		}
		return list, nil
	})
	if err != nil || len(jobs) != 1 || jobs["1"].Name != "a" && jobs["1"].Name != "made-anew" {
		t.Errorf("%v, %v", jobs, err)
	}
	jobs, err = read(func(string) (*batchv1.JobList, error) {
		return &batchv1.JobList{}, apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "", errors.New("no"))
	})
	if err != nil || jobs != nil {
		t.Errorf("without the right: %v, %v", jobs, err)
	}
	if _, err = read(func(string) (*batchv1.JobList, error) {
		return &batchv1.JobList{}, apierrors.NewServiceUnavailable("starting")
	}); err == nil {
		t.Error("a server that is away was taken for no Jobs")
	}
}
