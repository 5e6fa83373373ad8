// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

// pageSize is what the server puts in one answer, as every client asks it to.
const pageSize = 500

// bigServer answers for a large cluster: lists page by page, as protobuf or as
// JSON. The answers are made before anybody asks, so that what is measured is the
// client.
type bigServer struct {
	tb    testing.TB
	pages map[string][]encodedPage // by path
}

// encodedPage is one answer in either form.
type encodedPage struct{ protobuf, json []byte }

// startBigServer serves nodes, pods of Deployments, and little of all else; it
// returns a kubeconfig.
func startBigServer(tb testing.TB, nodes, pods int) string {
	tb.Helper()
	s := &bigServer{tb: tb, pages: map[string][]encodedPage{}}
	s.nodes(nodes)
	s.pods(nodes, pods)
	for path, list := range map[string]runtime.Object{
		"/apis/apps/v1/statefulsets": &appsv1.StatefulSetList{}, "/apis/apps/v1/daemonsets": &appsv1.DaemonSetList{},
		"/api/v1/persistentvolumes": &corev1.PersistentVolumeList{}, "/api/v1/persistentvolumeclaims": &corev1.PersistentVolumeClaimList{},
		"/api/v1/events": &corev1.EventList{}, "/api/v1/secrets": &metav1.PartialObjectMetadataList{}, "/api/v1/services": &corev1.ServiceList{},
		"/apis/discovery.k8s.io/v1/endpointslices": &discoveryv1.EndpointSliceList{}, "/apis/policy/v1/poddisruptionbudgets": &policyv1.PodDisruptionBudgetList{},
		"/apis/batch/v1/cronjobs": &batchv1.CronJobList{}, "/apis/batch/v1/jobs": &batchv1.JobList{},
		"/apis/storage.k8s.io/v1/storageclasses": &storagev1.StorageClassList{}, "/apis/storage.k8s.io/v1/volumeattachments": &storagev1.VolumeAttachmentList{},
		"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations":   &admissionregistrationv1.MutatingWebhookConfigurationList{},
		"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": &admissionregistrationv1.ValidatingWebhookConfigurationList{},
		"/api/v1/namespaces/kube-system/configmaps":                             &corev1.ConfigMapList{},
		"/api/v1/namespaces/kube-system/pods":                                   &corev1.PodList{},
		"/apis/autoscaling/v2/horizontalpodautoscalers":                         &autoscalingv2.HorizontalPodAutoscalerList{},
	} {
		s.add(path, list, nil)
	}
	s.add("/api/v1/namespaces/kube-system", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "big"}}, nil)
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	kubeconfig := filepath.Join(tb.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"big","contexts":[{"name":"big","context":{"cluster":"big","user":"big"}}],
"clusters":[{"name":"big","cluster":{"server":%q}}],"users":[{"name":"big","user":{}}]}`, server.URL)
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return kubeconfig
}

// add encodes the pages of a list, or a single object.
func (s *bigServer) add(path string, list runtime.Object, items []runtime.Object) {
	s.tb.Helper()
	kinds, _, err := scheme.Scheme.ObjectKinds(list)
	if err != nil || len(kinds) == 0 { // the list of metadata is in no API group
		kinds = append(kinds, metav1.SchemeGroupVersion.WithKind("PartialObjectMetadataList"))
	}
	list.GetObjectKind().SetGroupVersionKind(kinds[0])
	for from := 0; from == 0 || from < len(items); from += pageSize {
		to := min(from+pageSize, len(items))
		if meta.IsListType(list) {
			accessor, err := meta.ListAccessor(list)
			if err == nil {
				err = meta.SetList(list, items[from:to])
			}
			if err != nil {
				s.tb.Fatal(err)
			}
			accessor.SetContinue("")
			if to < len(items) {
				accessor.SetContinue(strconv.Itoa(len(s.pages[path]) + 1))
			}
		}
		page := encodedPage{}
		if page.json, err = json.Marshal(list); err != nil {
			s.tb.Fatal(err)
		}
		var out bytes.Buffer
		if err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(list, &out); err != nil {
			s.tb.Fatal(err)
		}
		page.protobuf = out.Bytes()
		s.pages[path] = append(s.pages[path], page)
	}
}

// ServeHTTP implements http.Handler.
func (s *bigServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if text := discovered(r.URL.Path); text != "" {
		w.Header().Set("Content-Type", runtime.ContentTypeJSON)
		_, _ = w.Write([]byte(text)) // a client that has gone needs no answer
		return
	}
	pages := s.pages[r.URL.Path]
	at, _ := strconv.Atoi(r.URL.Query().Get("continue")) // none is the first
	if at >= len(pages) {
		http.NotFound(w, r)
		return
	}
	body, form := pages[at].json, runtime.ContentTypeJSON
	if strings.Contains(r.Header.Get("Accept"), runtime.ContentTypeProtobuf) {
		body, form = pages[at].protobuf, runtime.ContentTypeProtobuf
	}
	w.Header().Set("Content-Type", form)
	_, _ = w.Write(body)
}

// discovered is what kubectl asks for first, and the kinds that travel as JSON only.
func discovered(path string) string {
	switch path {
	case "/version":
		return `{"major":"1","minor":"37","gitVersion":"v1.37.2"}`
	case "/api":
		return `{"kind":"APIVersions","versions":["v1"]}`
	case "/apis":
		return `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`
	case "/api/v1":
		return `{"kind":"APIResourceList","groupVersion":"v1","resources":[
{"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get","list"]},
{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list"]}]}`
	case "/apis/apiextensions.k8s.io/v1/customresourcedefinitions":
		return `{"kind":"CustomResourceDefinitionList","apiVersion":"apiextensions.k8s.io/v1","metadata":{},"items":[]}`
	case "/apis/apiregistration.k8s.io/v1/apiservices":
		return `{"kind":"APIServiceList","apiVersion":"apiregistration.k8s.io/v1","metadata":{},"items":[]}`
	}
	return ""
}
