// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Live is an object as it is now: as much of it as a change is about.
type Live struct {
	UID             types.UID
	ResourceVersion string
	Annotations     map[string]string
	// managed says who has set which field.
	managed []metav1.ManagedFieldsEntry
	fields  map[string]any
}

// NewLive reads an object of the API; nil stays nil.
func NewLive(object runtime.Object) (*Live, error) {
	if object == nil {
		return nil, nil
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	return &Live{UID: accessor.GetUID(), ResourceVersion: accessor.GetResourceVersion(), Annotations: accessor.GetAnnotations(), managed: accessor.GetManagedFields(), fields: fields}, nil
}

// Value is the value of a field as JSON; null when it is absent.
func (l *Live) Value(field string) json.RawMessage {
	value, found, err := unstructured.NestedFieldNoCopy(l.fields, strings.Split(field, ".")...)
	if err != nil || !found {
		return json.RawMessage("null")
	}
	data, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}

// has reports whether a field has a value.
func (l *Live) has(field string, value json.RawMessage) bool {
	var compact bytes.Buffer
	if err := json.Compact(&compact, value); err != nil {
		return false
	}
	return bytes.Equal(l.Value(field), compact.Bytes())
}

// isTakenOver reports whether somebody else has set a field since we did.
func (l *Live) isTakenOver(field string) bool { return drain.IsTakenOver(l.managed, field) }

// setBy says who has set a field, and when, where the managed fields tell: somebody
// else (kubectl, 2026-11-23 10:33:05).
func (l *Live) setBy(field string) string {
	owners := cluster.FieldOwners(l.managed, field)
	if len(owners) == 0 || owners[0].Manager == drain.FieldManager {
		return "somebody else"
	}
	if owners[0].Time.IsZero() {
		return "somebody else (" + owners[0].Manager + ")"
	}
	return "somebody else (" + owners[0].Manager + ", " + stamp(owners[0].Time) + ")"
}

// api is where the objects of a kind are read and written.
type api struct {
	client   rest.Interface
	resource string
	empty    func() runtime.Object
}

func apiOf(client kubernetes.Interface, kind string) (api, error) {
	switch kind {
	case "Pod":
		return api{client.CoreV1().RESTClient(), "pods", func() runtime.Object { return &corev1.Pod{} }}, nil
	case "Node":
		return api{client.CoreV1().RESTClient(), "nodes", func() runtime.Object { return &corev1.Node{} }}, nil
	case "Deployment":
		return api{client.AppsV1().RESTClient(), "deployments", func() runtime.Object { return &appsv1.Deployment{} }}, nil
	case "StatefulSet":
		return api{client.AppsV1().RESTClient(), "statefulsets", func() runtime.Object { return &appsv1.StatefulSet{} }}, nil
	case "PodDisruptionBudget":
		return api{client.PolicyV1().RESTClient(), "poddisruptionbudgets", func() runtime.Object { return &policyv1.PodDisruptionBudget{} }}, nil
	}
	return api{}, fmt.Errorf("objects of kind %q are none that this program changes", kind)
}

// read gets the object; nil when there is none.
func (a api) read(ctx context.Context, o journal.Object) (*Live, error) {
	object := a.empty()
	err := a.client.Get().NamespaceIfScoped(o.Namespace, o.Namespace != "").Resource(a.resource).Name(o.Name).Do(ctx).Into(object)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", o, err)
	}
	return NewLive(object)
}

// write sets a field and the mark of one version of an object, which is returned
// as it is then. A mark of nil removes it; without a field only the mark changes.
func (a api) write(ctx context.Context, o journal.Object, was *Live, field string, value json.RawMessage, annotation string, mark any, dryRun bool) (*Live, error) {
	patch := map[string]any{}
	if field != "" {
		if err := unstructured.SetNestedField(patch, nil, strings.Split(field, ".")...); err != nil {
			return nil, err
		}
		setLeaf(patch, strings.Split(field, "."), value)
	}
	patch["metadata"] = map[string]any{
		"uid": was.UID, "resourceVersion": was.ResourceVersion,
		"annotations": map[string]any{annotation: mark},
	}
	data, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	options := &metav1.PatchOptions{FieldManager: drain.FieldManager}
	if dryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	object := a.empty()
	err = a.client.Patch(types.MergePatchType).NamespaceIfScoped(o.Namespace, o.Namespace != "").Resource(a.resource).Name(o.Name).
		VersionedParams(options, metav1.ParameterCodec).
		Body(data).Do(ctx).Into(object)
	if err != nil {
		return nil, fmt.Errorf("changing %s: %w", o, err)
	}
	return NewLive(object)
}

// setLeaf sets a value below the maps that are on its path.
func setLeaf(in map[string]any, path []string, value any) {
	for _, name := range path[:len(path)-1] {
		in = in[name].(map[string]any)
	}
	in[path[len(path)-1]] = value
}
