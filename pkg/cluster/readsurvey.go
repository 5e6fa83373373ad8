// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// surveyAtOnce is how many kinds are read at the same time.
const surveyAtOnce = 8

// surveyReader reads the kinds of a Survey side by side.
type surveyReader struct {
	*errgroup.Group
	client kubernetes.Interface
	survey *Survey
	// without are kinds that nobody asks for.
	without []string

	mu     sync.Mutex
	unread []v1alpha1.UnreadKind
}

// ReadSurvey reads every kind of a Survey by one list, page by page and beside the
// others, and drops at once what is not kept. A kind that the current user may not
// list, or that the server does not have, is named in Unread; without the identity
// of the cluster there is nothing to compare, so that one is an error. Kinds may be
// left out; they are neither there nor Unread.
func ReadSurvey(ctx context.Context, client kubernetes.Interface, objects dynamic.Interface, meta metadata.Interface, without ...string) (*Survey, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(surveyAtOnce)
	r := &surveyReader{Group: group, client: client, survey: &Survey{}, without: without}
	r.Go(func() error { return r.identity(ctx) })
	r.services(ctx)
	r.batch(ctx)
	r.storage(ctx)
	r.admission(ctx)
	r.read(ctx, KindEvents, r.events)
	r.read(ctx, KindCRDs, func(ctx context.Context) error { return r.crds(ctx, objects) })
	r.read(ctx, KindAPIServices, func(ctx context.Context) error { return r.apiServices(ctx, objects) })
	r.read(ctx, KindReleases, func(ctx context.Context) error { return r.releases(ctx, meta) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(r.unread, func(a, b v1alpha1.UnreadKind) int { return cmp.Compare(a.Kind, b.Kind) })
	r.survey.Unread = r.unread
	return r.survey, nil
}

// identity reads which cluster it is, and its version.
func (r *surveyReader) identity(ctx context.Context) error {
	system, err := r.client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the namespace %s, whose uid tells one cluster from another (it takes the right to get namespaces): %w", metav1.NamespaceSystem, err)
	}
	version, err := discovery.ToServerVersionInterfaceWithContext(r.client.Discovery()).ServerVersionWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the API server: %w", err)
	}
	r.survey.UID, r.survey.Version = string(system.UID), version.GitVersion
	return nil
}

func (r *surveyReader) services(ctx context.Context) {
	const all = metav1.NamespaceAll
	survey(ctx, r, &r.survey.Services, KindServices, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.CoreV1().Services(all).List(ctx, o)
	})
	r.read(ctx, KindEndpointSlices, r.endpoints)
	survey(ctx, r, &r.survey.Budgets, KindBudgets, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.PolicyV1().PodDisruptionBudgets(all).List(ctx, o)
	})
}

func (r *surveyReader) batch(ctx context.Context) {
	const all = metav1.NamespaceAll
	survey(ctx, r, &r.survey.CronJobs, KindCronJobs, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.BatchV1().CronJobs(all).List(ctx, o)
	})
	r.read(ctx, KindJobs, func(ctx context.Context) error {
		var jobs []*batchv1.Job
		err := each(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return r.client.BatchV1().Jobs(all).List(ctx, o)
		}, func(object runtime.Object) {
			job := object.(*batchv1.Job)
			if owner, owned := ownerOf(job); owned && owner.Kind == kindCronJob {
				jobs = append(jobs, job)
			}
		})
		r.survey.Jobs = sorted(jobs)
		return err
	})
}

func (r *surveyReader) storage(ctx context.Context) {
	survey(ctx, r, &r.survey.StorageClasses, KindStorageClasses, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.StorageV1().StorageClasses().List(ctx, o)
	})
	survey(ctx, r, &r.survey.Attachments, KindAttachments, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.StorageV1().VolumeAttachments().List(ctx, o)
	})
}

func (r *surveyReader) admission(ctx context.Context) {
	hooks := r.client.AdmissionregistrationV1()
	survey(ctx, r, &r.survey.Mutating, KindMutatingHooks, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return hooks.MutatingWebhookConfigurations().List(ctx, o)
	})
	survey(ctx, r, &r.survey.Validating, KindValidatingHooks, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return hooks.ValidatingWebhookConfigurations().List(ctx, o)
	})
}

// survey keeps all objects of a kind.
func survey[T metav1.Object](ctx context.Context, r *surveyReader, into *[]T, kind string, list listFunc) {
	r.read(ctx, kind, func(ctx context.Context) error {
		var objects []T
		err := each(ctx, list, func(object runtime.Object) { objects = append(objects, object.(T)) })
		*into = sorted(objects)
		return err
	})
}

// read reads a kind beside the others.
func (r *surveyReader) read(ctx context.Context, kind string, list func(context.Context) error) {
	if slices.Contains(r.without, kind) {
		return
	}
	r.Go(func() error {
		err := list(ctx)
		if reason := whyUnread(err); reason != "" {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.unread = append(r.unread, v1alpha1.UnreadKind{Kind: kind, Reason: reason})
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing %s: %w", kind, err)
		}
		return nil
	})
}

// whyUnread says why a kind stays unread; empty where that is none of the reasons
// for which a cluster can be looked at without it.
func whyUnread(err error) string {
	switch {
	case err == nil:
		return ""
	case apierrors.IsForbidden(err):
		return mayNotList(forbiddenResource(err))
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
		return "the server does not have it"
	}
	return ""
}

// mayNotList is why a kind of which the right is missing stays unread.
func mayNotList(resource string) string {
	return strings.TrimSuffix("forbidden: the current user may not list "+resource, " ")
}

// forbiddenResource names what a refused request asked for: cronjobs.batch.
func forbiddenResource(err error) string {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) || status.Status().Details == nil {
		return ""
	}
	details := status.Status().Details
	return schema.GroupResource{Group: details.Group, Resource: details.Kind}.String()
}
