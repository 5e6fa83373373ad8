// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// looking are commands that read a cluster, each in a way of its own.
func looking() [][]string {
	return [][]string{
		{"pools"},
		{"status"},
		{"drain-pool", "connect", "--dry-run=client"},
		{"placement-check"},
		{"verify"},
		{"snapshot", "--dry-run=client"},
		{"version"},
	}
}

// TestConnect takes every way to an API server that a bastion has.
func TestConnect(t *testing.T) {
	c := shared.Get(t).NewScope(t, "connect")
	c.Pool("connect", 1)
	t.Run("a list of kubeconfigs", func(t *testing.T) { byKubeconfigs(t, c) })
	t.Run("as somebody else", func(t *testing.T) { bySomebodyElse(t, c) })
	t.Run("a credential plugin", func(t *testing.T) { byPlugin(t, c) })
	t.Run("a credential plugin that fails", func(t *testing.T) { byFailingPlugin(t, c) })
	t.Run("a proxy", func(t *testing.T) { byProxy(t, c) })
	t.Run("nothing can be written", func(t *testing.T) { withoutDisk(t, c) })
}

// wantLooks fails unless each of the commands gets to the cluster, and says so.
func wantLooks(t *testing.T, b bastion, flags ...string) {
	t.Helper()
	for _, args := range looking() {
		r := b.plugin(t, append(args, flags...)...)
		if r.Code != 0 && r.Code != 2 || r.Stdout == "" || strings.Contains(r.Stderr, "error: ") {
			t.Errorf("%q: exit code %d, stderr:\n%s", append(args, flags...), r.Code, r.Stderr)
		}
	}
}

// byKubeconfigs: the context is in the second file, and a third is not there.
func byKubeconfigs(t *testing.T, c *harness.Scope) {
	away := kubeconfigFor(t, "https://127.0.0.1:1", nil)
	list := strings.Join([]string{away, c.Kubeconfig, filepath.Join(t.TempDir(), "none")}, string(filepath.ListSeparator))
	b := newBastion(t, list)
	wantLooks(t, b, "--context", "sandbox")
	// The current context is that of the first file.
	wantOneLine(t, b.plugin(t, "pools").Want(t, 1), "error: ", "127.0.0.1:1", "refused")
	wantOneLine(t, b.plugin(t, "pools", "--context", "staging").Want(t, 1), "error: ", `context "staging" does not exist`)
	b.kubeconfig = strings.Join([]string{filepath.Join(t.TempDir(), "none"), c.Kubeconfig}, string(filepath.ListSeparator))
	wantLooks(t, b)
}

func bySomebodyElse(t *testing.T, c *harness.Scope) {
	b := newBastion(t, c.Kubeconfig)
	wantLooks(t, b, "--as", "hanako", "--as-group", "system:masters")
	wantOneLine(t, b.plugin(t, "pools", "--as", "hanako").Want(t, 1), "error: VU-217: ", `User "hanako" cannot list resource "nodes"`)
}

// byPlugin: a script prints a client certificate, or a token; each command calls it
// once.
func byPlugin(t *testing.T, c *harness.Scope) {
	var certificate authenticationStatus
	kubeconfigOf(t, c.Sandbox, func(_ *clientcmdapi.Config, _ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		certificate = authenticationStatus{Certificate: string(contents(t, user.ClientCertificateData, user.ClientCertificate)), Key: string(contents(t, user.ClientKeyData, user.ClientKey))}
	})
	for name, status := range map[string]authenticationStatus{"certificate": certificate, "token": {Token: tokenOf(t, c)}} {
		calls := filepath.Join(t.TempDir(), "calls")
		credential := filepath.Join(t.TempDir(), "credential")
		text, err := json.Marshal(map[string]any{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(credential, text, 0o600); err != nil {
			t.Fatal(err)
		}
		b := newBastion(t, withUser(t, c, execUser("echo called >> '"+calls+"'; cat '"+credential+"'")))
		wantLooks(t, b)
		called, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(called), "called"); n != len(looking()) {
			t.Errorf("%s: the plugin was called %d times by %d commands", name, n, len(looking()))
		}
	}
}

// authenticationStatus is what a credential plugin prints.
type authenticationStatus struct {
	Token       string `json:"token,omitempty"`
	Certificate string `json:"clientCertificateData,omitempty"`
	Key         string `json:"clientKeyData,omitempty"`
}

func contents(t *testing.T, data []byte, file string) []byte {
	t.Helper()
	if len(data) > 0 {
		return data
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tokenOf is the token of a service account that may do everything.
func tokenOf(t *testing.T, c *harness.Scope) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "ops"}}
	if _, err := c.Client.CoreV1().ServiceAccounts(c.Name).Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	bindings := c.Client.RbacV1().ClusterRoleBindings()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name + "-ops"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: c.Name, Name: "ops"}},
	}
	if _, err := bindings.Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bindings.Delete(context.WithoutCancel(t.Context()), binding.Name, metav1.DeleteOptions{}); err != nil {
			t.Log(err)
		}
	})
	token, err := c.Client.CoreV1().ServiceAccounts(c.Name).CreateToken(t.Context(), "ops", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return token.Status.Token
}

// withUser is the way into the sandbox for another user.
func withUser(t *testing.T, c *harness.Scope, user *clientcmdapi.AuthInfo) string {
	t.Helper()
	return kubeconfigOf(t, c.Sandbox, func(config *clientcmdapi.Config, _ *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
		config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo] = user
	})
}

