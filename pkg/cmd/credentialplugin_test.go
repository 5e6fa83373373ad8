// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/clock"
)

// withPlugin is a connection whose user has a credential plugin.
func withPlugin(t *testing.T, hint string) *connection {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["aks"] = &api.Cluster{Server: "https://127.0.0.1:1"}
	config.AuthInfos["ops"] = &api.AuthInfo{Exec: &api.ExecConfig{
		APIVersion: pluginAPI, Command: "kubelogin", InstallHint: hint, InteractiveMode: api.IfAvailableExecInteractiveMode,
	}}
	config.Contexts["prod"] = &api.Context{Cluster: "aks", AuthInfo: "ops"}
	config.CurrentContext = "prod"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", os.DevNull)
	c := newConnection(clock.RealClock{})
	c.flags.KubeConfig = &file
	return c
}

// TestPluginInWords: who it is about, why, and what mends it, in one line.
func TestPluginInWords(t *testing.T) {
	const hint = "kubelogin is needed.\n\nInstall it: az aks install-cli\x1b[31m\n"
	tests := map[string]struct {
		hint, err string
		want      []string
	}{
		"not installed": {
			hint, "Get \"https://x\": getting credentials: exec: executable kubelogin not found\n\nIt looks like you are trying to use a plugin.\n\n" + hint,
			[]string{`kubelogin of user "ops" (context "prod") cannot be run`, "kubelogin is needed. Install it: az aks install-cli"},
		},
		"not installed, without a hint": {
			"", "getting credentials: exec: fork/exec /opt/kubelogin: no such file or directory",
			[]string{"cannot be run", "install it", "az aks get-credentials"},
		},
		"an old version in the kubeconfig": {
			hint, `exec plugin: invalid apiVersion "client.authentication.k8s.io/v1alpha1"`,
			[]string{"client.authentication.k8s.io/v1alpha1 of the API", "kubectl config set-credentials ops --exec-api-version=" + pluginAPI},
		},
		"an old version in the answer": {
			hint, `getting credentials: decoding stdout: no kind "ExecCredential" is registered for version "client.authentication.k8s.io/v1alpha1" in scheme "x"`,
			[]string{"v1alpha1", "update the plugin"},
		},
		"another version in the answer": {
			hint, "getting credentials: exec plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version client.authentication.k8s.io/v1beta1",
			[]string{"plugin returned version", "update the plugin"},
		},
		"it failed": {
			hint, "getting credentials: exec: executable kubelogin failed with exit code 3",
			[]string{"gave no credentials", "exit code 3", "az login"},
		},
		"something else": {hint, "not found", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := withPlugin(t, test.hint).pluginInWords(errors.New(test.err))
			if (got == "") != (test.want == nil) || strings.ContainsAny(got, "\n\x1b") {
				t.Errorf("got %q", got)
			}
			for _, word := range test.want {
				if !strings.Contains(got, word) {
					t.Errorf("no %q in %q", word, got)
				}
			}
		})
	}
}
