// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// examples runs the scripts of examples/ on one cluster and keeps which it ran.
type examples struct {
	*harness.Sandbox
	dir, folder string
	ran         []string
}

func (e *examples) run(t *testing.T, env []string, name string, args ...string) harness.Result {
	t.Helper()
	e.ran = append(e.ran, name)
	return e.Script(t, env, filepath.Join(e.dir, name), args...)
}

// TestExamples plays an upgrade of two pools by the scripts of examples/ alone, as an
// operator would: with a stop on the way, and started again.
func TestExamples(t *testing.T) {
	s := layouts.Start(t, "aks")
	s.CommandTimeout = 20 * time.Minute // a script is a whole upgrade
	dir, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	upgrade, err := filepath.Abs(filepath.Join("testdata", "upgrade-pool.sh"))
	if err != nil {
		t.Fatal(err)
	}
	e := &examples{Sandbox: s, dir: dir, folder: filepath.Join(t.TempDir(), "evidence")}

	e.beforeIsNeeded(t, upgrade)
	e.run(t, nil, "before.sh", e.folder).Want(t, 0)
	e.blockersComeBack(t)
	e.cloudDidNothing(t, upgrade)
	e.pools(t, upgrade)
	e.after(t)

	scripts, err := filepath.Glob(filepath.Join(dir, "*.sh"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts in %s, %v", len(scripts), dir, err)
	}
	for _, script := range scripts {
		if name := filepath.Base(script); name != "lib.sh" && !slices.Contains(e.ran, name) {
			t.Errorf("%s was not run", name)
		}
	}
}

// beforeIsNeeded: without the state before there is nothing to compare with, and
// nothing is begun.
func (e *examples) beforeIsNeeded(t *testing.T, upgrade string) {
	t.Helper()
	r := e.run(t, []string{"UPGRADE_POOL=" + upgrade}, "upgrade-pools.sh", e.folder, "1.37", "mongodbnp").Want(t, 1)
	if !strings.Contains(r.Stderr, "run before.sh") || strings.Contains(r.Stderr, "drain-pool") {
		t.Error(r.Stderr)
	}
	r = e.run(t, nil, "after.sh", e.folder, "1.37").Want(t, 1)
	if !strings.Contains(r.Stderr, "run before.sh") {
		t.Error(r.Stderr)
	}
	for _, name := range []string{"before.sh", "upgrade-pools.sh", "with-blockers-paused.sh", "after.sh"} {
		if r := e.run(t, nil, name).Want(t, 1); !strings.HasPrefix(r.Stderr, "usage: ") {
			t.Error(r.Stderr)
		}
	}
}

// blockersComeBack however the command of the operator ends.
func (e *examples) blockersComeBack(t *testing.T) {
	t.Helper()
	paused := "[ $(kubectl get deployment -n shared telegraf-prom -o jsonpath={.spec.replicas}) = 0 ] || exit 8; exit "
	for _, end := range []int{0, 7} {
		e.run(t, nil, "with-blockers-paused.sh", "sh", "-c", paused+string(rune('0'+end))).Want(t, end)
		if n := e.Kubectl(t, "get", "deployment", "-n", "shared", "telegraf-prom", "-o", "jsonpath={.status.readyReplicas}").Want(t, 0).Stdout; n != "1" {
			t.Errorf("telegraf-prom has %q Ready replicas after exit %d", n, end)
		}
	}
}

// cloudDidNothing: a pool that is not at its version after its upgrade ends the script.
func (e *examples) cloudDidNothing(t *testing.T, upgrade string) {
	t.Helper()
	env := []string{"UPGRADE_POOL=" + upgrade, "UNLUCKY=keycloaknp"}
	r := e.run(t, env, "upgrade-pools.sh", e.folder, "1.37", "keycloaknp").Want(t, 1)
	if !strings.Contains(r.Stderr, "keycloaknp is at v1.36.4, not at 1.37") || !strings.Contains(r.Stderr, "start again: ") {
		t.Error(r.Stderr)
	}
}

// pools: the script goes on with the pool that is drained already.
func (e *examples) pools(t *testing.T, upgrade string) {
	t.Helper()
	env := []string{"UPGRADE_POOL=" + upgrade, "GATE_WAIT=5m"}
	r := e.run(t, env, "upgrade-pools.sh", e.folder, "1.37", "keycloaknp", "grafananp").Want(t, 0)
	for _, step := range []string{"keycloaknp: the gate", "grafananp: the gate", "All pools are at 1.37"} {
		if !strings.Contains(r.Stderr, "== "+step) {
			t.Errorf("no %q:\n%s", step, r.Stderr)
		}
	}
	pools := read[v1alpha1.PoolList](t, e.Plugin(t, "pools", "-o", "json").Want(t, 0))
	for _, p := range pools.Items {
		if upgraded := p.Name == "keycloaknp" || p.Name == "grafananp"; p.Cordoned != 0 || upgraded != slices.Equal(p.KubeletVersions, []string{"v1.37.2"}) {
			t.Errorf("%s: %d cordoned, kubelets %v", p.Name, p.Cordoned, p.KubeletVersions)
		}
	}
	if r := read[v1alpha1.StatusReport](t, e.Plugin(t, "status", "-o", "json").Want(t, 0)); len(r.Changes) != 0 {
		t.Errorf("left in the cluster: %+v", r.Changes)
	}
}

// after: some pools are not upgraded yet, which is told; the rest follows and all is well.
func (e *examples) after(t *testing.T) {
	t.Helper()
	r := e.run(t, []string{"GATE_WAIT=1s"}, "after.sh", e.folder, "1.37", "--looks=1").Want(t, 2)
	if !strings.Contains(r.Stdout, "VU-521") || !strings.Contains(r.Stderr, "Mend what is named above") {
		t.Errorf("stdout:\n%s\nstderr:\n%s", r.Stdout, r.Stderr)
	}
	for _, pool := range upgradedPools() {
		e.Script(t, nil, filepath.Join("testdata", "upgrade-pool.sh"), pool, "1.37").Want(t, 0)
	}
	r = e.run(t, []string{"GATE_WAIT=5m"}, "after.sh", e.folder, "1.37").Want(t, 0)
	if !strings.Contains(r.Stderr, "All is as it was") {
		t.Error(r.Stderr)
	}
	for _, name := range []string{"before.yaml.gz", "placement-before.html", "placement-after.html", "verify.md"} {
		if info, err := os.Stat(filepath.Join(e.folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
