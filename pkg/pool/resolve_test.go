// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package pool_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

func TestResolve(t *testing.T) {
	aks := []pool.Pool{{Name: "keycloaknp", Provider: "aks"}, {Name: "mongodbnp", Provider: "aks"}, {Provider: "unknown"}}
	eks := []pool.Pool{{Name: "MongoDB-nodegroup", Provider: "eks"}, {Name: "VANTIQ-nodegroup", Provider: "eks"}}
	tests := map[string]struct {
		pools []pool.Pool
		name  string
		want  string
		err   string
	}{
		"exact":                         {pools: aks, name: "mongodbnp", want: "mongodbnp"},
		"in another case":               {pools: aks, name: "MongoDBnp", want: "mongodbnp"},
		"exact on EKS":                  {pools: eks, name: "MongoDB-nodegroup", want: "MongoDB-nodegroup"},
		"in another case on EKS":        {pools: eks, name: "mongodb-nodegroup", want: "MongoDB-nodegroup"},
		"without the suffix":            {pools: eks, name: "VANTIQ", want: "VANTIQ-nodegroup"},
		"without suffix, in lower case": {pools: eks, name: "vantiq", want: "VANTIQ-nodegroup"},
		"with a suffix it has not":      {pools: aks, name: "mongodbnp-nodegroup", want: "mongodbnp"},
		"exact before case": {
			pools: []pool.Pool{{Name: "Metrics"}, {Name: "metrics"}}, name: "metrics", want: "metrics",
		},
		"case before suffix": {
			pools: []pool.Pool{{Name: "METRICS"}, {Name: "metrics-nodegroup"}}, name: "metrics", want: "METRICS",
		},
		"unknown": {
			pools: aks, name: "mongo",
			err: `no pool "mongo"; this cluster has: keycloaknp, mongodbnp; did you mean mongodbnp?`,
		},
		"no name is no pool, not the nodes without one": {
			pools: aks, name: "",
			err: `no pool ""; this cluster has: keycloaknp, mongodbnp`,
		},
		"no node has a pool label": {
			pools: []pool.Pool{{Provider: "unknown"}}, name: "mongodbnp",
			err: `no pool "mongodbnp": no node of this cluster carries a pool label; choose the nodes with --selector`,
		},
		"two providers have the name": {
			pools: []pool.Pool{{Name: "db", Provider: "eks"}, {Name: "db", Provider: "karpenter"}}, name: "db",
			err: `pool "db" is ambiguous: db (eks), db (karpenter); give the exact name, or choose the nodes with --selector`,
		},
		"two names differ by case only": {
			pools: []pool.Pool{{Name: "Metrics", Provider: "eks"}, {Name: "metrics", Provider: "eks"}}, name: "METRICS",
			err: `pool "METRICS" is ambiguous: Metrics (eks), metrics (eks); give the exact name, or choose the nodes with --selector`,
		},
		"two names differ by the suffix only": {
			pools: []pool.Pool{{Name: "Db-nodegroup", Provider: "eks"}, {Name: "db-NODEGROUP", Provider: "eks"}}, name: "db",
			err: `pool "db" is ambiguous: Db-nodegroup (eks), db-NODEGROUP (eks); give the exact name, or choose the nodes with --selector`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := pool.Resolve(test.pools, test.name)
			if got.Name != test.want || text(err) != test.err {
				t.Errorf("got pool %q, error %q\nwant pool %q, error %q", got.Name, text(err), test.want, test.err)
			}
		})
	}
}

// The commands tell the two apart to choose the exit code and the advice.
func TestResolveErrorsHaveTypes(t *testing.T) {
	pools := []pool.Pool{{Name: "db", Provider: "eks"}, {Name: "db", Provider: "karpenter"}}
	_, err := pool.Resolve(pools, "db")
	if ambiguous := new(pool.AmbiguousError); !errors.As(err, &ambiguous) {
		t.Errorf("got %T, want an AmbiguousError", err)
	}
	_, err = pool.Resolve(pools, "web")
	if unknown := new(pool.UnknownError); !errors.As(err, &unknown) {
		t.Errorf("got %T, want an UnknownError", err)
	}
}

func TestSelect(t *testing.T) {
	nodes := []*corev1.Node{
		fixture.Node("n3", fixture.Pool("aks", "mongodbnp"), fixture.Prefers("database"), fixture.Label("rack", "r1")),
		fixture.Node("n2", fixture.Pool("aks", "mongodbnp"), fixture.Prefers("database"), fixture.Label("rack", "r2")),
		fixture.Node("n1", fixture.Pool("eks", "MongoDB-nodegroup"), fixture.Label("rack", "r1")),
		fixture.Node("n0", fixture.Pool("aks", "vantiqnp"), fixture.Label("rack", "r2")),
		fixture.Node("n4", fixture.Label("rack", "r3")),
	}
	tests := map[string]struct {
		selector string
		want     []outline
		err      string
	}{
		"one pool": {
			selector: "vantiq.com/workload-preference=database",
			want:     []outline{{"selector", "vantiq.com/workload-preference=database", "mongodb", []string{"n2", "n3"}}},
		},
		"two pools of one role": {selector: "rack=r1", want: []outline{{"selector", "rack=r1", "mongodb", []string{"n1", "n3"}}}},
		"two roles: none":       {selector: "rack=r2", want: []outline{{"selector", "rack=r2", "", []string{"n0", "n2"}}}},
		"no role":               {selector: "rack=r3", want: []outline{{"selector", "rack=r3", "", []string{"n4"}}}},
		"a role and none: none": {selector: "rack in (r1,r3)", want: []outline{{"selector", "rack in (r1,r3)", "", []string{"n1", "n3", "n4"}}}},
		"no node":               {selector: "rack=r9", err: `no node matches the selector "rack=r9"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			selector, err := labels.Parse(test.selector)
			if err != nil {
				t.Fatal(err)
			}
			var got []outline
			selected, err := pool.Select(nodes, selector, vantiq(t))
			if err == nil {
				got = outlines(selected)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || text(err) != test.err {
				t.Errorf("error %q, -want +got:\n%s", text(err), diff)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
