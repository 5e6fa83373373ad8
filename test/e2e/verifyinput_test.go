// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestVerifyInput gives verify what it should refuse, and findings to ignore.
func TestVerifyInput(t *testing.T) {
	s := layouts.Start(t, "none")
	c := s.NewScope(t, "input")
	c.Pool("input", 2)
	c.StatefulSet("web", 2, harness.Spread)
	c.Ready("web", 2)
	dir := t.TempDir()
	s = s.From(dir)
	verified(t, s, "the cluster is well", v1alpha1.VerifyPassed)
	s.Plugin(t, "snapshot", "before.yaml").Want(t, 0)
	badBaselines(t, dir)
	t.Run("refused", func(t *testing.T) { verifyRefuses(t, s) })
	t.Run("ignore", func(t *testing.T) { verifyIgnores(t, s, c) })
}

// badBaselines writes files beside a good one that verify should not take.
func badBaselines(t *testing.T, dir string) {
	t.Helper()
	good, err := os.ReadFile(filepath.Join(dir, "before.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other, err := baseline.Read(bytes.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	other.Cluster.UID, other.Cluster.Context = "11111111-2222-4333-8444-555555555555", "staging"
	var text bytes.Buffer
	if err := baseline.Write(&text, other); err != nil {
		t.Fatal(err)
	}
	write("other.yaml", text.Bytes())
	write("damaged.yaml", bytes.Replace(good, []byte(`"replicas":2`), []byte(`"replicas":3`), 1))
	write("truncated.yaml", good[:len(good)/2])
	write("ended.yaml", good[:bytes.LastIndex(good, []byte("\nend:"))+1])
	write("empty.yaml", nil)
	write("stray.yaml", []byte("apiVersion: v1\nkind: Pod\n"))
	write("newer.yaml", bytes.Replace(good, []byte("format: 1"), []byte("format: 2"), 1))
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// verifyRefuses: each in one line, and nothing on stdout.
func verifyRefuses(t *testing.T, s *harness.Sandbox) {
	tests := []struct {
		args, words []string
	}{
		{[]string{"--baseline", "other.yaml"}, []string{"other.yaml is of another cluster", "staging", "11111111-2222-4333-8444-555555555555"}},
		{[]string{"--baseline", "other.yaml", "--wait", "5m"}, []string{"other.yaml is of another cluster"}},
		{[]string{"--baseline", "damaged.yaml"}, []string{"the baseline damaged.yaml", "damaged"}},
		{[]string{"--baseline", "truncated.yaml"}, []string{"the baseline truncated.yaml", "truncated"}},
		{[]string{"--baseline", "ended.yaml"}, []string{"the baseline ended.yaml", "truncated"}},
		{[]string{"--baseline", "empty.yaml"}, []string{"the baseline empty.yaml", "empty"}},
		{[]string{"--baseline", "stray.yaml"}, []string{"the baseline stray.yaml", "it is not a file of"}},
		{[]string{"--baseline", "newer.yaml"}, []string{"the baseline newer.yaml", "newer"}},
		{[]string{"--baseline", "folder"}, []string{"the baseline", "folder", "directory"}},
		{[]string{"--baseline", "missing.yaml"}, []string{"the baseline", "missing.yaml", "no such file"}},
		{[]string{"--baseline", "latest"}, []string{"--baseline latest", "no snapshot"}},
		{[]string{"--baseline", ""}, []string{"--baseline is empty"}},
		{[]string{"--to", ""}, []string{"--to is empty"}},
		{[]string{"--to", "new"}, []string{"--to", `"new"`, "1.30"}},
		{[]string{"--to", "1"}, []string{"--to", `"1"`}},
		{[]string{"--to", "1.30.2.1"}, []string{"--to", `"1.30.2.1"`}},
		{[]string{"--looks", "2"}, []string{"--looks and --interval are for --wait"}},
		{[]string{"--interval", "20s"}, []string{"--looks and --interval are for --wait"}},
		{[]string{"--wait", "1m", "--looks", "0"}, []string{"--looks must be at least 1"}},
		{[]string{"--wait", "1m", "--interval", "10ms"}, []string{"--interval must be at least 1s"}},
		{[]string{"--wait", "5s"}, []string{"--wait 5s is too short for 3 looks 10s apart", "at least 20s"}},
		{[]string{"--wait", "-1m"}, []string{"--wait must not be negative"}},
		{[]string{"--ignore", "VU-504"}, []string{"--ignore needs --reason TEXT"}},
		{[]string{"--ignore", "VU-504", "--reason", " "}, []string{"--ignore needs --reason TEXT"}},
		{[]string{"--reason", "known"}, []string{"--reason is for --ignore"}},
		{[]string{"--ignore", "VU-999", "--reason", "known"}, []string{"--ignore", "VU-999"}},
		{[]string{"--ignore", "VU-504=", "--reason", "known"}, []string{"names no object"}},
		{[]string{"--http", "ide"}, []string{"--http", "NAME=URL"}},
		{[]string{"before.yaml"}, []string{"verify takes no arguments"}},
	}
	for _, tt := range tests {
		r := s.Plugin(t, append([]string{"verify"}, tt.args...)...)
		if r.Code != 1 || r.Stdout != "" {
			t.Errorf("%q: exit code %d, stdout %q", tt.args, r.Code, r.Stdout)
		}
		wantOneLine(t, r, append(tt.words, "error: ")...)
	}
}

// verifyIgnores: what is ignored counts no more, and stands in the report with its
// reason; what matches nothing is told of.
func verifyIgnores(t *testing.T, s *harness.Sandbox, c *harness.Scope) {
	defer sick(t, c)()
	args := []string{"verify", "--baseline", "before.yaml", "--reason", "known since Monday"}
	all := slices.Concat(args, []string{"--ignore", "VU-504=pod/input/*", "--ignore", "511=statefulset/input/web"})
	out := read[v1alpha1.VerifyReport](t, s.Plugin(t, slices.Concat(all, []string{"-o", "json"})...).Want(t, 0))
	if out.Outcome != v1alpha1.VerifyPassed || len(out.Findings) > 0 || len(out.Ignored) != 2 {
		t.Fatalf("%s, %+v, ignored %+v", out.Outcome, out.Findings, out.Ignored)
	}
	if of := out.Cluster; of.Context == "" || of.Server != s.Config.Host || of.UID == "" || of.Version == "" {
		t.Errorf("the report is of %+v, the server is %s", of, s.Config.Host)
	}
	for _, ignored := range out.Ignored {
		if ignored.Reason != "known since Monday" || !strings.HasPrefix(ignored.Rule, ignored.Finding.Code+"=") {
			t.Errorf("%+v", ignored)
		}
	}
	for _, format := range []string{"wide", "markdown"} {
		text := s.Plugin(t, slices.Concat(all, []string{"-o", format})...).Want(t, 0).Stdout
		if !containsAll(text, []string{"VU-504", "pod/input/web-1", "VU-511", "known since Monday"}) {
			t.Errorf("as %s:\n%s", format, text)
		}
	}
	one := read[v1alpha1.VerifyReport](t, s.Plugin(t, slices.Concat(args, []string{"--ignore", "VU-504", "-o", "json"})...).Want(t, 2))
	if one.Outcome != v1alpha1.VerifyFailed || codesOf(one) != "VU-511" || len(one.Ignored) != 1 {
		t.Errorf("%s, %+v, ignored %+v", one.Outcome, one.Findings, one.Ignored)
	}
	unused := read[v1alpha1.VerifyReport](t, s.Plugin(t, slices.Concat(all, []string{"--ignore", "VU-501", "-o", "json"})...).Want(t, 0))
	wantFinding(t, unused.Findings, "VU-574", "VU-501", "matches no finding")
	if len(unused.Findings) != 1 || unused.Outcome != v1alpha1.VerifyPassed {
		t.Errorf("%s, %+v", unused.Outcome, unused.Findings)
	}
}
