// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed benchmarks.md.tmpl
var pageTemplate string

// row is one line of the page.
type row struct{ What, Ours, Other, Ratio, Bar, Met string }

// page is what the template is filled with.
type page struct {
	Date, Kubernetes, Machine, Go   string
	Runs, Nodes, Sets, Pods         int
	BigNodes, BigPods, LoopInFlight int
	Rows                            []row
}

func (t *table) write(file string) error {
	parsed, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, page{
		Date: time.Now().UTC().Format(time.DateOnly), Kubernetes: t.Kubernetes, Machine: machine(), Go: runtime.Version(),
		Runs: t.Runs, Nodes: fleetNodes, Sets: fleetSets, Pods: fleetSets * fleetReplicas,
		BigNodes: bigNodes, BigPods: bigPods, LoopInFlight: loopInFlight, Rows: t.rows(),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

func (t *table) rows() []row {
	pods := fleetSets * fleetReplicas
	p50, p95 := quantile(t.Reactions, 0.5), quantile(t.Reactions, 0.95)
	posts := float64(max(t.Requests.evictions, t.Asked.evictions)) / float64(pods)
	constant := t.Requests.lists == t.Small.lists && t.Requests.watches == t.Small.watches
	rows := []row{
		against("floors kept, against `kubectl drain -l`, which keeps none", t.Floors, t.Kubectl, 0.25),
		against("`--max-unavailable=100%`, against a bare loop", t.NoFloors, t.Loop, 1.25),
		against("a budget of maxUnavailable 1 on each Deployment, against `kubectl drain -l`", t.Budgets, t.KubectlBudgets, 1.0/3),
		{What: "eviction requests a pod", Ours: fmt.Sprintf("%.3f", posts), Bar: "≤ 1.05", Met: met(posts <= 1.05)},
		{
			What: "LISTs and WATCHes of a drain; of one node with 20 pods",
			Ours: fmt.Sprintf("%d and %d", t.Requests.lists, t.Requests.watches), Other: fmt.Sprintf("%d and %d", t.Small.lists, t.Small.watches),
			Bar: "a constant", Met: met(constant),
		},
		{
			What: fmt.Sprintf("budget freed → eviction accepted, %d such Deployments alone: p50 and p95 of %d", fewSets, len(t.Reactions)),
			Ours: quantiles(t.Reactions), Bar: "≤ 100 ms and ≤ 500 ms",
			Met: met(p50 <= 100*time.Millisecond && p95 <= 500*time.Millisecond && len(t.Reactions) > 0),
		},
		{
			What: fmt.Sprintf("the same in the drain of all %d under budgets; beside it what the API server takes for one eviction then", fleetSets),
			Ours: quantiles(t.Loaded), Other: quantiles(t.Answers),
		},
		memoryRow("peak memory of these drains", t.Memory, 100),
		memoryRow(fmt.Sprintf("peak memory with %d nodes and %d pods in the cluster", bigNodes, bigPods), t.BigMemory, 250),
		against("start-up: `version --client`, against kubectl's", t.Version, t.KubectlVersion, 1.5),
	}
	return append(rows, t.placeRows()...)
}

// placeRows compare what it takes to look at the big cluster.
func (t *table) placeRows() []row {
	return slices.Concat(
		t.lookRows("placement-check", t.Places, 0.7, 0.4),
		t.lookRows("snapshot", t.Snapshots, 0.8, 0.4),
		t.lookRows("verify with a baseline", t.Verified, 0.8, 0.4),
	)
}

// lookRows compare the looks of a subcommand with kubectl's, by their bars.
func (t *table) lookRows(subcommand string, l looks, most, mostMemory float64) []row {
	what := fmt.Sprintf("%s with %d nodes and %d pods, against `kubectl get nodes,pods -A -o json`: ", subcommand, bigNodes, bigPods)
	ours, others := slices.Max(l.memory), slices.Max(t.KubectlGet.memory)
	ratio := float64(ours) / float64(others)
	return []row{
		against(what+"time", l.took, t.KubectlGet.took, most),
		{
			What: what + "peak memory", Ours: fmt.Sprintf("%d MB", ours/1e6), Other: fmt.Sprintf("%d MB", others/1e6),
			Ratio: fmt.Sprintf("%.2f", ratio), Bar: fmt.Sprintf("≤ %.2f", mostMemory), Met: met(ratio <= mostMemory),
		},
	}
}

// against compares the medians of two lists of times.
func against(what string, ours, others []time.Duration, bar float64) row {
	ratio := float64(median(ours)) / float64(median(others))
	return row{
		What: what, Ours: spread(ours), Other: spread(others), Ratio: fmt.Sprintf("%.2f", ratio),
		Bar: fmt.Sprintf("≤ %.2f", bar), Met: met(ratio <= bar),
	}
}

func memoryRow(what string, bytes []int64, bar int64) row {
	peak := slices.Max(bytes)
	return row{What: what, Ours: fmt.Sprintf("%d MB", peak/1e6), Bar: fmt.Sprintf("≤ %d MB", bar), Met: met(peak <= bar*1e6)}
}

func met(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

// spread writes the median with the least and the most.
func spread(d []time.Duration) string {
	format := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
	if median(d) < time.Second {
		format = func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	}
	return fmt.Sprintf("%s s (%s–%s)", format(median(d)), format(slices.Min(d)), format(slices.Max(d)))
}

func quantiles(d []time.Duration) string {
	return fmt.Sprintf("%d ms and %d ms", quantile(d, 0.5).Milliseconds(), quantile(d, 0.95).Milliseconds())
}

// metrics are the figures for the output of go test.
func (t *table) metrics() map[string]float64 {
	ratio := func(ours, others []time.Duration) float64 { return float64(median(ours)) / float64(median(others)) }
	return map[string]float64{
		"floors/kubectl": ratio(t.Floors, t.Kubectl), "all/loop": ratio(t.NoFloors, t.Loop),
		"budgets/kubectl": ratio(t.Budgets, t.KubectlBudgets), "version/kubectl": ratio(t.Version, t.KubectlVersion),
		"p50-ms": float64(quantile(t.Reactions, 0.5).Milliseconds()), "p95-ms": float64(quantile(t.Reactions, 0.95).Milliseconds()),
		"places/kubectl": ratio(t.Places.took, t.KubectlGet.took), "snapshot/kubectl": ratio(t.Snapshots.took, t.KubectlGet.took),
		"verify/kubectl": ratio(t.Verified.took, t.KubectlGet.took),
		"MB":             float64(slices.Max(t.Memory)) / 1e6, "big-MB": float64(slices.Max(t.BigMemory)) / 1e6,
	}
}

// machine names the processor, its number and the memory, where Linux tells.
func machine() string {
	model := field("/proc/cpuinfo", "model name")
	memory := field("/proc/meminfo", "MemTotal")
	return strings.TrimSpace(fmt.Sprintf("%s/%s, %d cores, %s, memory %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), model, memory))
}

func field(file, name string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(data)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
