// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// crdPage is how many CRDs come in one answer: their schemas are large.
const crdPage = 50

// The marks of the Secrets in which Helm keeps its releases.
const (
	helmSecrets  = "type=helm.sh/release.v1"
	helmOwner    = "owner=helm"
	helmName     = "name"
	helmRevision = "version"
	helmStatus   = "status"
)

// endpoints counts the ready addresses of each Service. A pod that several slices
// name, for each of its ports or address families, counts once.
func (r *surveyReader) endpoints(ctx context.Context) error {
	ready := map[types.NamespacedName]map[string]bool{}
	err := each(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return r.client.DiscoveryV1().EndpointSlices(metav1.NamespaceAll).List(ctx, o)
	}, func(object runtime.Object) {
		slice := object.(*discoveryv1.EndpointSlice)
		service := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		for i := range slice.Endpoints {
			if name := readyEndpoint(&slice.Endpoints[i]); name != "" {
				if ready[service] == nil {
					ready[service] = map[string]bool{}
				}
				ready[service][name] = true
			}
		}
	})
	r.survey.Endpoints = make(map[types.NamespacedName]int, len(ready))
	for service, names := range ready {
		r.survey.Endpoints[service] = len(names)
	}
	return err
}

// readyEndpoint names what is behind an endpoint; empty for one that is not ready.
// Unset means ready.
func readyEndpoint(e *discoveryv1.Endpoint) string {
	switch {
	case e.Conditions.Ready != nil && !*e.Conditions.Ready:
		return ""
	case e.TargetRef != nil:
		return cmp.Or(string(e.TargetRef.UID), e.TargetRef.Kind+"/"+e.TargetRef.Name)
	case len(e.Addresses) > 0:
		return e.Addresses[0]
	}
	return ""
}

// crds keeps the versions of CustomResourceDefinitions. Pages are read one ahead
// at most: one of them may take megabytes.
func (r *surveyReader) crds(ctx context.Context, objects dynamic.Interface) error {
	resource := objects.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	return pages(ctx, crdPage, metav1.ListOptions{}, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return resource.List(ctx, o)
	}, func(object runtime.Object) {
		r.survey.CRDs = append(r.survey.CRDs, crdRecord(object.(*unstructured.Unstructured)))
	})
}

func crdRecord(crd *unstructured.Unstructured) v1alpha1.CRDRecord {
	record := v1alpha1.CRDRecord{Name: crd.GetName(), Served: []string{}}
	// A server that does not keep to the form leaves the lists empty.
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, version := range versions {
		fields, _ := version.(map[string]any)
		name, _, _ := unstructured.NestedString(fields, "name")
		if served, _, _ := unstructured.NestedBool(fields, "served"); served {
			record.Served = append(record.Served, name)
		}
	}
	record.Stored, _, _ = unstructured.NestedStringSlice(crd.Object, "status", "storedVersions")
	return record
}

// apiServices keeps which APIs another server answers for, and whether it does.
func (r *surveyReader) apiServices(ctx context.Context, objects dynamic.Interface) error {
	resource := objects.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	return each(ctx, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return resource.List(ctx, o)
	}, func(object runtime.Object) {
		r.survey.APIServices = append(r.survey.APIServices, apiService(object.(*unstructured.Unstructured)))
	})
}

func apiService(object *unstructured.Unstructured) APIService {
	service := APIService{Name: object.GetName()}
	namespace, _, _ := unstructured.NestedString(object.Object, "spec", "service", "namespace")
	if name, has, _ := unstructured.NestedString(object.Object, "spec", "service", "name"); has {
		service.Service = namespace + "/" + name
	}
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		fields, _ := condition.(map[string]any)
		if fields["type"] != "Available" {
			continue
		}
		service.Available = fields["status"] == string(metav1.ConditionTrue)
		if !service.Available {
			service.Message, _ = fields["message"].(string)
		}
	}
	return service
}

// releases keeps the newest revision of each Helm release, by the labels of its
// Secret: of a Secret nothing but the metadata is asked for.
func (r *surveyReader) releases(ctx context.Context, meta metadata.Interface) error {
	resource := meta.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(metav1.NamespaceAll)
	newest := map[types.NamespacedName]v1alpha1.ReleaseRecord{}
	chosen := metav1.ListOptions{LabelSelector: helmOwner, FieldSelector: helmSecrets}
	err := pages(ctx, 0, chosen, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return resource.List(ctx, o)
	}, func(object runtime.Object) {
		secret := object.(*metav1.PartialObjectMetadata)
		revision, err := strconv.Atoi(secret.Labels[helmRevision])
		key := types.NamespacedName{Namespace: secret.Namespace, Name: secret.Labels[helmName]}
		if err != nil || key.Name == "" || revision <= newest[key].Revision {
			return
		}
		newest[key] = v1alpha1.ReleaseRecord{Namespace: key.Namespace, Name: key.Name, Revision: revision, Status: secret.Labels[helmStatus]}
	})
	r.survey.Releases = slices.SortedFunc(maps.Values(newest), func(a, b v1alpha1.ReleaseRecord) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return err
}
