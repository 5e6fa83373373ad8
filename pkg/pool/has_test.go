// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/labels"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// TestHas: a node that comes later belongs to a pool as those that it was made of.
func TestHas(t *testing.T) {
	selected, err := pool.Select([]*corev1.Node{fixture.Node("n1", fixture.Label("tier", "db"))}, labels.SelectorFromSet(labels.Set{"tier": "db"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	named, nobodys := pool.Pool{Name: "db", Provider: "aks"}, pool.Pool{Provider: "unknown"}
	for name, test := range map[string]struct {
		pool pool.Pool
		node fixture.Option
		want bool
	}{
		"its name":                  {named, fixture.Pool("aks", "db"), true},
		"another name":              {named, fixture.Pool("aks", "web"), false},
		"the name at another cloud": {named, fixture.Pool("eks", "db"), false},
		"no name":                   {named, fixture.Label("tier", "db"), false},
		"what is selected":          {selected, fixture.Label("tier", "db"), true},
		"what is not selected":      {selected, fixture.Label("tier", "web"), false},
		"no pool, no name":          {pool.Pool{}, fixture.Label("tier", "db"), false},
		"the nodes without a pool":  {nobodys, fixture.Label("tier", "db"), false},
	} {
		if got := test.pool.Has(fixture.Node("n2", test.node)); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
