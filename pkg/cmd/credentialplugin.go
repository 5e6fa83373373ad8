// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"cmp"
	"fmt"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// What client-go says of a credential plugin; it has no types for it
// (k8s.io/client-go/plugin/pkg/client/auth/exec). What it advises besides takes
// several lines.
const (
	gettingCredentials = "getting credentials: "
	oldPluginConfig    = "exec plugin: invalid apiVersion "
	otherPluginAnswer  = "plugin is configured to use API version "
	oldPluginAnswer    = `no kind "ExecCredential" is registered for version `
)

// pluginAPI is the version of the API of credential plugins that an older one is
// replaced by: what speaks v1 speaks it as well.
const pluginAPI = "client.authentication.k8s.io/v1beta1"

// plugin is the credential plugin of the chosen user; nil without one.
func (c *connection) plugin() *api.ExecConfig {
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	if user := raw.AuthInfos[c.user()]; user != nil {
		return user.Exec
	}
	return nil
}

// pluginInWords is about a credential plugin that gave no credentials; it is empty
// for all else.
func (c *connection) pluginInWords(err error) string {
	text := err.Error()
	if _, version, is := strings.Cut(text, oldPluginConfig); is {
		return fmt.Sprintf("the kubeconfig asks %s for credentials in the version %s of the API, which this client does not speak (v1alpha1 ended with Kubernetes 1.24): "+
			"update the plugin and get the credentials anew (%s), or kubectl config set-credentials %s --exec-api-version=%s",
			c.pluginName(), strings.Trim(oneLine(version), `"`), logIn, c.user(), pluginAPI)
	}
	_, why, is := strings.Cut(text, gettingCredentials)
	if !is {
		return ""
	}
	why, _, _ = strings.Cut(strings.TrimSpace(why), "\n")
	switch {
	case strings.Contains(why, otherPluginAnswer), strings.Contains(why, oldPluginAnswer):
		return fmt.Sprintf("%s answers in another version of the API than the kubeconfig asks for: %s; update the plugin, and get the credentials anew: %s", c.pluginName(), why, logIn)
	case isNotInstalled(why):
		return fmt.Sprintf("%s cannot be run: %s; %s", c.pluginName(), why, c.installHint())
	}
	return fmt.Sprintf("%s gave no credentials: %s; run it by hand to see why, or log in again (az login, aws sso login)", c.pluginName(), why)
}

// pluginName names the credential plugin, and whose it is.
func (c *connection) pluginName() string {
	name := "the credential plugin"
	if plugin := c.plugin(); plugin != nil {
		name += " " + plugin.Command
	}
	return fmt.Sprintf("%s of user %q (context %q)", name, c.user(), c.contextName())
}

// isNotInstalled reports whether a program could not be run for not being there.
func isNotInstalled(why string) bool {
	for _, words := range []string{" not found", "no such file or directory", "cannot find the file", "cannot find the path", "permission denied"} {
		if strings.HasPrefix(why, "exec: ") && strings.Contains(why, words) {
			return true
		}
	}
	return false
}

// installHint says how the credential plugin comes to this machine: in the words
// of the kubeconfig, where it has some.
func (c *connection) installHint() string {
	hint := ""
	if plugin := c.plugin(); plugin != nil {
		hint = oneLine(plugin.InstallHint)
	}
	return cmp.Or(hint, "install it, or have its folder in PATH; or get the credentials anew: "+logIn)
}
