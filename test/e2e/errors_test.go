// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestBadInput: one line that says what is wrong, exit code 1, nothing touched.
func TestBadInput(t *testing.T) {
	c := shared.Get(t).NewScope(t, "bad-input")
	c.Pool("mongodbnp", 1)
	c.Pool("mixed", 1)
	c.Pool("mixed2", 1, func(n *corev1.Node) { n.Labels[harness.PoolLabel] = "Mixed" })
	profile := filepath.Join(t.TempDir(), "profile.yaml")
	text := "apiVersion: upgrade.vantiq.com/v1alpha1\nkind: Profile\ninstallation: vantiq\nworkloads:\n- name: mongodb\n  kind: StatefulSet\n  scope: installation\n  floor: most\n"
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		args  []string
		words []string
	}{
		{"unknown pool", []string{"drain-pool", "mongodb", "--yes"}, []string{`no pool "mongodb"`, "mongodbnp"}},
		{"ambiguous pool", []string{"drain-pool", "MIXED", "--yes"}, []string{"ambiguous", "Mixed (aks)", "mixed (aks)"}},
		{"no pool", []string{"drain-pool"}, []string{"which pool?", "kubectl vantiq-upgrade pools"}},
		{"pool and selector", []string{"drain-pool", "mongodbnp", "-l", "a=b"}, []string{"not both"}},
		{"selector of nothing", []string{"drain-pool", "-l", "a=b"}, []string{`no node matches the selector "a=b"`}},
		{"bad selector", []string{"drain-pool", "-l", "a=(b"}, []string{"--selector"}},
		{"wrong context", []string{"drain-pool", "mongodbnp", "--context", "prod"}, []string{`context "prod" does not exist`}},
		{"wrong kubeconfig", []string{"pools", "--kubeconfig", "nowhere"}, []string{"nowhere"}},
		{"unreachable server", []string{"pools", "--server", "https://127.0.0.1:1"}, []string{"127.0.0.1:1", "refused"}},
		{"unreachable server, drain", []string{"drain-pool", "mongodbnp", "--yes", "--server", "https://127.0.0.1:1"}, []string{"127.0.0.1:1", "refused"}},
		{"bad profile", []string{"drain-pool", "mongodbnp", "--yes", "--profile", profile}, []string{"profile.yaml", "line 8", "floor", `"most"`}},
		{"missing profile", []string{"drain-pool", "mongodbnp", "--yes", "--profile", "nowhere.yaml"}, []string{"nowhere.yaml", "no such file"}},
		{"bad format", []string{"drain-pool", "mongodbnp", "-o", "xml"}, []string{`"xml"`, "wide, json"}},
		{"bad dry run", []string{"drain-pool", "mongodbnp", "--dry-run=maybe"}, []string{"maybe"}},
		{"bad number", []string{"drain-pool", "mongodbnp", "--max-unavailable=most"}, []string{"--max-unavailable", `"most"`}},
		{"bad grace", []string{"drain-pool", "mongodbnp", "--grace-period=-5"}, []string{"--grace-period"}},
		{"unknown flag", []string{"drain-pool", "mongodbnp", "--quickly"}, []string{"--quickly"}},
		{"unknown command", []string{"drain-everything"}, []string{"drain-everything"}},
		{"too many words", []string{"drain-pool", "mongodbnp", "vantiqnp"}, []string{"one pool at a time; got mongodbnp vantiqnp"}},
		{"a typo", []string{"drain-pol", "mongodbnp", "--yes"}, []string{`no subcommand "drain-pol"`, "did you mean drain-pool?"}},
		{"a pause without =", []string{"drain-pool", "mongodbnp", "--pause-pdb-blockers", "surge"}, []string{"--pause-pdb-blockers=surge"}},
		{"a pause of no mode", []string{"drain-pool", "mongodbnp", "--pause-pdb-blockers=foo"}, []string{"profile, scale-to-zero, surge", `"foo"`}},
		{"words after status", []string{"status", "foo"}, []string{"status takes no arguments; got foo"}},
		{"dry run without =", []string{"drain-pool", "mongodbnp", "--dry-run", "server"}, []string{"--dry-run=server"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := c.Plugin(t, tt.args...).Want(t, 1)
			wantOneLine(t, r, append(tt.words, "error: ")...)
			if r.Stdout != "" {
				t.Errorf("stdout:\n%s", r.Stdout)
			}
		})
	}
	// With nobody to ask, a drain needs --yes; the plan is shown all the same.
	r := c.Plugin(t, "drain-pool", "mongodbnp").Want(t, 1)
	if !strings.Contains(r.Stderr, "--yes") || !strings.Contains(r.Stderr, "mongodbnp") {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
	if n, _ := c.CordonedNodes(t.Context(), "mongodbnp"); n != 0 {
		t.Errorf("%d nodes were cordoned", n)
	}
}

