// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestFace: what an operator reads tells what comes next.
func TestFace(t *testing.T) {
	const long = "web-of-a-name-that-does-not-fit-into-one-line"
	c := shared.Get(t).NewScope(t, "face")
	c.Pool("faceblue", 1)
	c.Deployment(long, 1, quick)
	c.Ready(long, 1)
	c.Pool("facegreen", 1)
	t.Run("a credential plugin is not installed", func(t *testing.T) { pluginMissing(t, c) })
	t.Run("a credential plugin is too old", func(t *testing.T) { pluginOld(t, c) })
	t.Run("mistyped names", func(t *testing.T) { mistyped(t, c, long) })
	t.Run("options", func(t *testing.T) { options(t, c) })
	t.Run("findings on a terminal", func(t *testing.T) { findingsOnATerminal(t, c, long) })
	t.Run("the next step", func(t *testing.T) { nextStep(t, c, long) })
}

// pluginMissing: the hint of the kubeconfig is told, in one line.
func pluginMissing(t *testing.T, c *harness.Scope) {
	for _, command := range []string{"kubelogin-that-is-nowhere", "/opt/nowhere/kubelogin"} {
		b := newBastion(t, withUser(t, c, &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1beta1", Command: command, InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
			InstallHint: "kubelogin is needed.\n\nInstall it with: az aks install-cli\n",
		}}))
		wantOneLine(t, b.plugin(t, "pools").Want(t, 1), "error: ", command, "cannot be run", "kubelogin is needed. Install it with: az aks install-cli")
	}
}

// pluginOld: the version is named, and what mends it.
func pluginOld(t *testing.T, c *harness.Scope) {
	b := newBastion(t, withUser(t, c, &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1alpha1", Command: "/bin/sh", InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
	}}))
	wantOneLine(t, b.plugin(t, "pools").Want(t, 1), "error: ", "v1alpha1", "/bin/sh", "update the plugin", "kubectl config set-credentials ", "--exec-api-version=client.authentication.k8s.io/v1beta1")
	answers := execUser(`echo '{"apiVersion":"client.authentication.k8s.io/v1alpha1","kind":"ExecCredential","status":{"token":"x"}}'`)
	b = newBastion(t, withUser(t, c, answers))
	wantOneLine(t, b.plugin(t, "pools").Want(t, 1), "error: ", "v1alpha1", "update the plugin")
}

// mistyped: each name that an operator types is asked about.
func mistyped(t *testing.T, c *harness.Scope, workload string) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"drain-pool", "facebleu", "--yes"}, "did you mean faceblue?"},
		{[]string{"uncordon-pool", "facegren"}, "did you mean facegreen?"},
		{[]string{"pause-pdb-blockers", "deploy/face/" + workload + "x", "--yes"}, "did you mean deployment/face/" + workload + "?"},
		{[]string{"placement-check", "--workload", "deploy/face/" + workload + "x"}, "did you mean deployment/face/" + workload + "?"},
		{[]string{"drian-pool"}, "did you mean drain-pool?"},
		{[]string{"drain-pool", "faceblue", "--dryrun"}, "did you mean --dry-run?"},
		{[]string{"pools", "--context", "sandbx"}, "did you mean sandbox?"},
		{[]string{"explain", "VU-2130"}, "the nearest is VU-"},
	}
	for _, test := range tests {
		wantOneLine(t, own(t, c, test.args...).Want(t, 1), "error: ", test.want)
	}
	if r := own(t, c, "drain-pool", "nothing-like-it", "--yes").Want(t, 1); strings.Contains(r.Stderr, "did you mean") {
		t.Errorf("stderr: %s", r.Stderr)
	}
}

// options: the flags of the connection are told once, as by kubectl.
func options(t *testing.T, c *harness.Scope) {
	all := c.ThroughKubectl(t, "options").Want(t, 0).Stdout
	for _, want := range []string{"--context ", "--as-group ", "--journal-namespace ", "--v "} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	for _, args := range [][]string{{"--help"}, {"drain-pool", "--help"}, {"help", "status"}} {
		help := c.ThroughKubectl(t, args...).Want(t, 0).Stdout
		if strings.Contains(help, "--as-group") || !strings.HasSuffix(help, "Use \"kubectl vantiq-upgrade options\" for the flags that every command has.\n") {
			t.Errorf("%q:\n%s", args, help)
		}
	}
}

// findingsOnATerminal are broken between words at 80 columns; in a pipe each has a
// line.
func findingsOnATerminal(t *testing.T, c *harness.Scope, workload string) {
	piped := own(t, c, "drain-pool", "faceblue", "--dry-run=client").Want(t, 0).Stdout
	if !strings.Contains(piped, "Warning VU-213 deployment/face/"+workload+": one replica: it is away while it moves\n") {
		t.Errorf("in a pipe:\n%s", piped)
	}
	terminal := c.StartPluginTerminal(t, "xterm", "drain-pool", "faceblue", "--dry-run=client", "--color=never", "--journal-namespace="+c.Name)
	terminal.Wait().Want(t, 0)
	_, findings, _ := strings.Cut(strings.ReplaceAll(terminal.Written(), "\r\n", "\n"), "Warning VU-213 ")
	first, second, _ := strings.Cut(findings, "\n")
	if !strings.HasPrefix(first, "deployment/face/"+workload+":") || len("Warning VU-213 "+first) >= 80 || !strings.HasPrefix(second, "    ") {
		t.Errorf("on a terminal:\n%s", terminal.Written())
	}
}

// nextStep: after a drain that is done the pool is to be given back; abort comes
// behind it. The printed command does it.
func nextStep(t *testing.T, c *harness.Scope, workload string) {
	own(t, c, "drain-pool", "faceblue", "--yes", "--quiet").Want(t, 0)
	out := own(t, c, "status").Want(t, 0).Stdout
	_, next, found := strings.Cut(out, "Next: upgrade the nodes, then kubectl vantiq-upgrade ")
	command, back, _ := strings.Cut(next, "\n")
	if !found || !strings.HasPrefix(command, "uncordon-pool faceblue") || !strings.HasPrefix(back, "To give back: kubectl vantiq-upgrade abort ") {
		t.Fatalf("status:\n%s", out)
	}
	c.Plugin(t, strings.Fields(command)...).Want(t, 0)
	wantClean(t, c)
	if out := own(t, c, "status").Want(t, 0).Stdout; strings.Contains(out, "Next: ") {
		t.Errorf("status:\n%s", out)
	}
	c.Ready(workload, 1)
}
