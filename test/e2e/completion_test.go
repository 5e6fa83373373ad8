// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// completing is a bastion where completion was installed.
func completing(t *testing.T, kubeconfig string) bastion {
	t.Helper()
	b := newBastion(t, kubeconfig)
	links := t.TempDir()
	b.path += string(filepath.ListSeparator) + links
	r := b.plugin(t, "completion", "install", "--dir", links).Want(t, 0)
	if !strings.HasPrefix(r.Stdout, "Made "+links) || strings.Contains(r.Stderr, "Warning") {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
	return b
}

// words asks kubectl to complete a line, and the completer by itself as well, which
// must say nothing else: kubectl is not quiet about its own doings when it is asked
// by hand.
func (b bastion) words(t *testing.T, line ...string) []string {
	t.Helper()
	asked := b.run(t, "kubectl", append([]string{"__complete", "vantiq-upgrade"}, line...)...).Want(t, 0)
	itself := b.run(t, "kubectl_complete-vantiq_upgrade", line...).Want(t, 0)
	if itself.Stderr != "" || itself.Stdout != asked.Stdout {
		t.Errorf("%q: the completer said %q and printed %q, kubectl printed %q", line, itself.Stderr, itself.Stdout, asked.Stdout)
	}
	var words []string
	for text := range strings.Lines(asked.Stdout) {
		word, _, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\t")
		words = append(words, word)
	}
	if len(words) == 0 || !strings.HasPrefix(words[len(words)-1], ":") {
		t.Fatalf("%q: no directive in %q", line, asked.Stdout)
	}
	return words
}

// TestCompletion completes what a cluster has through a real kubectl.
func TestCompletion(t *testing.T) {
	c := blocked(t, "completion", "telegraf-prom", 1)
	c.StatefulSet("mongodb", 1, quick)
	c.Ready("mongodb", 1)
	b := completing(t, c.Kubeconfig)
	running := unfinishedRun(t, c.Sandbox, c.Name)
	pause(t, c, 0, "deployment/completion/telegraf-prom", "--mode=scale-to-zero")
	paused := read[struct{ Runs []struct{ Outcome string } }](t, own(t, c, "status", "-o", "json"))
	if len(paused.Runs) != 2 {
		t.Fatalf("%+v", paused)
	}
	defer own(t, c, "resume-pdb-blockers", "--yes")
	own := "--journal-namespace=" + c.Name
	tests := []struct {
		line []string
		want []string // all of it, when it ends with the directive
	}{
		{[]string{""}, []string{"drain-pool", "pools", "verify", "completion"}},
		{[]string{"drain-pool", ""}, []string{"completion", ":4"}},
		{[]string{"drain-pool", "COMP"}, []string{"COMPletion", ":4"}},
		{[]string{"drain-pool", "completion", ""}, []string{":4"}},
		{[]string{"pools", "comp"}, []string{"completion", ":4"}},
		{[]string{"uncordon-pool", "x"}, []string{":4"}},
		{[]string{"pause-pdb-blockers", "--pool", ""}, []string{"completion", ":4"}},
		{[]string{"pause-pdb-blockers", "pdb/completion/"}, []string{"pdb/completion/telegraf-prom", ":4"}},
		{[]string{"pause-pdb-blockers", "deploy/completion/t"}, []string{"deploy/completion/telegraf-prom", ":4"}},
		{[]string{"pause-pdb-blockers", "--mode", "s"}, []string{"scale-to-zero", "surge", ":4"}},
		{[]string{"placement-check", "--workload", "s"}, []string{"statefulset/completion/mongodb"}},
		{[]string{"placement-check", "--workload=sts/completion/"}, []string{"sts/completion/mongodb", ":4"}},
		{[]string{"placement-check", "--pod", "completion/mongo"}, []string{"completion/mongodb-0", ":4"}},
		{[]string{"placement-check", "--pod", "completion/mongodb-0", "--pod", "completion/mongo"}, []string{":4"}},
		{[]string{"status", "-n", "compl"}, []string{"completion", ":4"}},
		{[]string{"status", "--journal-namespace", "kube-sy"}, []string{"kube-system", ":4"}},
		{[]string{"status", "--context", ""}, []string{"sandbox", ":4"}},
		{[]string{"explain", "VU-20"}, []string{"VU-201", "VU-202"}},
		{[]string{"resume", own, ""}, []string{running, ":4"}},
		{[]string{"resume-pdb-blockers", own, ""}, []string{"deployment/completion/telegraf-prom", ":4"}},
		{[]string{"resume-pdb-blockers", own, "deploy/"}, []string{"deploy/completion/telegraf-prom", ":4"}},
		{[]string{"resume-pdb-blockers", own, "deployment/completion/telegraf-prom", ""}, []string{":4"}},
		{[]string{"drain-pool", "--dry-run="}, []string{"none", "client", "server", ":4"}},
		{[]string{"verify", "-o", "m"}, []string{"markdown", ":4"}},
		{[]string{"snapshot", ""}, []string{"yaml", "gz", ":8"}},
		{[]string{"verify", "--baseline", "l"}, []string{"latest", ":4"}},
		// The connection is that of the line so far.
		{[]string{"drain-pool", "--context", "nowhere", ""}, []string{":4"}},
		{[]string{"drain-pool", "--as", "nobody", ""}, []string{":4"}},
		{[]string{"drain-pool", "--as", "nobody", "--as-group", "system:masters", ""}, []string{"completion", ":4"}},
		{[]string{"drain-pool", "--kubeconfig", "nowhere", ""}, []string{":4"}},
	}
	for _, tt := range tests {
		got := b.words(t, tt.line...)
		if whole := strings.HasPrefix(tt.want[len(tt.want)-1], ":"); whole && !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.line, got, tt.want)
		}
		for _, want := range tt.want {
			if !slices.Contains(got, want) {
				t.Errorf("%q: no %q in %q", tt.line, want, got)
			}
		}
	}
	if got := b.words(t, "abort", own, ""); len(got) != 3 || !slices.Contains(got, running) {
		t.Errorf("abort: %q", got)
	}
}

