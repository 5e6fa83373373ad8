// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// freeValues are the flags whose values are neither of a few words nor the name of
// something there is, each with what it takes. Numbers and durations are known by
// their types.
var freeValues = map[string]string{
	"as":              "a user of the API server, who need not be in the kubeconfig",
	"as-group":        "a group",
	"as-uid":          "a uid",
	"as-user-extra":   "extra values of a user",
	"http":            "a page by its URL",
	"max-unavailable": "a number or a percentage",
	"operator":        "anybody, who need not be known to the API server",
	"proxy-url":       "a URL",
	"reader":          "anybody",
	"reason":          "a sentence",
	"request-timeout": "a duration, as a string",
	"selector":        "a selector of labels",
	"server":          "a URL",
	"tls-server-name": "a host",
	"to":              "a version",
	"token":           "a secret",
	"v":               "a number, as klog has it",
}

// TestEveryValueIsCompleted goes over the whole tree: a flag that takes one of a few
// words, or names something, has to be completed; so do arguments.
func TestEveryValueIsCompleted(t *testing.T) {
	root, err := NewRootCommand(testSystem())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		check := func(f *pflag.Flag) {
			seen[f.Name] = true
			if !isCompleted(c, f) && !takesNumber(f) && freeValues[f.Name] == "" {
				t.Errorf("%s --%s: its values are not completed; if they rightly are not, add it to freeValues", c.CommandPath(), f.Name)
			}
			if isCompleted(c, f) && freeValues[f.Name] != "" {
				t.Errorf("%s --%s is completed, and among freeValues", c.CommandPath(), f.Name)
			}
		}
		c.LocalFlags().VisitAll(check)
		if strings.Contains(c.Use, " ") && c.ValidArgsFunction == nil {
			t.Errorf("%s: its arguments are not completed", c.CommandPath())
		}
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(root)
	for _, flag := range []string{"dry-run", "events", "mode", "output", "pod", "workload", "context", "baseline"} {
		if !seen[flag] {
			t.Errorf("--%s was not come by", flag)
		}
	}
}

func isCompleted(c *cobra.Command, f *pflag.Flag) bool {
	_, known := c.GetFlagCompletionFunc(f.Name)
	return known || f.Annotations[cobra.BashCompFilenameExt] != nil || f.Annotations[cobra.BashCompSubdirsInDir] != nil
}

// takesNumber: there is nothing to offer for a number, a duration or a switch.
func takesNumber(f *pflag.Flag) bool {
	return slices.Contains([]string{"bool", "int", "int32", "int64", "duration"}, f.Value.Type())
}

// completed asks a fresh root command as a shell does; the last line is the
// directive.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	streams, _, out, _ := genericiooptions.NewTestIOStreams()
	system := testSystem()
	system.IOStreams = streams
	root, err := NewRootCommand(system)
	if err != nil {
		t.Fatal(err)
	}
	root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, words...))
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// TestCompletedWords: what takes no server. :4 is no files, :6 no space either, :0
// files, :8 files by their ending, :16 folders.
func TestCompletedWords(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","current-context":"prod","contexts":[{"name":"prod","context":{"cluster":"aks","user":"ops"}},{"name":"staging","context":{"cluster":"eks","user":"dev"}}],
"clusters":[{"name":"aks","cluster":{"server":"https://127.0.0.1:1"}},{"name":"eks","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"ops","user":{}},{"name":"dev","user":{}}]}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"verify -o m":                              "markdown :4",
		"pools -o go":                              "go-template= go-template-file= :6",
		"pools -o jsonpath-file=x":                 ":0",
		"drain-pool x --dry-run=":                  "none client server :4",
		"drain-pool x --pause-pdb-blockers=":       "profile scale-to-zero surge :4",
		"drain-pool x --events ":                   "text json :4",
		"drain-pool x y":                           ":4",
		"drain-pool --timeout ":                    ":4",
		"pause-pdb-blockers --mode ":               "scale-to-zero surge relax :4",
		"pools --color ":                           "auto always never :4",
		"pools --context ":                         "prod staging :4",
		"pools --context s":                        "staging :4",
		"pools --cluster ":                         "aks eks :4",
		"pools --user ":                            "dev ops :4",
		"pools --kubeconfig ":                      ":0",
		"pools --cache-dir ":                       ":16",
		"drain-pool --profile ":                    "yaml yml :8",
		"snapshot ":                                "yaml gz :8",
		"snapshot x ":                              ":4",
		"explain VU-50":                            "VU-501 VU-502 VU-503 VU-504 VU-505 :4",
		"verify --ignore vu-51":                    "",
		"completion ":                              "install bash zsh fish powershell :4",
		"completion install --dir ":                ":16",
		"status ":                                  ":4",
		"pools ":                                   ":4",
		"pools --namespace ":                       ":4",
		"placement-check --workload deployment/a/": ":4",
		"resume ":                                  ":4",
		"no-such-command ":                         ":4",
	}
	for line, want := range tests {
		words := append([]string{"--kubeconfig", kubeconfig}, strings.Split(line, " ")...)
		got := strings.Join(completed(t, words...), " ")
		if want == "" {
			if !strings.HasPrefix(got, "vu-51") {
				t.Errorf("%q: %s", line, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q: %s; want %s", line, got, want)
		}
	}
}

// TestOfferInTime: whatever a source is held by, it is given up in time and nothing
// is offered.
func TestOfferInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suite{conn: &connection{}}
		cmd := &cobra.Command{}
		cmd.SetContext(t.Context())
		never := make(chan struct{})
		defer close(never)
		began := time.Now()
		got, directive := s.offer(cmd, nil, "", func(context.Context, string) ([]cobra.Completion, error) {
			<-never // and does not heed the context
			return []cobra.Completion{"late"}, nil
		})
		if took := time.Since(began); took != completionTimeout || took >= time.Second {
			t.Errorf("it took %s", took)
		}
		if len(got) > 0 || directive != offerNothing {
			t.Errorf("%q, %d", got, directive)
		}
		if !s.conn.unattended {
			t.Error("a credential plugin might ask")
		}
	})
}

