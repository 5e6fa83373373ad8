// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

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
