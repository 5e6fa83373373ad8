// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// badServers are servers of which nothing is to be had, and what is to be told.
func badServers(t *testing.T) map[string]struct{ address, words string } {
	t.Helper()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts; nobody answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	half := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = fmt.Fprint(w, "{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	half.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	half.StartTLS()
	t.Cleanup(half.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	return map[string]struct{ address, words string }{
		"no answer":      {"https://" + mute.Addr().String(), "did not answer within --timeout 1s"},
		"half an answer": {half.URL, "it took longer than --timeout 1s"},
		"no TLS":         {strings.Replace(plain.URL, "http:", "https:", 1), "does not speak TLS"},
	}
}

// TestTimeoutOfEverySubcommand: a server that answers nothing, or not all, or what is
// none, ends each command within its --timeout.
func TestTimeoutOfEverySubcommand(t *testing.T) {
	reg, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, server := range badServers(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "kubeconfig")
			config := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"prod","contexts":[{"name":"prod","context":{"cluster":"c","user":"u"}}],
"clusters":[{"name":"c","cluster":{"server":%q,"insecure-skip-tls-verify":true}}],"users":[{"name":"u","user":{"token":"t"}}]}`, server.address)
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			b := &badInput{t: t, folder: t.TempDir(), calls: badCalls()}
			b.here = harness.Programs(t, file).From(b.folder)
			var running sync.WaitGroup
			for _, entry := range reg.Subcommands {
				if call := badCalls()[entry.Name]; !call.offline {
					running.Go(func() {
						b.fails(entry.Name, b.here, append(slices.Clone(call.args), "--timeout", "1s"), server.words)
					})
				}
			}
			running.Wait()
		})
	}
}

// TestRequestTimeout: --request-timeout does not cut the watches of a drain that
// takes longer.
func TestRequestTimeout(t *testing.T) {
	c := twoPools(t, "request-timeout", harness.Annotate("sandbox.upgrade.vantiq.com/start-fast", "4s"))
	audit := c.Audit(t)
	r := c.StartPlugin(t, "drain-pool", "old", "--yes", "--request-timeout=5s").Wait().Want(t, 0)
	if strings.Contains(r.Stderr, "trouble") {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
	watches, uris := map[string]int{}, []string{}
	for _, request := range audit.Requests(t) {
		if request.Verb == "watch" && request.Stage == "ResponseStarted" {
			watches[request.ObjectRef.Resource]++
			uris = append(uris, request.RequestURI)
		}
	}
	if len(watches) == 0 {
		t.Error("nothing was watched")
	}
	watches["pods"]-- // it reads them once more at the end
	for resource, n := range watches {
		if n != 1 {
			t.Errorf("%s were watched %d times: the watch was cut\n%s", resource, n, strings.Join(uris, "\n"))
		}
	}
}

const (
	lockPath    = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kubectl-vantiq-upgrade"
	journalPath = "/api/v1/namespaces/kube-system/configmaps"
)

// TestTimeoutOfADrain: before the lock nothing was changed; after it the same command
// goes on; in the middle of a drain the report says what is missing.
func TestTimeoutOfADrain(t *testing.T) {
	c := twoPools(t, "timeout", quick)
	drain := []string{"drain-pool", "old", "--yes", "-o", "json"}
	tap := startTap(t, c.Sandbox)
	slow := c.Via(tap.kubeconfig)

	// Ctrl-C while it takes the lock.
	arrived := tap.hold(lockPath)
	p := slow.StartPlugin(t, drain...)
	<-arrived
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	out := read[v1alpha1.Failure](t, p.Wait().Want(t, 130))
	if out.Kind != "Failure" || out.Message != "interrupted; nothing was changed" || out.ExitCode != 130 {
		t.Errorf("%+v", out)
	}
	late := read[v1alpha1.Failure](t, slow.StartPlugin(t, append(drain, "--timeout=5s")...).Wait().Want(t, 1))
	if late.Kind != "Failure" || late.Message != "it took longer than --timeout 5s; nothing was changed" {
		t.Errorf("%+v", late)
	}
	tap.release(lockPath)

	// It hangs in the middle.
	victim := "/api/v1/namespaces/timeout/pods/db-2/eviction"
	tap.hold(victim)
	half := drainReport(t, slow.StartPlugin(t, append(drain, "--timeout=10s")...).Wait().Want(t, 3))
	wantFinding(t, half.Findings, "VU-234", "not finished within --timeout 10s")
	tap.release(victim)
	planned := read[v1alpha1.ResumeReport](t, slow.StartPlugin(t, "resume", "--dry-run=client", "-o", "json").Wait().Want(t, 0))
	if planned.Outcome != v1alpha1.ResumePlanned || planned.Run == nil || !strings.HasPrefix(planned.Run.Command, "drain-pool old") {
		t.Errorf("%+v", planned)
	}
	if done := drainReport(t, slow.StartPlugin(t, "resume", "--yes", "-o", "json").Wait().Want(t, 0)); done.Outcome != "Done" {
		t.Errorf("%s", done.Outcome)
	}
	if again := read[v1alpha1.ResumeReport](t, slow.StartPlugin(t, "resume", "--yes", "-o", "json").Wait().Want(t, 0)); again.Outcome != v1alpha1.ResumeNothingToDo {
		t.Errorf("%+v", again)
	}
}
