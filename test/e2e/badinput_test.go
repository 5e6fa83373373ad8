// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// badCall is a subcommand and what is to come of each kind of bad input.
type badCall struct {
	// args is a call that is right, and goes on without a question.
	args []string
	// missing is a call that lacks something, with what it is to be told; none where
	// nothing can be missing.
	missing      []string
	missingWords []string
	// folder is a call with a folder where a file should be; %s is the folder. Without
	// one it is the kubeconfig.
	folder []string
	// offline: no cluster is asked.
	offline bool
	// hasResult: there is a result also when the server does not answer.
	hasResult bool
	// plain: what it prints is no object, and it has no -o.
	plain bool
	// empty and foreign are the exit codes on a cluster without nodes, and on one
	// without Vantiq; the words are those of an error.
	empty, foreign           int
	emptyWords, foreignWords []string
}

// badCalls has every subcommand of plugins.yaml.
func badCalls() map[string]badCall {
	noPool := []string{`no pool "mongodbnp"`, "--selector"}
	noProfile := []string{"--profile", "%s"}
	return map[string]badCall{
		"pools":               {args: []string{"pools"}, missing: []string{"pools", "--selector"}, missingWords: []string{"--selector"}, folder: append([]string{"pools"}, noProfile...)},
		"status":              {args: []string{"status"}, missing: []string{"status", "--context"}, missingWords: []string{"--context"}},
		"version":             {args: []string{"version"}, missing: []string{"version", "--context"}, missingWords: []string{"--context"}, hasResult: true},
		"placement-check":     {args: []string{"placement-check"}, missing: []string{"placement-check", "--pod="}, missingWords: []string{"--pod is empty"}, folder: append([]string{"placement-check"}, noProfile...)},
		"verify":              {args: []string{"verify"}, missing: []string{"verify", "--baseline="}, missingWords: []string{"--baseline is empty"}, folder: []string{"verify", "--baseline", "%s"}, empty: 2},
		"snapshot":            {args: []string{"snapshot", "--dry-run=server", "--to-cluster"}, missing: []string{"snapshot", ""}, missingWords: []string{"FILE is empty"}, folder: []string{"snapshot", "%s"}},
		"explain":             {args: []string{"explain"}, missing: []string{"explain", ""}, missingWords: []string{"code"}, offline: true},
		"drain-pool":          {args: []string{"drain-pool", "mongodbnp", "--yes"}, missing: []string{"drain-pool"}, missingWords: []string{"which pool?", "kubectl vantiq-upgrade pools"}, folder: append([]string{"drain-pool", "mongodbnp", "--yes"}, noProfile...), empty: 1, emptyWords: noPool, foreign: 1, foreignWords: []string{`no pool "mongodbnp"`, "workers"}},
		"uncordon-pool":       {args: []string{"uncordon-pool", "mongodbnp"}, missing: []string{"uncordon-pool"}, missingWords: []string{"which pool?"}, folder: append([]string{"uncordon-pool", "mongodbnp"}, noProfile...), empty: 1, emptyWords: noPool, foreign: 1, foreignWords: []string{`no pool "mongodbnp"`, "workers"}},
		"pause-pdb-blockers":  {args: []string{"pause-pdb-blockers", "--yes"}, missing: []string{"pause-pdb-blockers", "--mode", "relax"}, missingWords: []string{"name the workload"}, folder: append([]string{"pause-pdb-blockers", "--yes"}, noProfile...)},
		"resume-pdb-blockers": {args: []string{"resume-pdb-blockers", "--yes"}, missing: []string{"resume-pdb-blockers", "--timeout"}, missingWords: []string{"--timeout"}},
		"resume":              {args: []string{"resume", "--yes"}, missing: []string{"resume", "--timeout"}, missingWords: []string{"--timeout"}},
		"abort":               {args: []string{"abort", "--yes"}, missing: []string{"abort", "--timeout"}, missingWords: []string{"--timeout"}},
		"rbac":                {args: []string{"rbac", "--check"}, missing: []string{"rbac", "--context"}, missingWords: []string{"--context"}},
		"completion":          {args: []string{"completion", "bash"}, missing: []string{"completion", "--context"}, missingWords: []string{"--context"}, offline: true, plain: true},
	}
}

// noTrace is what Go prints of a program that broke.
var noTrace = regexp.MustCompile(`goroutine \d+|panic:|runtime error|\.go:\d+`)

// TestBadInputOfEverySubcommand: one clear line, the exit code 1, nothing touched; and
// with -o json nothing on stdout but an object. A subcommand that the table does not
// have fails.
func TestBadInputOfEverySubcommand(t *testing.T) {
	reg, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := layouts.Start(t, "none")
	audit := s.Audit(t)
	b := &badInput{t: t, folder: t.TempDir(), here: s, calls: map[string]badCall{}}
	b.write()
	for _, entry := range reg.Subcommands {
		call, has := badCalls()[entry.Name]
		if !has {
			t.Errorf("%s is not in the table of bad input", entry.Name)
			continue
		}
		b.calls[entry.Name] = call
		b.offline(entry.Name, call)
		if !call.offline {
			b.online(entry.Name, call)
		}
	}
	c := s.NewScope(t, "foreign")
	c.Pool("workers", 2)
	c.StatefulSet("web", 2, harness.OnPool("workers"))
	c.Ready("web", 2)
	for name, call := range b.calls {
		if !call.offline {
			b.succeeds(name+" without Vantiq", call, call.foreign, call.foreignWords)
		}
	}
	for _, r := range audit.Requests(t) {
		asks := strings.HasSuffix(r.ObjectRef.Resource, "reviews") || strings.Contains(r.RequestURI, "dryRun=")
		if !asks && !slices.Contains([]string{"get", "list", "watch"}, r.Verb) {
			t.Errorf("bad input wrote: %s %s", r.Verb, r.RequestURI)
		}
	}
}

