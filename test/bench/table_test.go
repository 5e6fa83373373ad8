// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// The fleet that is drained.
const (
	fleetNodes    = 50
	fleetSets     = 50
	fleetReplicas = 20
)

// longest bounds one drain: kubectl takes minutes here.
const longest = 20 * time.Minute

// BenchmarkTable measures what docs/benchmarks.md says and writes that page to
// the file BENCH_PAGE. BENCH_RUNS is how often each drain is repeated.
func BenchmarkTable(b *testing.B) {
	runs, err := strconv.Atoi(os.Getenv("BENCH_RUNS"))
	if err != nil {
		runs = 3
	}
	for range b.N {
		t := measure(b, runs)
		for name, value := range t.metrics() {
			b.ReportMetric(value, name)
		}
		if page := os.Getenv("BENCH_PAGE"); page != "" {
			if err := t.write(page); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// table holds one measurement per run.
type table struct {
	Runs int
	// Floors, NoFloors and Budgets are our drains; the others their rivals.
	Floors, Kubectl, NoFloors, Loop, Budgets, KubectlBudgets []time.Duration
	// Requests are those of our drains with floors kept, Small those of a drain
	// of a fiftieth of the pods; Asked those under budgets.
	Requests, Small, Asked requests
	Reactions              []time.Duration
	// Memory and BigMemory are in bytes.
	Memory, BigMemory []int64
	// Version and KubectlVersion are start-up times.
	Version, KubectlVersion []time.Duration
	Kubernetes              string
}

func measure(b *testing.B, runs int) *table {
	b.Helper()
	s := harness.Start(b, "none", "fast")
	s.CommandTimeout = longest
	t := &table{Runs: runs}
	version, err := s.Client.Discovery().ServerVersion()
	if err != nil {
		b.Fatal(err)
	}
	t.Kubernetes = version.GitVersion
	t.startUp(b, s)
	t.small(b, s)
	f := newFleet(b, s, "fleet", fleetNodes, fleetSets, fleetReplicas)
	for range runs {
		t.withoutBudgets(b, f)
	}
	f.budgets()
	for range runs {
		t.underBudgets(b, f)
	}
	f.fill(bigNodes-2*fleetNodes, bigPods-f.pods())
	t.BigMemory = append(t.BigMemory, maxRSS(f.drainPool()))
	return t
}

// startUp compares the start of the two programs, in turns.
func (t *table) startUp(b *testing.B, s *harness.Sandbox) {
	b.Helper()
	for range 20 {
		t.Version = append(t.Version, s.StartPlugin(b, "version", "--client").Wait().Want(b, 0).Took)
		t.KubectlVersion = append(t.KubectlVersion, s.Kubectl(b, "version", "--client").Want(b, 0).Took)
	}
}

// small counts the requests of a drain of one node.
func (t *table) small(b *testing.B, s *harness.Sandbox) {
	b.Helper()
	f := newFleet(b, s, "small", 1, 1, fleetReplicas)
	defer f.Remove()
	log := s.Audit(b)
	f.drainPool()
	t.Small = count(log.Requests(b))
	f.moved()
}

// withoutBudgets is one round of drains of pods without disruption budgets.
func (t *table) withoutBudgets(b *testing.B, f *fleet) {
	b.Helper()
	log := f.Audit(b)
	r := f.drainPool()
	t.Floors, t.Memory = append(t.Floors, r.Took), append(t.Memory, maxRSS(r))
	t.Requests = count(log.Requests(b))
	f.moved()
	t.Kubectl = append(t.Kubectl, f.kubectlDrain())
	f.moved()
	t.NoFloors = append(t.NoFloors, f.drainPool("--max-unavailable=100%").Took)
	f.moved()
	t.Loop = append(t.Loop, f.bareLoop())
	f.moved()
}

// underBudgets is one round of drains of pods that each have a budget of one.
func (t *table) underBudgets(b *testing.B, f *fleet) {
	b.Helper()
	freed, stop := f.watchBudgets()
	defer stop()
	log := f.Audit(b)
	r := f.drainPool()
	stop()
	audited := log.Requests(b)
	t.Budgets, t.Memory = append(t.Budgets, r.Took), append(t.Memory, maxRSS(r))
	t.Asked = count(audited)
	t.Reactions = append(t.Reactions, freed.reactions(audited)...)
	f.moved()
	t.KubectlBudgets = append(t.KubectlBudgets, f.kubectlDrain())
	f.moved()
}

// drainPool empties the pool with the plugin.
func (f *fleet) drainPool(flags ...string) harness.Result {
	f.tb.Helper()
	args := append([]string{"drain-pool", f.pool, "--yes"}, flags...)
	return f.StartPlugin(f.tb, args...).Wait().Want(f.tb, 0)
}
