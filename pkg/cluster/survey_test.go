// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// surveyed are the three ways to a cluster.
type surveyed struct {
	client  *fake.Clientset
	dynamic *dynamicfake.FakeDynamicClient
	meta    *metadatafake.FakeMetadataClient
}

func newSurveyed(t *testing.T, objects []runtime.Object, others []runtime.Object, secrets ...runtime.Object) *surveyed {
	t.Helper()
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "the-cluster"}}
	scheme := metadatafake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &surveyed{
		client: fake.NewClientset(append(objects, system)...),
		dynamic: dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
			{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}: "CustomResourceDefinitionList",
			{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}:             "APIServiceList",
		}, others...),
		meta: metadatafake.NewSimpleMetadataClient(scheme, secrets...),
	}
}

func (s *surveyed) read(t *testing.T) *cluster.Survey {
	t.Helper()
	survey, err := cluster.ReadSurvey(t.Context(), s.client, s.dynamic, s.meta)
	if err != nil {
		t.Fatal(err)
	}
	return survey
}

func object(apiVersion, kind, name string, fields map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: fields}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName(name)
	return o
}

func helm(namespace, release, revision, status string) runtime.Object {
	return &metav1.PartialObjectMetadata{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: "sh.helm.release.v1." + release + ".v" + revision,
			Labels: map[string]string{"owner": "helm", "name": release, "version": revision, "status": status},
		},
	}
}

// TestReadSurvey keeps of each kind what its docstring says.
func TestReadSurvey(t *testing.T) {
	cronJob := &batchv1.CronJob{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "mongobackup", UID: "c"}}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Namespace: "app", Name: "mongobackup-1",
		OwnerReferences: []metav1.OwnerReference{{Kind: "CronJob", Name: "mongobackup", UID: "c", Controller: new(true)}},
	}}
	job.Spec.Template.Spec = secretive()
	cronJob.Spec.JobTemplate.Spec.Template.Spec = secretive()
	s := newSurveyed(t,
		[]runtime.Object{
			fixture.PDB("app/b"), cronJob, job,
			&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "alone"}},
			&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web", Annotations: map[string]string{"a": secret}}, Spec: corev1.ServiceSpec{Type: "ClusterIP", Selector: map[string]string{"app": "web"}}},
			&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "managed"}, Parameters: map[string]string{"key": secret}},
		},
		[]runtime.Object{
			object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "xs.example.com", map[string]any{
				"spec":   map[string]any{"versions": []any{map[string]any{"name": "v1", "served": true}, map[string]any{"name": "v1beta1", "served": false}}},
				"status": map[string]any{"storedVersions": []any{"v1", "v1beta1"}},
			}),
			object("apiregistration.k8s.io/v1", "APIService", "v1.apps", nil),
			object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", map[string]any{
				"spec": map[string]any{"service": map[string]any{"namespace": "kube-system", "name": "metrics-server"}},
				"status": map[string]any{"conditions": []any{
					map[string]any{"type": "Other", "status": "True"},
					map[string]any{"type": "Available", "status": "False", "message": "no endpoints"},
				}},
			}),
		},
		helm("app", "vantiq", "2", "superseded"), helm("app", "vantiq", "10", "deployed"), helm("app", "vantiq", "9", "failed"), helm("app", "odd", "x", ""),
	)
	survey := s.read(t)
	if survey.UID != "the-cluster" || survey.Version == "" || survey.Unread != nil {
		t.Errorf("identity %q, %q; unread %v", survey.UID, survey.Version, survey.Unread)
	}
	for what, got := range map[string]int{
		"budgets": len(survey.Budgets), "cron jobs": len(survey.CronJobs), "jobs of cron jobs": len(survey.Jobs),
		"services": len(survey.Services), "storage classes": len(survey.StorageClasses),
	} {
		if got != 1 {
			t.Errorf("%d %s, want 1", got, what)
		}
	}
	if survey.Jobs[0].Name != "mongobackup-1" || survey.Services[0].Spec.Selector["app"] != "web" {
		t.Errorf("got %+v, %+v", survey.Jobs[0], survey.Services[0])
	}
	if survey.Jobs[0].Spec.Template.Spec.Containers != nil || survey.CronJobs[0].Spec.JobTemplate.Spec.Template.Spec.Containers != nil ||
		survey.StorageClasses[0].Parameters != nil || survey.Services[0].Annotations != nil {
		t.Error("what may hold secrets is kept")
	}
	want := &cluster.Survey{
		CRDs:     []v1alpha1.CRDRecord{{Name: "xs.example.com", Served: []string{"v1"}, Stored: []string{"v1", "v1beta1"}}},
		Releases: []v1alpha1.ReleaseRecord{{Namespace: "app", Name: "vantiq", Revision: 10, Status: "deployed"}},
		APIServices: []cluster.APIService{
			{Name: "v1.apps"}, {Name: "v1beta1.metrics.k8s.io", Service: "kube-system/metrics-server", Message: "no endpoints"},
		},
	}
	got := &cluster.Survey{CRDs: survey.CRDs, Releases: survey.Releases, APIServices: survey.APIServices}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSurveyEndpoints: what is ready counts once, in however many slices it is.
