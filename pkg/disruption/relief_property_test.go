// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// scene is a budget over healthy workloads of the given sizes, with a node free
// for one pod more.
type scene struct {
	sizes        []int
	field, value string
}

func (c scene) String() string { return fmt.Sprintf("%s %s over %v", c.field, c.value, c.sizes) }

// snapshot builds the scene, with the status that the disruption controller
// computes for it.
func (c scene) snapshot() (*cluster.Snapshot, *policyv1.PodDisruptionBudget) {
	tier := fixture.Label("tier", "x")
	objects := []any{fixture.Node("n1"), fixture.Node("n2")}
	total := 0
	for i, size := range c.sizes {
		set := fixture.StatefulSet(fmt.Sprintf("app/set%d", i), fixture.Replicas(size))
		objects = append(objects, set)
		for j := range size {
			objects = append(objects, fixture.PodOf(set, fmt.Sprintf("%s-%d", set.Name, j), "n1", tier))
		}
		total += size
	}
	number := fixture.MinAvailable(c.value)
	if c.field == "maxUnavailable" {
		number = fixture.MaxUnavailable(c.value)
	}
	allowed, wanted := c.allowed()
	pdb := fixture.PDB("app/x", fixture.Selecting("tier", "x"), number, fixture.Status(int32(total), int32(wanted), int32(allowed)))
	return fixture.Snapshot(append(objects, pdb)...), pdb
}

// allowed is the arithmetic of getExpectedPodCount and updatePdbStatus in
// pkg/controller/disruption of Kubernetes, when every pod is healthy.
func (c scene) allowed() (allowed, wanted int) {
	total := 0
	for _, size := range c.sizes {
		total += size
	}
	value := intstr.Parse(c.value)
	n := value.IntValue()
	if value.Type == intstr.String {
		percentage, err := intstr.GetScaledValueFromIntOrPercent(&value, total, true)
		if err != nil {
			panic(err)
		}
		n = percentage
	}
	wanted = n
	if c.field == "maxUnavailable" {
		wanted = max(0, total-n)
	}
	return max(0, total-wanted), wanted
}

// blocker is the one of the scene; nil where its budget lets pods go.
func (c scene) blocker(t *testing.T) (*cluster.Snapshot, *disruption.Blocker) {
	t.Helper()
	s, _ := c.snapshot()
	blockers := disruption.Blockers(s, map[string]bool{"n1": true})
	if len(blockers) > 1 {
		t.Fatalf("%s: got %v", c, describe(blockers))
	}
	if len(blockers) == 0 {
		return s, nil
	}
	return s, &blockers[0]
}

func randomScene(r *rand.Rand) scene {
	c := scene{field: "minAvailable"}
	total := 0
	for range 1 + r.IntN(3) {
		size := 1 + r.IntN(12)
		c.sizes = append(c.sizes, size)
		total += size
	}
	if r.IntN(4) == 0 {
		c.field = "maxUnavailable"
	}
	c.value = strconv.Itoa(r.IntN(total + 3))
	if r.IntN(2) == 0 {
		c.value = fmt.Sprintf("%d%%", r.IntN(101))
	}
	return c
}

// Whatever the budget: it blocks for ever exactly where the controller allows
// nothing at full health; relaxing it lets one pod go and no more; one replica
// more lets a pod go, or is refused where it would let none go.
func TestReliefOpensTheBudget(t *testing.T) {
	for seed := range uint64(3000) {
		c := randomScene(rand.New(rand.NewPCG(seed, 4)))
		allowed, _ := c.allowed()
		s, b := c.blocker(t)
		if (b != nil) != (allowed == 0) {
			t.Fatalf("seed %d: %s: allows %d, blocker %v", seed, c, allowed, b)
		}
		if b == nil {
			continue
		}
		relaxed := b.Relieve(s, disruption.Relax, disruption.Terms{})
		if !relaxed.Works() {
			t.Fatalf("seed %d: %s: relax: %s", seed, c, relaxed.Refused)
		}
		after := scene{sizes: c.sizes, field: c.field, value: string(relaxed.Steps[0].After)}
		if n, _ := after.allowed(); n != 1 {
			t.Fatalf("seed %d: %s: relaxed to %s it allows %d", seed, c, after, n)
		}
		after.mustBeOpen(t, seed)

		bigger := scene{sizes: append([]int{c.sizes[0] + 1}, c.sizes[1:]...), field: c.field, value: c.value}
		n, _ := bigger.allowed()
		if r := b.Relieve(s, disruption.Surge, disruption.Terms{}); r.Works() != (n > 0) {
			t.Fatalf("seed %d: %s: with one more it allows %d, but surge is %q", seed, c, n, r.Refused)
		}
		if n > 0 {
			bigger.mustBeOpen(t, seed)
		}
	}
}

func (c scene) mustBeOpen(t *testing.T, seed uint64) {
	t.Helper()
	s, pdb := c.snapshot()
	if v := disruption.Classify(s, pdb); v.Class != disruption.Open {
		t.Fatalf("seed %d: %s is %v", seed, c, v)
	}
}