func TestOffer(t *testing.T) {
	s := &suite{conn: &connection{}}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	all := []cobra.Completion{"app/a-0\tfirst", "app/a-1", "b/a-0"}
	got, _ := s.offer(cmd, []string{"app/a-1"}, "app/", func(context.Context, string) ([]cobra.Completion, error) { return all, nil })
	if diff := cmp.Diff([]cobra.Completion{"app/a-0\tfirst"}, got); diff != "" {
		t.Error(diff)
	}
	got, _ = s.offer(cmd, nil, "", func(context.Context, string) ([]cobra.Completion, error) { return all, errors.New("half of it") })
	if len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestNarrowed(t *testing.T) {
	tests := []struct {
		kind, word, namespace string
		wanted                bool
	}{
		{"deployment", "", "", true},
		{"deployment", "dep", "", true},
		{"deployment", "deploy/sh", "", true},
		{"deployment", "Deployments.apps/shared/t", "shared", true},
		{"deployment", "sts/shared/", "", false},
		{"", "app/mongo", "app", true},
		{"", "app", "", true},
	}
	for _, tt := range tests {
		if namespace, wanted := narrowed(tt.kind, tt.word); namespace != tt.namespace || wanted != tt.wanted {
			t.Errorf("%q for %q: %q, %t", tt.word, tt.kind, namespace, wanted)
		}
	}
	if got := asTyped("deployment/shared/telegraf-prom", "deploy/"); got != "deploy/shared/telegraf-prom" {
		t.Error(got)
	}
	if got := asTyped("pdb/shared/telegraf-prom", "deploy/"); got != "pdb/shared/telegraf-prom" {
		t.Error(got)
	}
	for word, want := range map[string]string{"mong": "mongoDB-nodegroup", "": "MongoDB-nodegroup", "x": "MongoDB-nodegroup", "MONGODB-": "MONGODB-nodegroup"} {
		if got := continued(word, "MongoDB-nodegroup"); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
}

// TestCompleteBaseline: files by their ending, folders to go on in, and latest.
func TestCompleteBaseline(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"before.yaml.gz", "before.yaml", "before.txt", ".hidden.yaml"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join("kept", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("kept", "old.gz"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"verify --baseline ":           "latest before.yaml before.yaml.gz kept/ :6",
		"verify --baseline bef":        "before.yaml before.yaml.gz :4",
		"verify --baseline l":          "latest :4",
		"verify --baseline=kept/":      "kept/deep/ kept/old.gz :6",
		"verify --baseline " + dir:     dir + "/ :6",
		"verify --baseline .h":         ".hidden.yaml :4",
		"verify --baseline nowhere/be": ":4",
	}
	for line, want := range tests {
		if got := strings.Join(completed(t, strings.Split(line, " ")...), " "); got != want {
			t.Errorf("%q: %s; want %s", line, got, want)
		}
	}
}