// byFailingPlugin: what the plugin says is shown once, then one line of ours.
func byFailingPlugin(t *testing.T, c *harness.Scope) {
	calls := filepath.Join(t.TempDir(), "calls")
	b := newBastion(t, withUser(t, c, execUser("echo called >> '"+calls+"'; echo 'the session has ended: sign in again' >&2; exit 3")))
	for _, args := range append(looking(), []string{"placement-check", "--watch"}, []string{"resume"}, []string{"pause-pdb-blockers", "--dry-run"}) {
		if err := os.WriteFile(calls, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r := b.plugin(t, args...).Want(t, 1)
		called, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(called), "called"); n != 1 {
			t.Errorf("%q: the plugin was called %d times", args, n)
		}
		ours, known := strings.CutPrefix(r.Stderr, "the session has ended: sign in again\n")
		if !known || r.Stdout != "" && args[0] != "version" {
			t.Errorf("%q: stdout %q, stderr %q", args, r.Stdout, r.Stderr)
		}
		wantOneLine(t, harness.Result{Stderr: ours}, "error: ", "the credential plugin ", "gave no credentials", "exit code 3")
	}
}

// byProxy goes through an HTTP proxy by the kubeconfig, by the flag and by the
// environment. Go takes no proxy of the environment for an address of loopback, so
// there the server has a name that only the proxy knows.
func byProxy(t *testing.T, c *harness.Scope) {
	proxy := startConnectProxy(t, map[string]string{"sandbox.test:6443": strings.TrimPrefix(c.Config.Host, "https://")})
	b := newBastion(t, kubeconfigOf(t, c.Sandbox, func(_ *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
		cluster.ProxyURL = proxy.url
	}))
	wantLooks(t, b)
	proxy.wantUsed(t, "proxy-url in the kubeconfig")

	b.kubeconfig = c.Kubeconfig
	wantLooks(t, b, "--proxy-url", proxy.url)
	proxy.wantUsed(t, "--proxy-url")

	b.kubeconfig = kubeconfigOf(t, c.Sandbox, func(_ *clientcmdapi.Config, cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
		cluster.Server, cluster.TLSServerName = "https://sandbox.test:6443", "127.0.0.1"
	})
	b.env = []string{"HTTPS_PROXY=" + proxy.url}
	wantLooks(t, b)
	proxy.wantUsed(t, "HTTPS_PROXY")
	b.env = append(b.env, "NO_PROXY=.test")
	wantOneLine(t, b.plugin(t, "pools").Want(t, 1), "error: ", "sandbox.test")

	// A proxy that is not there, and one that refuses.
	b = newBastion(t, c.Kubeconfig)
	wantOneLine(t, b.plugin(t, "pools", "--proxy-url", "http://127.0.0.1:1").Want(t, 1), "error: ", "sandbox", "through the proxy", "refused")
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer refusing.Close()
	wantOneLine(t, b.plugin(t, "pools", "--proxy-url", refusing.URL).Want(t, 1), "error: ", "Proxy Authentication Required")
}

// connectProxy is an HTTP proxy that tunnels.
type connectProxy struct {
	url string

	mu      sync.Mutex
	tunnels int
}

// startConnectProxy starts one that knows names of its own.
func startConnectProxy(t *testing.T, names map[string]string) *connectProxy {
	t.Helper()
	p := &connectProxy{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := r.Host
		if known := names[target]; known != "" {
			target = known
		}
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		upstream, err := net.Dial("tcp", target)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer upstream.Close()
		w.WriteHeader(http.StatusOK)
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		p.mu.Lock()
		p.tunnels++
		p.mu.Unlock()
		go func() {
			_, _ = io.Copy(upstream, client)
			_ = upstream.Close()
		}()
		_, _ = io.Copy(client, upstream)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// wantUsed fails unless every command since the last time came by.
func (p *connectProxy) wantUsed(t *testing.T, by string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tunnels < len(looking()) {
		t.Errorf("%s: %d tunnels for %d commands", by, p.tunnels, len(looking()))
	}
	p.tunnels = 0
}

// withoutDisk: nothing can be written anywhere, and there is no home. Rights keep no
// root from writing, so these are places where nobody can.
func withoutDisk(t *testing.T, c *harness.Scope) {
	const nowhere = "/dev/null/none"
	b := newBastion(t, c.Kubeconfig)
	b.dir = "/proc"
	b.env = []string{"TMPDIR=" + nowhere, "KUBECACHEDIR=" + nowhere, "XDG_CACHE_HOME=" + nowhere, "GOCOVERDIR="}
	for _, home := range []string{"/proc", "/proc/none", "", "-"} {
		b.home = home
		wantLooks(t, b)
	}
	wantLooks(t, b, "--cache-dir", nowhere)
	b.plugin(t, "drain-pool", "connect", "--yes").Want(t, 0)
	b.plugin(t, "uncordon-pool", "connect").Want(t, 0)
	// Without a FILE a snapshot goes to the folder it is in.
	r := b.plugin(t, "snapshot").Want(t, 1)
	if last := strings.TrimSpace(r.Stderr); !strings.Contains(last, "error: ") || r.Stdout != "" {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
	if r := b.plugin(t, "snapshot", "-"); r.Code != 0 || !strings.Contains(r.Stdout, "ClusterSnapshot") {
		t.Errorf("exit code %d: %s", r.Code, r.Stderr)
	}
}
