// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// looks are how long programs took to look at a cluster, and their peaks of
// resident memory in bytes.
type looks struct {
	took   []time.Duration
	memory []int64
}

// add waits for the end of a look; its findings are none of our business here.
func (l *looks) add(tb testing.TB, p *harness.Process) {
	tb.Helper()
	ctx, ended := context.WithCancel(context.Background())
	peak := watchPeak(ctx, p.Process.Pid)
	r := p.Wait()
	ended()
	if r.Code == 1 {
		tb.Fatalf("it failed: %s", r.Stderr)
	}
	l.took, l.memory = append(l.took, r.Took), append(l.memory, <-peak)
}

// places compares, in turns, what looks at all of the big cluster with reading
// nodes and pods by kubectl.
func (t *table) places(b *testing.B, s *harness.Sandbox) {
	b.Helper()
	s = s.From(b.TempDir())
	// The API server's first answers to anybody cost it more.
	s.StartPlugin(b, "placement-check", "-o", "json").Wait()
	s.StartPlugin(b, "snapshot", "first.yaml.gz").Wait().Want(b, 0)
	s.StartKubectl(b, "get", "nodes,pods", "-A", "-o", "json").Wait().Want(b, 0)
	for i := range max(t.Runs, 3) {
		t.Places.add(b, s.StartPlugin(b, "placement-check", "-o", "json"))
		t.Snapshots.add(b, s.StartPlugin(b, "snapshot", fmt.Sprintf("%d.yaml.gz", i)))
		t.Verified.add(b, s.StartPlugin(b, "verify", "--baseline", "first.yaml.gz", "-o", "json"))
		t.KubectlGet.add(b, s.StartKubectl(b, "get", "nodes,pods", "-A", "-o", "json"))
	}
}

// BenchmarkPlacement measures placement-check in the big cluster by itself.
func BenchmarkPlacement(b *testing.B) {
	for range b.N {
		s := harness.Start(b, "none", "fast")
		t := &table{Runs: 5}
		f := newFleet(b, s, "fleet", fleetNodes, fleetSets, fleetReplicas)
		f.fill(bigNodes-2*fleetNodes, bigPods-f.pods())
		t.places(b, s)
		b.ReportMetric(float64(median(t.Places.took))/float64(median(t.KubectlGet.took)), "wall/kubectl")
		b.ReportMetric(float64(slices.Max(t.Places.memory))/float64(slices.Max(t.KubectlGet.memory)), "memory/kubectl")
		for _, row := range t.placeRows() {
			b.Logf("%+v", row)
		}
	}
}

// BenchmarkJudge judges the places of the pods of a big cluster.
func BenchmarkJudge(b *testing.B) {
	s := cluster.NewSnapshot(bigCluster())
	prof, err := profile.Vantiq()
	if err != nil {
		b.Fatal(err)
	}
	in := placement.Input{Snapshot: s, Pools: pool.List(s.Nodes, prof), Profile: disruption.ViewOf(s, prof), Time: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if r := placement.Judge(in); r.Summary.Pods != bigPods {
			b.Fatal(r.Summary)
		}
	}
}
