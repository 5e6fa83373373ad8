// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// now is when the worlds of these tests are looked at.
func now() time.Time { return fixture.Epoch().Add(time.Hour) }

// nodes are those of a small production cluster: three nodes for vantiq, mongodb
// and keycloak in three zones, one for grafana and for metrics in the first.
func nodes() []any {
	var all []any
	for _, p := range []struct {
		pool, label string
		n           int
	}{{"vantiqnp", "compute", 3}, {"mongodbnp", "database", 3}, {"keycloaknp", "shared", 3}, {"grafananp", "influxdb", 1}, {"metricsnp", "compute", 1}} {
		for i := range p.n {
			all = append(all, node(p.pool, p.label, i))
		}
	}
	return all
}

func node(pool, label string, i int, more ...fixture.Option) *corev1.Node {
	options := append([]fixture.Option{
		fixture.Pool("aks", pool), fixture.Prefers(label), fixture.Zone(fmt.Sprintf("z%d", i+1)), fixture.Allocatable("4"),
	}, more...)
	return fixture.Node(fmt.Sprintf("%s-%d", pool, i), options...)
}

// vantiq is an installation with its pods where they belong.
func vantiq() []any {
	vantiq, mongodb := fixture.StatefulSet("app/vantiq", fixture.Replicas(3)), fixture.StatefulSet("app/mongodb", fixture.Replicas(3))
	return []any{
		vantiq, fixture.PodsOf(vantiq, "vantiqnp-0", "vantiqnp-1", "vantiqnp-2"),
		mongodb, fixture.PodsOf(mongodb, "mongodbnp-0", "mongodbnp-1", "mongodbnp-2"),
	}
}

// world judges objects of any kind.
func world(t *testing.T, objects ...any) *v1alpha1.PlacementReport {
	t.Helper()
	return placement.Judge(input(t, objects...))
}

// found judges objects of any kind, and finds the misplaced pods.
func found(t *testing.T, objects ...any) placement.Found {
	t.Helper()
	return placement.Find(input(t, objects...))
}

func input(t *testing.T, objects ...any) placement.Input {
	t.Helper()
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	var others []any
	var volumes []*corev1.PersistentVolume
	var claims []*corev1.PersistentVolumeClaim
	var unread []string
	for _, object := range objects {
		switch o := object.(type) {
		case *corev1.PersistentVolume:
			volumes = append(volumes, o)
		case *corev1.PersistentVolumeClaim:
			claims = append(claims, o)
		case forbidden:
			unread = append(unread, string(o))
		default:
			others = append(others, o)
		}
	}
	s := fixture.Snapshot(others...)
	v := cluster.NewVolumes(volumes, claims)
	v.Unread = unread
	return placement.Input{Snapshot: s, Volumes: v, Pools: pool.List(s.Nodes, prof), Profile: disruption.ViewOf(s, prof), Time: now()}
}

// forbidden is a kind that the user may not list.
type forbidden string

// with adds objects to a world.
func with(objects []any, more ...any) []any { return slices.Concat(objects, more) }

// except leaves nodes out of a world.
func except(objects []any, names ...string) []any {
	return slices.DeleteFunc(slices.Clone(objects), func(o any) bool {
		n, isNode := o.(*corev1.Node)
		return isNode && slices.Contains(names, n.Name)
	})
}

// outline writes the findings, and where there is room for the pods.
func outline(r *v1alpha1.PlacementReport) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%s %s %s: %s", f.Severity, f.Code, f.Object, strings.NewReplacer("; for 60m", "", " for 60m", "").Replace(f.Message)))
	}
	return all
}

func podOf(t *testing.T, r *v1alpha1.PlacementReport, name string) v1alpha1.PlacedPod {
	t.Helper()
	for i := range r.Pods {
		if r.Pods[i].Namespace+"/"+r.Pods[i].Name == name {
			return r.Pods[i]
		}
	}
	t.Fatalf("no pod %s in the report", name)
	return v1alpha1.PlacedPod{}
}
