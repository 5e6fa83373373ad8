// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// pages is a server that gives three pods a page; failAt is the page that fails.
func pages(total, failAt int) (*fake.Clientset, *[]metav1.ListOptions) {
	client := fake.NewClientset()
	asked := &[]metav1.ListOptions{}
	client.PrependReactor("list", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		options := action.(clienttesting.ListActionImpl).GetListOptions()
		*asked = append(*asked, options)
		from := 0
		if options.Continue != "" {
			if _, err := fmt.Sscanf(options.Continue, "from-%d", &from); err != nil {
				return true, nil, err
			}
		}
		if from/3 == failAt {
			return true, nil, errors.New("connection lost")
		}
		list := &corev1.PodList{}
		for i := from; i < min(from+3, total); i++ {
			pod := fixture.Pod(fmt.Sprintf("app/p-%02d", i))
			pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
			list.Items = append(list.Items, *pod)
		}
		if from+3 < total {
			list.Continue = fmt.Sprintf("from-%d", from+3)
		}
		return true, list, nil
	})
	return client, asked
}

func TestListPodsReadsEveryPage(t *testing.T) {
	client, asked := pages(8, -1)
	pods, err := cluster.ListPods(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"p-00", "p-01", "p-02", "p-03", "p-04", "p-05", "p-06", "p-07"}
	if diff := cmp.Diff(want, names(pods)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, pod := range pods {
		if pod.Spec.Containers[0].Env != nil {
			t.Errorf("%s is not trimmed", pod.Name)
		}
	}
	var tokens []string
	for _, options := range *asked {
		tokens = append(tokens, options.Continue)
		// Resource version 0 would be answered from the cache of the API server.
		if options.Limit == 0 || options.ResourceVersion != "" {
			t.Errorf("asked with limit %d, resource version %q", options.Limit, options.ResourceVersion)
		}
	}
	if diff := cmp.Diff([]string{"", "from-3", "from-6"}, tokens); diff != "" {
		t.Errorf("continue tokens, -want +got:\n%s", diff)
	}
}

// Half a list would say that a pool is empty.
func TestListPodsFailsWhenAPageFails(t *testing.T) {
	client, _ := pages(8, 1)
	pods, err := cluster.ListPods(t.Context(), client)
	if pods != nil || err == nil || err.Error() != "listing pods: connection lost" {
		t.Errorf("got %d pods, %v", len(pods), err)
	}
}

func TestListNodes(t *testing.T) {
	client := fake.NewClientset(fixture.Node("n1"), fixture.Node("n2"))
	nodes, err := cluster.ListNodes(t.Context(), client)
	if diff := cmp.Diff([]string{"n1", "n2"}, names(nodes)); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	client.PrependReactor("list", "nodes", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("connection lost")
	})
	if _, err := cluster.ListNodes(t.Context(), client); err == nil || err.Error() != "listing nodes: connection lost" {
		t.Errorf("got %v", err)
	}
}
