// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// pages makes a server give three pods a page from now on; failAt is the page
// that fails.
func pages(client *fake.Clientset, total, failAt int) *[]metav1.ListOptions {
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
	return asked
}

func TestReadPodsReadsEveryPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(fixture.Pod("app/p-00"))
		w, err := cluster.Watch(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		asked := pages(client, 8, -1)
		pods, err := w.ReadPods(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		read := names(pods)
		slices.Sort(read)
		want := []string{"p-00", "p-01", "p-02", "p-03", "p-04", "p-05", "p-06", "p-07"}
		if diff := cmp.Diff(want, read); diff != "" {
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
			if options.ResourceVersion != "" {
				t.Errorf("asked with resource version %q", options.ResourceVersion)
			}
		}
		if diff := cmp.Diff([]string{"", "from-3", "from-6"}, tokens); diff != "" {
			t.Errorf("continue tokens, -want +got:\n%s", diff)
		}
	})
}

// What has not changed is not held twice; what has is the new one.
func TestReadPodsKeepsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset()
		same, other, gone := fixture.Pod("app/same"), fixture.Pod("app/other"), fixture.Pod("app/gone")
		for _, pod := range []*corev1.Pod{same, other, gone} {
			pod.ResourceVersion = "7"
			if err := client.Tracker().Add(pod); err != nil {
				t.Fatal(err)
			}
		}
		w, err := cluster.Watch(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			newer := other.DeepCopy()
			newer.ResourceVersion = "8"
			return true, &corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "8"}, Items: []corev1.Pod{*same.DeepCopy(), *newer}}, nil
		})
		pods, err := w.ReadPods(t.Context())
		if err != nil || len(pods) != 2 {
			t.Fatalf("got %v, %v", names(pods), err)
		}
		before := w.Snapshot()
		for _, pod := range pods {
			kept := before.Pod("app", pod.Name) == pod
			if kept != (pod.Name == "same") || !kept && pod.ResourceVersion != "8" {
				t.Errorf("%s: kept %t, version %s", pod.Name, kept, pod.ResourceVersion)
			}
		}
	})
}

// Half a list would say that a pool is empty.
func TestReadPodsFailsWhenAPageFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset()
		w, err := cluster.Watch(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		pages(client, 8, 1)
		pods, err := w.ReadPods(t.Context())
		if pods != nil || err == nil || !strings.Contains(err.Error(), "connection lost") {
			t.Errorf("got %d pods, %v", len(pods), err)
		}
	})
}