// unfinishedRun writes a run down that did not come to its end.
func unfinishedRun(t *testing.T, s *harness.Sandbox, namespace string) string {
	t.Helper()
	store := &journal.Store{ConfigMaps: s.Client.CoreV1().ConfigMaps(namespace), Now: time.Now}
	rec, err := store.Begin(t.Context(), journal.Run{Command: []string{"drain-pool", "completion"}, Operator: "taro", Host: "taro@bastion"})
	if err != nil {
		t.Fatal(err)
	}
	return rec.Run().ID
}

// TestCompletionWithoutAnswer: whatever does not answer, the shell gets its prompt
// back and not a word. That it takes a second at most is told by the clock of a unit
// test; here it has to end within the minute that is allowed.
func TestCompletionWithoutAnswer(t *testing.T) {
	t.Parallel()
	for what, kubeconfig := range map[string]string{
		"a server that accepts and says nothing": kubeconfigFor(t, "https://"+silentListener(t), nil),
		"a server that takes the request":        kubeconfigFor(t, silentServer(t), nil),
		"a credential plugin that hangs":         kubeconfigFor(t, silentServer(t), hangingPlugin(t)),
		"a server that refuses":                  kubeconfigFor(t, "https://127.0.0.1:1", nil),
		"no kubeconfig":                          filepath.Join(t.TempDir(), "none"),
	} {
		b := completing(t, kubeconfig)
		for _, line := range [][]string{{"drain-pool", ""}, {"placement-check", "--workload", ""}, {"abort", ""}, {"status", "-n", ""}} {
			r := b.run(t, "kubectl_complete-vantiq_upgrade", line...).Want(t, 0)
			if r.Stdout != ":4\n" || r.Stderr != "" {
				t.Errorf("%s: %q: stdout %q, stderr %q", what, line, r.Stdout, r.Stderr)
			}
		}
	}
}

// silentListener accepts connections and says nothing.
func silentListener(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return l.Addr().String()
}

// silentServer takes requests and does not answer them.
func silentServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(server.Close)
	return server.URL
}

// hangingPlugin is a user whose credential plugin talks and does not end before the
// test does.
func hangingPlugin(t *testing.T) *clientcmdapi.AuthInfo {
	t.Helper()
	goesOn := filepath.Join(t.TempDir(), "goes-on")
	if err := os.WriteFile(goesOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return execUser("while [ -e '" + goesOn + "' ]; do echo 'waiting for the browser' >&2; sleep 0.2; done")
}

// execUser is a user whose credentials a script prints.
func execUser(script string) *clientcmdapi.AuthInfo {
	return &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "/bin/sh", Args: []string{"-c", script},
		Env:             []clientcmdapi.ExecEnvVar{{Name: "PATH", Value: os.Getenv("PATH")}},
		InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
	}}
}