// TestOutputFormats: every format of kubectl works on a result, and talk never
// gets into it.
func TestOutputFormats(t *testing.T) {
	c := twoPools(t, "formats", quick)
	tests := map[string]string{
		"name":                           "drainreport.upgrade.vantiq.com/old\n",
		"jsonpath={.outcome}":            "Planned",
		"go-template={{.plan.stay}}":     "0",
		"jsonpath={.plan.nodes[*].name}": "aks-old-12345678-vmss000000 aks-old-12345678-vmss000001 aks-old-12345678-vmss000002",
	}
	for format, want := range tests {
		if got := c.ThroughKubectl(t, "drain-pool", "old", "--dry-run=client", "-o", format).Want(t, 0).Stdout; got != want {
			t.Errorf("-o %s: %q, want %q", format, got, want)
		}
	}
	yaml := c.ThroughKubectl(t, "drain-pool", "old", "--dry-run=client", "-o", "yaml").Want(t, 0).Stdout
	if !strings.HasPrefix(yaml, "apiVersion: upgrade.vantiq.com/v1alpha1\n") {
		t.Errorf("yaml:\n%s", yaml)
	}
	if out := c.ThroughKubectl(t, "pools", "-o", "name").Want(t, 0).Stdout; !strings.Contains(out, "pool.upgrade.vantiq.com/old\n") {
		t.Errorf("pools -o name:\n%s", out)
	}
	if out := c.ThroughKubectl(t, "version", "-o", "jsonpath={.server.gitVersion}").Want(t, 0).Stdout; !strings.HasPrefix(out, "v1.") {
		t.Errorf("version: %s", out)
	}
	plain := c.ThroughKubectl(t, "drain-pool", "old", "--dry-run=client").Want(t, 0)
	if strings.Contains(plain.Stdout+plain.Stderr, "\x1b") {
		t.Error("colour in a pipe")
	}
	if out := c.ThroughKubectl(t, "drain-pool", "old", "--dry-run=client", "--color=always").Want(t, 0).Stdout; !strings.Contains(out, "\x1b[") {
		t.Error("no colour with --color=always")
	}
	for i, line := range strings.Split(plain.Stdout, "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("line %d is wider than 80 columns: %s", i+1, line)
		}
	}
}

// TestHelp names the plugin as it is called.
func TestHelp(t *testing.T) {
	s := shared.Get(t)
	out := s.ThroughKubectl(t, "--help").Want(t, 0).Stdout
	for _, want := range []string{"kubectl vantiq-upgrade [command]", "drain-pool", "--journal-namespace", "kubectl vantiq-upgrade options"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "kubectl-vantiq_upgrade") {
		t.Errorf("the binary's name in the help:\n%s", out)
	}
	if out := s.Kubectl(t, "plugin", "list").Want(t, 0).Stdout; !strings.Contains(out, "kubectl-vantiq_upgrade") {
		t.Errorf("kubectl plugin list:\n%s", out)
	}
}