func TestSurveyEndpoints(t *testing.T) {
	slice := func(name string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: "web"}}, Endpoints: endpoints,
		}
	}
	ofPod := func(uid types.UID, address string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: []string{address}, TargetRef: &corev1.ObjectReference{Kind: "Pod", UID: uid}}
	}
	unready := ofPod("c", "10.0.0.3")
	unready.Conditions.Ready = new(false)
	ready := ofPod("b", "10.0.0.2")
	ready.Conditions.Ready = new(true)
	s := newSurveyed(t, []runtime.Object{
		slice("web-4", ofPod("a", "10.0.0.1"), ready, unready, discoveryv1.Endpoint{Addresses: []string{"192.168.0.1"}}),
		slice("web-6", ofPod("a", "fd00::1"), discoveryv1.Endpoint{Addresses: []string{"192.168.0.1"}}, discoveryv1.Endpoint{}),
	}, nil)
	if diff := cmp.Diff(map[types.NamespacedName]int{{Namespace: "app", Name: "web"}: 3}, s.read(t).Endpoints); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSurveyEvents: those of trouble, put together by object and reason.
func TestSurveyEvents(t *testing.T) {
	at := func(minute int) metav1.Time {
		return metav1.NewTime(fixture.Epoch().Add(time.Duration(minute) * time.Minute))
	}
	event := func(name, reason, message string, change func(*corev1.Event)) *corev1.Event {
		e := &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "app", Name: name},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "app", Name: "p", UID: "u"}, Reason: reason, Message: message,
		}
		change(e)
		return e
	}
	s := newSurveyed(t, []runtime.Object{
		event("1", "BackOff", "old", func(e *corev1.Event) { e.Count, e.LastTimestamp = 4, at(1) }),
		event("2", "BackOff", "new", func(e *corev1.Event) { e.Count, e.LastTimestamp = 3, at(9) }),
		event("3", "FailedScheduling", "no node", func(e *corev1.Event) {
			e.EventTime = metav1.NewMicroTime(at(2).Time)
			e.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(at(5).Time)}
		}),
		event("4", "Evicted", "disk", func(e *corev1.Event) { e.EventTime = metav1.NewMicroTime(at(3).Time) }),
		event("5", "Scheduled", "fine", func(e *corev1.Event) { e.Count, e.LastTimestamp = 1, at(9) }),
	}, nil)
	p := cluster.Event{Kind: "Pod", Namespace: "app", Name: "p", UID: "u"}
	want := []cluster.Event{p, p, p}
	want[0].Reason, want[0].Message, want[0].Count, want[0].Last = "BackOff", "new", 7, at(9).Time
	want[1].Reason, want[1].Message, want[1].Count, want[1].Last = "Evicted", "disk", 1, at(3).Time
	want[2].Reason, want[2].Message, want[2].Count, want[2].Last = "FailedScheduling", "no node", 7, at(5).Time
	if diff := cmp.Diff(want, s.read(t).Events); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSurveyUnread: what may not be read, or is not there, is named; anything else
// is an error.
func TestSurveyUnread(t *testing.T) {
	s := newSurveyed(t, nil, nil)
	refuse := func(fake *clienttesting.Fake, resource string, err error) {
		fake.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
	}
	forbidden := func(group, resource string) error {
		return apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, "", errors.New("no"))
	}
	refuse(&s.client.Fake, "cronjobs", forbidden("batch", "cronjobs"))
	refuse(&s.meta.Fake, "secrets", forbidden("", "secrets"))
	refuse(&s.dynamic.Fake, "customresourcedefinitions", apierrors.NewNotFound(schema.GroupResource{}, ""))
	refuse(&s.dynamic.Fake, "apiservices", &meta.NoKindMatchError{})
	survey := s.read(t)
	want := []v1alpha1.UnreadKind{
		{Kind: "apiservices", Reason: "the server does not have it"},
		{Kind: "cronjobs", Reason: "forbidden: the current user may not list cronjobs.batch"},
		{Kind: "customresourcedefinitions", Reason: "the server does not have it"},
		{Kind: "helm releases", Reason: "forbidden: the current user may not list secrets"},
	}
	if diff := cmp.Diff(want, survey.Unread); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !survey.IsUnread(cluster.KindCronJobs) || survey.IsUnread(cluster.KindJobs) {
		t.Error("IsUnread")
	}
	without, err := cluster.ReadSurvey(t.Context(), s.client, s.dynamic, s.meta, cluster.KindCronJobs, cluster.KindAPIServices, cluster.KindCRDs)
	if err != nil || len(without.Unread) != 1 {
		t.Errorf("without what nobody asks for: %v, %v", without, err)
	}
	refuse(&s.client.Fake, "services", errors.New("broken pipe"))
	if _, err := cluster.ReadSurvey(t.Context(), s.client, s.dynamic, s.meta); err == nil || !strings.Contains(err.Error(), "listing services: broken pipe") {
		t.Errorf("got %v", err)
	}
}

// TestSurveyWithoutIdentity: without it nothing can be compared.
func TestSurveyWithoutIdentity(t *testing.T) {
	s := newSurveyed(t, nil, nil)
	s.client.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "kube-system", errors.New("no"))
	})
	_, err := cluster.ReadSurvey(t.Context(), s.client, s.dynamic, s.meta)
	if err == nil || !strings.Contains(err.Error(), "the right to get namespaces") || !apierrors.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}
