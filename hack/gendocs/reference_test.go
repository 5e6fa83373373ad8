// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

func TestReference(t *testing.T) {
	root := &cobra.Command{Use: "x", Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl vantiq-upgrade"}}
	root.PersistentFlags().String("context", "", "of every subcommand")
	child := &cobra.Command{
		Use: "fly POOL", Run: func(*cobra.Command, []string) {}, DisableFlagsInUseLine: true,
		Long: "Fly from <here>:\n  high  far\n  low   near\nIt lands.", Example: "  # One\n  kubectl vantiq-upgrade fly a\n",
	}
	child.Flags().StringP("mode", "m", "a|b", "How: a|b")
	child.Flags().String("dry-run", "none", "How far")
	child.Flags().Lookup("dry-run").NoOptDefVal = "client"
	root.AddCommand(child)
	got := string(reference(registry.Subcommand{
		Name: "fly", Summary: "Fly", ExitCodes: []int{0, 130},
		RBAC:  []registry.Rule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get"}}},
		Flags: []registry.Flag{{Name: "land", Mutates: true, RBAC: []registry.Rule{{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"patch"}, Namespace: "x"}}}},
	}, child))
	for _, want := range []string{
		"Fly. Changes anything: with `--land`.",
		"```text\nkubectl vantiq-upgrade fly POOL\n```",
		"Fly from &lt;here>:\n\n```text\n  high  far\n  low   near\n```\n\nIt lands.",
		"```console\n# One\nkubectl vantiq-upgrade fly a\n```",
		"| `-m, --mode string` | `a\\|b` | How: a\\|b |",
		"| `--dry-run[=string]` | `none` | How far |",
		"| 0 | done",
		"| 130 | interrupted",
		"| core | nodes | get | all | refused |",
		"| apps | deployments | patch | x | refused |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the reference lacks %q:\n%s", want, got)
		}
	}
	for _, unwanted := range []string{"--context", "| 3 |", "| 1 |", "| 30 |"} {
		if strings.Contains(got, unwanted) {
			t.Errorf("the reference has %q:\n%s", unwanted, got)
		}
	}
}

// TestTree: what is written is the same on every machine.
func TestTree(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	root, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	if page := string(commonFlags(root)); strings.Contains(page, os.Getenv("HOME")) || !strings.Contains(page, "$HOME/.kube/cache") {
		t.Errorf("the page of flags names a folder of this machine:\n%s", page)
	}
}

// TestManIsReproducible: the same bytes twice, a page for each subcommand.
func TestManIsReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1763900000")
	var pages [2]map[string]string
	for i := range pages {
		root, err := tree()
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "man")
		if err := writeMan(root, dir); err != nil {
			t.Fatal(err)
		}
		pages[i] = read(t, dir)
	}
	reg, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range reg.Subcommands {
		name := "kubectl-vantiq-upgrade-" + s.Name + ".1"
		page := pages[0][name]
		if page == "" || page != pages[1][name] {
			t.Errorf("%s is missing, or not the same twice", name)
		}
		if !strings.Contains(page, "Nov 2025") {
			t.Errorf("%s has not the date of SOURCE_DATE_EPOCH:\n%.300s", name, page)
		}
	}
}

func TestSourceDate(t *testing.T) {
	if _, err := sourceDate(func(string) string { return "yesterday" }); err == nil {
		t.Error("took a SOURCE_DATE_EPOCH that is no number")
	}
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}
