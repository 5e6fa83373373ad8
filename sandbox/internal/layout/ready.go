// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// AnnotationWait set to "false" keeps the start from waiting for an object.
const AnnotationWait = stages.Prefix + "wait"

// WaitReady waits until all objects are up and every disruption budget has
// seen its pods.
func (c *Cluster) WaitReady(ctx context.Context, objects []*unstructured.Unstructured, failed func() error) error {
	return c.repeat(ctx, failed, func() ([]string, error) {
		left, err := c.unready(ctx, objects)
		if err != nil || len(left) > 0 {
			return left, err
		}
		return c.unseen(ctx, objects)
	})
}

// unready lists those of objects that are not up, with the reason.
func (c *Cluster) unready(ctx context.Context, objects []*unstructured.Unstructured) ([]string, error) {
	wanted := map[string][]*unstructured.Unstructured{}
	for _, object := range objects {
		if object.GetAnnotations()[AnnotationWait] == "false" || templateAnnotation(object, stages.AnnotationStart) == stages.Never {
			continue
		}
		wanted[object.GetKind()] = append(wanted[object.GetKind()], object)
	}
	var left []string
	for kind, list := range c.listers() {
		if len(wanted[kind]) == 0 {
			continue
		}
		reasons, err := list(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the objects of kind %s: %w", kind, err)
		}
		for _, object := range wanted[kind] {
			reason, found := reasons[key(object.GetNamespace(), object.GetName())]
			if !found {
				reason = "is not there"
			}
			if reason != "" {
				left = append(left, title(object)+" "+reason)
			}
		}
	}
	slices.Sort(left)
	return left, nil
}

// unseen lists the disruption budgets whose status does not yet count the
// pods that are ready.
func (c *Cluster) unseen(ctx context.Context, objects []*unstructured.Unstructured) ([]string, error) {
	namespaces := map[string]bool{}
	for _, object := range objects {
		if object.GetKind() == "PodDisruptionBudget" {
			namespaces[object.GetNamespace()] = true
		}
	}
	var left []string
	for namespace := range namespaces {
		budgets, err := c.client.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list the disruption budgets: %w", err)
		}
		pods, err := c.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("list the pods of %s: %w", namespace, err)
		}
		for i := range budgets.Items {
			budget := &budgets.Items[i]
			selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
			if err != nil {
				return nil, fmt.Errorf("read the selector of the disruption budget %s: %w", budget.Name, err)
			}
			healthy := int32(0)
			for j := range pods.Items {
				if selector.Matches(labels.Set(pods.Items[j].Labels)) && podReason(&pods.Items[j]) == "" {
					healthy++
				}
			}
			if budget.Status.ObservedGeneration < budget.Generation || budget.Status.CurrentHealthy != healthy {
				left = append(left, fmt.Sprintf("PodDisruptionBudget %s/%s has not seen its pods", namespace, budget.Name))
			}
		}
	}
	slices.Sort(left)
	return left, nil
}

func key(namespace, name string) string { return namespace + "/" + name }

// shorten joins the first few reasons.
func shorten(reasons []string) string {
	const most = 8
	if len(reasons) > most {
		rest := fmt.Sprintf("and %d more", len(reasons)-most)
		reasons = append(slices.Clone(reasons[:most]), rest)
	}
	return strings.Join(reasons, "; ")
}
