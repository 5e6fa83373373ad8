// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// victim is a command that is killed, and what comes before it.
type victim struct {
	name    string
	prepare [][]string
	args    []string
}

func (c *scene) victims() []victim {
	pause := []string{"pause-pdb-blockers", "deployment/" + c.Name + "/held", "--mode=scale-to-zero", "--yes"}
	drain := []string{"drain-pool", c.pool, "--pause-pdb-blockers=scale-to-zero", "--yes"}
	keep := slices.Concat(drain, []string{"--keep-paused"})
	abort := []string{"abort", "--yes"}
	return []victim{
		{"pause", nil, pause},
		{"drain", nil, drain},
		{"drain-keep", nil, keep},
		{"resume", [][]string{pause}, []string{"resume-pdb-blockers", "--yes"}},
		{"abort-pause", [][]string{pause}, abort},
		{"abort-drain", [][]string{keep}, abort},
		{"uncordon", [][]string{drain}, []string{"uncordon-pool", c.pool}},
	}
}

// point is a moment at which a command is killed: at its k-th write, before the
// server hears of it or after it has carried it out. The zero k kills nothing.
type point struct {
	victim int
	k      int
	after  bool
}

// TestKillsAtEveryWrite kills commands with kill -9 at each request by which
// they change something. Another person in another folder then goes on or gives
// up, and the cluster is as it was before.
func TestKillsAtEveryWrite(t *testing.T) {
	wanted := int(number(t, "FAULT_JOURNAL_KILLS", 100))
	seed := number(t, "FAULT_SEED", time.Now().UnixNano()%1_000_000)
	t.Parallel()
	// The odd victims have as many writes as the even ones.
	const parts = 2
	began, kills, killed := time.Now(), make([]int, parts), make([]int, parts)
	split(t, parts, func(t *testing.T, part int) {
		c := newScene(t, shared.Get(t), "journal-"+strconv.Itoa(part), "0s", "100ms")
		c.fillHistory()
		points := c.points(func(victim int) bool { return victim%parts == part })
		// Not all of them every time, but each of them in its turn.
		all := min((wanted+parts-1-part)/parts, len(points))
		t.Logf("%d kills of %d, FAULT_SEED=%d", all, len(points), seed)
		for n := range all {
			kills[part]++
			if w := c.once(points[(int(seed)+n)%len(points)]); w.killed {
				killed[part]++
			}
		}
	})
	did, hit := kills[0]+kills[1], killed[0]+killed[1]
	t.Logf("%d of %d commands were killed at their moment, in %s", hit, did, time.Since(began).Round(time.Second))
	if hit*10 < did*9 {
		t.Errorf("only %d of %d commands were killed at their moment", hit, did)
	}
}

// points are the moments at each write of each of these victims, which is watched
// once for that.
func (c *scene) points(these func(victim int) bool) []point {
	c.t.Helper()
	var points []point
	for i, v := range c.victims() {
		if !these(i) {
			continue
		}
		w := c.once(point{victim: i})
		c.t.Logf("%s: %d writes: %s", v.name, len(w.kinds), strings.Join(w.kinds, ", "))
		for k := range w.kinds {
			points = append(points, point{i, k + 1, false}, point{i, k + 1, true})
		}
	}
	return points
}

// outcome is what one course of a command came to.
type outcome struct {
	writes
	killed bool
}

// once kills a command at a point, has somebody else clear up, and judges.
func (c *scene) once(at point) outcome {
	c.t.Helper()
	v := c.victims()[at.victim]
	for _, args := range v.prepare {
		c.run(args...).Want(c.t, 0)
	}
	var o outcome
	// The proxy has the command only when it has been started; its first request
	// takes longer than that.
	started := make(chan *harness.Process, 1)
	kill := func() { _ = (<-started).Process.Kill() }
	fault := faultproxy.Call("killed", kill)
	if at.after {
		fault = faultproxy.CallAfter("killed", kill)
	}
	c.proxy.Inject(faultproxy.Rule{Match: func(r faultproxy.Request) bool { return o.isNext(r, at.k) }, Do: fault})
	p := c.start(c.via, v.args...)
	started <- p
	result := p.Wait()
	c.proxy.Clear()
	if status, is := result.State.Sys().(syscall.WaitStatus); is && status.Signaled() {
		o.killed = true
	} else {
		result.Want(c.t, 0)
	}
	told := c.clearUp(at)
	if faults := c.judge(); len(faults) > 0 {
		c.t.Fatalf("%s killed at write %d (%s, after %t): %s\n\n%s\n\nthe killed one:\n%s", v.name, at.k, strings.Join(o.kinds, ", "), at.after,
			strings.Join(faults, "\n"), told, result.Stderr)
	}
	c.home()
	return o
}

// clearUp goes on with what was killed and gives it back then, or gives it up at
// once. It returns what was said.
func (c *scene) clearUp(at point) string {
	c.t.Helper()
	abort := []string{"abort", "--all", "--yes"}
	ways := [][][]string{
		{{"resume", "--yes"}, {"resume-pdb-blockers", "--yes"}, {"uncordon-pool", c.pool}},
		{abort},
		{{"resume", "--yes"}, abort},
		{abort},
	}
	way := 3 * at.k
	if at.after {
		way++
	}
	var told strings.Builder
	for _, args := range ways[way%len(ways)] {
		result := c.run(args...)
		fmt.Fprintf(&told, "%s: %d\n%s%s", strings.Join(args, " "), result.Code, result.Stdout, result.Stderr)
		if result.Code != 0 {
			c.t.Errorf("%s after %+v ended with %d", args[0], at, result.Code)
		}
	}
	return told.String()
}

// fillHistory makes so many closed runs that every further one pushes the oldest
// out of the journal, which is one more moment to be killed at.
func (c *scene) fillHistory() {
	c.t.Helper()
	const kept = 20
	v := c.victims()[0]
	c.run(v.args...).Want(c.t, 0)
	c.run("abort", "--yes").Want(c.t, 0)
	c.home()
	configMaps := c.Client.CoreV1().ConfigMaps(c.Name)
	list, err := configMaps.List(c.t.Context(), metav1.ListOptions{LabelSelector: ours + "journal"})
	c.must(err)
	if len(list.Items) != 1 {
		c.t.Fatalf("%d parts of the journal", len(list.Items))
	}
	run := list.Items[0].Labels[ours+"run"]
	for n := range kept - 1 {
		id := fmt.Sprintf("20200101-000000-old%02d", n)
		rename := func(text string) string { return strings.ReplaceAll(text, run, id) }
		former := &corev1.ConfigMap{Data: map[string]string{}, ObjectMeta: metav1.ObjectMeta{Name: rename(list.Items[0].Name), Labels: map[string]string{}}}
		for key, value := range list.Items[0].Labels {
			former.Labels[key] = rename(value)
		}
		for key, value := range list.Items[0].Data {
			former.Data[key] = rename(value)
		}
		_, err := configMaps.Create(c.t.Context(), former, metav1.CreateOptions{})
		c.must(err)
	}
}
