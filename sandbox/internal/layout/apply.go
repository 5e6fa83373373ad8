// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
)

// parallel is how many objects of one rank are created at a time.
const parallel = 16

// poll is the pause between two looks at the cluster.
const poll = 100 * time.Millisecond

// Apply creates objects, which must be sorted, rank by rank.
func (c *Cluster) Apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	for start := 0; start < len(objects); {
		end := start
		for end < len(objects) && rank(objects[end].GetKind()) == rank(objects[start].GetKind()) {
			end++
		}
		group := objects[start:end]
		if err := each(ctx, group, c.create); err != nil {
			return err
		}
		if group[0].GetKind() == "Namespace" {
			if err := each(ctx, group, c.awaitServiceAccount); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

func (c *Cluster) create(ctx context.Context, object *unstructured.Unstructured) error {
	resource, err := c.resource(ctx, object)
	if err != nil {
		return err
	}
	if err := c.resolveOwners(ctx, object); err != nil {
		return err
	}
	_, err = resource.Create(ctx, object, metav1.CreateOptions{FieldManager: "sandbox"})
	if apierrors.IsAlreadyExists(err) && object.GetKind() == "Namespace" {
		return nil // kube-system and default are there before the layout
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", title(object), err)
	}
	return nil
}

// resource finds the API of an object; a definition that was created a moment
// ago is served only after a while.
func (c *Cluster) resource(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	var mapping *meta.RESTMapping
	err := wait.PollUntilContextTimeout(ctx, poll, 10*time.Second, true, func(context.Context) (bool, error) {
		found, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(err) {
			c.mapper.Reset()
			return false, nil
		}
		mapping = found
		return err == nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("create %s: find the API %s: %w", title(object), kind, err)
	}
	resource := c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return resource, nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return resource.Namespace(object.GetNamespace()), nil
}

// resolveOwners fills in the uids of owners, which a manifest cannot know.
func (c *Cluster) resolveOwners(ctx context.Context, object *unstructured.Unstructured) error {
	owners := object.GetOwnerReferences()
	for i := range owners {
		if owners[i].UID != "" {
			continue
		}
		owner := &unstructured.Unstructured{}
		owner.SetAPIVersion(owners[i].APIVersion)
		owner.SetKind(owners[i].Kind)
		owner.SetNamespace(object.GetNamespace())
		resource, err := c.resource(ctx, owner)
		if err != nil {
			return err
		}
		found, err := resource.Get(ctx, owners[i].Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("create %s: find its owner: %w", title(object), err)
		}
		owners[i].UID = found.GetUID()
	}
	if len(owners) > 0 {
		object.SetOwnerReferences(owners)
	}
	return nil
}

// awaitServiceAccount waits for the account without which no pod may be
// created in a namespace.
func (c *Cluster) awaitServiceAccount(ctx context.Context, namespace *unstructured.Unstructured) error {
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().ServiceAccounts(namespace.GetName()).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the default service account of %s: %w", namespace.GetName(), err)
	}
	return nil
}

func title(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return fmt.Sprintf("%s %s", object.GetKind(), object.GetName())
	}
	return fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
}