// badInput runs the table.
type badInput struct {
	t      *testing.T
	folder string
	here   *harness.Sandbox
	calls  map[string]badCall
	// nowhere is a way in with no kubeconfig, expired one with a token that the server
	// does not know.
	nowhere, expired *harness.Sandbox
}

func (b *badInput) write() {
	b.t.Helper()
	config, err := clientcmd.LoadFromFile(b.here.Kubeconfig)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.ClientCertificateData, user.ClientKeyData, user.Token = nil, nil, "expired"
	}
	file := filepath.Join(b.t.TempDir(), "expired")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		b.t.Fatal(err)
	}
	b.here = b.here.From(b.folder)
	b.expired, b.nowhere = b.here.Via(file), b.here.Via("")
}

// offline is what no server is needed for.
func (b *badInput) offline(name string, call badCall) {
	b.fails(name+", unknown flag", b.here, append(slices.Clone(call.args), "--no-such-flag"), "unknown flag: --no-such-flag", name+" --help")
	b.fails(name+", missing", b.here, call.missing, call.missingWords...)
	r := b.here.StartPlugin(b.t, append(call.args, "-o", "xml")...).Wait()
	if b.isError(name+", wrong -o", r, 1) && r.Stdout != "" {
		b.t.Errorf("%s -o xml: stdout %q", name, r.Stdout)
	}
	if call.folder != nil {
		args := slices.Clone(call.folder)
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "%s", b.folder)
		}
		b.fails(name+", a folder for a file", b.here, args, b.folder)
	}
}

// online is what is wrong with the server, or the way to it.
func (b *badInput) online(name string, call badCall) {
	with := func(more ...string) []string { return append(slices.Clone(call.args), more...) }
	b.fails(name+", unreachable", b.here, with("--server", "https://127.0.0.1:1"), "https://127.0.0.1:1", "sandbox", "refused")
	b.fails(name+", expired", b.expired, with(), "401", "sandbox", "expired", "az aks get-credentials", "aws eks update-kubeconfig")
	b.fails(name+", wrong context", b.here, with("--context", "prod"), `context "prod" does not exist`, "its contexts are sandbox")
	b.fails(name+", no kubeconfig", b.nowhere, with(), "no kubeconfig", "KUBECONFIG", "az aks get-credentials")
	b.fails(name+", kubeconfig is a folder", b.here, with("--kubeconfig", b.folder), b.folder, "directory")
	b.succeeds(name+" on an empty cluster", call, call.empty, call.emptyWords)
}

// succeeds is for what may be no error at all.
func (b *badInput) succeeds(what string, call badCall, code int, words []string) {
	if code == 1 {
		b.fails(what, b.here, call.args, words...)
		return
	}
	r := b.here.StartPlugin(b.t, append(call.args, "-o", "json")...).Wait()
	if r.Code != code || noTrace.MatchString(r.Stderr) {
		b.t.Errorf("%s: exit code %d\n%s", what, r.Code, r.Stderr)
	}
	if kind, err := kindOf(r.Stdout); err != nil || kind == "Failure" {
		b.t.Errorf("%s: stdout is a %q, %v", what, kind, err)
	}
}

// fails runs a command that is to fail, and wants a line with all the words on
// stderr, and the same as an object on stdout.
func (b *badInput) fails(what string, s *harness.Sandbox, args []string, words ...string) {
	b.t.Helper()
	format := []string{"-o", "json"}
	if b.calls[args[0]].plain {
		format = nil
	}
	r := s.StartPlugin(b.t, slices.Concat(args[:1], format, args[1:])...).Wait()
	if !b.isError(what, r, 1, words...) || format == nil {
		return
	}
	out := &v1alpha1.Failure{}
	kind, err := kindOf(r.Stdout)
	if err == nil && kind == "Version" && b.calls["version"].hasResult {
		return
	}
	if err == nil {
		err = json.Unmarshal([]byte(r.Stdout), out)
	}
	if err != nil || kind != "Failure" || out.ExitCode != 1 || !strings.Contains(r.Stderr, out.Message) || out.Command != args[0] {
		b.t.Errorf("%s: want a Failure on stdout, %v:\n%s", what, err, r.Stdout)
	}
}

func (b *badInput) isError(what string, r harness.Result, code int, words ...string) bool {
	b.t.Helper()
	text := strings.TrimSuffix(r.Stderr, "\n")
	isClear := strings.HasPrefix(text, "error: ") && !strings.Contains(text, "\n") && !noTrace.MatchString(text) && containsAll(text, words)
	if r.Code != code || !isClear {
		b.t.Errorf("%s: exit code %d, want %d and one line with %q:\n%s", what, r.Code, code, words, r.Stderr)
	}
	if files, err := os.ReadDir(b.folder); err != nil || len(files) > 0 {
		b.t.Errorf("%s left behind: %v, %v", what, files, err)
	}
	return r.Code == code && isClear
}

// kindOf is the kind of the one object that a text holds.
func kindOf(text string) (string, error) {
	var object struct{ APIVersion, Kind string }
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return "", fmt.Errorf("no object, or more than one: %w", err)
	}
	return object.Kind, nil
}
