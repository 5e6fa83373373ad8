// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
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
	// fewSets is the size of the fleet whose reactions are timed.
	fewSets = 5
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
	// Reactions are from a freed budget to the accepted eviction while the API
	// server has little else to do, Loaded those of our drains under budgets,
	// Answers the API server's own part in the latter.
	Reactions, Loaded, Answers []time.Duration
	// Memory and BigMemory are in bytes.
	Memory, BigMemory []int64
	// Version and KubectlVersion are start-up times.
	Version, KubectlVersion []time.Duration
	// Places are our looks at the places of all pods, Snapshots those that write all
	// of the cluster down, Verified those that compare it, KubectlGet kubectl's at
	// nodes and pods.
	Places, Snapshots, Verified, KubectlGet looks
	Kubernetes                              string
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
	t.reactions(b, s)
	f := newFleet(b, s, "fleet", fleetNodes, fleetSets, fleetReplicas)
	for range runs {
		t.withoutBudgets(b, f)
	}
	f.budgets()
	for range runs {
		t.underBudgets(b, f)
	}
	f.fill(bigNodes-2*fleetNodes, bigPods-f.pods())
	t.BigMemory = append(t.BigMemory, f.drainPool().peak)
	t.places(b, s)
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

// reactions drains a few Deployments under budgets.
func (t *table) reactions(b *testing.B, s *harness.Sandbox) {
	b.Helper()
	f := newFleet(b, s, "few", fewSets, fewSets, fleetReplicas)
	defer f.Remove()
	f.budgets()
	for range t.Runs {
		_, reactions, _ := f.drainTimed()
		t.Reactions = append(t.Reactions, reactions...)
		f.moved()
	}
}

// withoutBudgets is one round of drains of pods without disruption budgets.
func (t *table) withoutBudgets(b *testing.B, f *fleet) {
	b.Helper()
	log := f.Audit(b)
	r := f.drainPool()
	t.Floors, t.Memory = append(t.Floors, r.Took), append(t.Memory, r.peak)
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
	r, reactions, audited := f.drainTimed()
	t.Budgets, t.Memory = append(t.Budgets, r.Took), append(t.Memory, r.peak)
	t.Asked = count(audited)
	t.Loaded = append(t.Loaded, reactions...)
	t.Answers = append(t.Answers, answerTimes(audited)...)
	f.moved()
	t.KubectlBudgets = append(t.KubectlBudgets, f.kubectlDrain())
	f.moved()
}

// drained is how one of our drains went.
type drained struct {
	harness.Result
	// peak of the plugin's resident memory, in bytes.
	peak int64
}

// drainPool empties the pool with the plugin.
func (f *fleet) drainPool(flags ...string) drained {
	f.tb.Helper()
	args := append([]string{"drain-pool", f.pool, "--yes"}, flags...)
	p := f.StartPlugin(f.tb, args...)
	ctx, ended := context.WithCancel(context.Background())
	peak := watchPeak(ctx, p.Process.Pid)
	r := p.Wait()
	ended()
	return drained{Result: r.Want(f.tb, 0), peak: <-peak}
}

// drainTimed empties the pool and returns how long each freed budget waited for
// its next eviction, and the audited requests.
func (f *fleet) drainTimed() (drained, []time.Duration, []harness.AuditedRequest) {
	f.tb.Helper()
	freed, stop := f.watchBudgets()
	defer stop()
	log := f.Audit(f.tb)
	r := f.drainPool()
	stop()
	audited := log.Requests(f.tb)
	return r, freed.reactions(audited), audited
}
