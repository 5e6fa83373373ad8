// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
)

func TestOnly(t *testing.T) {
	metrics := fixture.StatefulSet("app/metrics-collector")
	look := func(more ...any) *v1alpha1.PlacementReport {
		return world(t, with(with(except(nodes(), "grafananp-0"), vantiq()...), append(more, metrics, fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1"))...)...)
	}
	influx := fixture.StatefulSet("shared/influxdb")
	nowhere := []any{influx, fixture.PodOf(influx, "influxdb-0", "keycloaknp-0")}
	tests := map[string]struct {
		pods, workloads []string
		world           []any
		want            int
		verdict         v1alpha1.PlacementVerdict
		err             string
	}{
		"a pod that is wrong":     {pods: []string{"app/metrics-collector-0"}, want: 1, verdict: v1alpha1.PlacementWrong},
		"a workload that is":      {workloads: []string{"statefulset/app/vantiq"}, want: 3, verdict: v1alpha1.PlacementRight},
		"both":                    {pods: []string{"app/mongodb-0"}, workloads: []string{"statefulset/app/metrics-collector"}, want: 2, verdict: v1alpha1.PlacementWrong},
		"not checked stays":       {pods: []string{"app/mongodb-0"}, world: []any{forbidden("persistentvolumes")}, want: 1, verdict: v1alpha1.PlacementWrong},
		"a role without a pool":   {pods: []string{"shared/influxdb-0"}, world: nowhere, want: 1, verdict: v1alpha1.PlacementWrong},
		"another role's lack":     {pods: []string{"app/mongodb-0"}, world: nowhere, want: 1, verdict: v1alpha1.PlacementRight},
		"an unknown pod":          {pods: []string{"app/mongo"}, err: `no pod "app/mongo"; there are: app/mongodb-0, app/mongodb-1, app/mongodb-2`},
		"an unknown workload":     {workloads: []string{"deployment/app/metrics"}, err: `no workload "deployment/app/metrics" with pods; there are: statefulset/app/metrics-collector`},
		"nothing like it":         {workloads: []string{"deployment/app/web"}, err: `no workload "deployment/app/web" with pods; there are: statefulset/app/metrics-collector, statefulset/app/mongodb, statefulset/app/vantiq`},
		"a pod in another case":   {pods: []string{"App/mongodb-0"}, err: `no pod "App/mongodb-0"; there are: app/mongodb-0`},
		"a pod given as workload": {workloads: []string{"pod/app/mongodb-0"}, want: 1, verdict: v1alpha1.PlacementRight},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := look(tt.world...)
			err := placement.Only(r, tt.pods, tt.workloads)
			if err != nil {
				if diff := cmp.Diff(tt.err, err.Error()); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				return
			}
			if tt.err != "" || len(r.Pods) != tt.want || r.Summary.Pods != tt.want || r.Verdict != tt.verdict {
				t.Errorf("%d pods, verdict %s, findings %v", len(r.Pods), r.Verdict, outline(r))
			}
		})
	}
}
