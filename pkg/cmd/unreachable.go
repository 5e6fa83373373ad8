// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// logIn is how operators get a kubeconfig, and a new token, on AKS and on EKS.
const logIn = "az aks get-credentials --resource-group GROUP --name CLUSTER, or aws eks update-kubeconfig --name CLUSTER"

// configError says why no connection can be made of a kubeconfig and the flags.
type configError struct{ err error }

func (e *configError) Error() string { return "reading the kubeconfig: " + e.err.Error() }

func (e *configError) Unwrap() error { return e.err }

// inWords says for an operator why the API server could not be asked: which one,
// why, and what mends it. It is empty for an error that is about something else.
func (c *connection) inWords(err error) string {
	if config, is := errors.AsType[*configError](err); is {
		return c.configInWords(config.err)
	}
	if apierrors.IsUnauthorized(err) {
		return fmt.Sprintf("%s does not accept the credentials of user %q (401 Unauthorized): the token or certificate may have expired; log in again (az login, aws sso login) and get the credentials anew: %s",
			c.apiServer(), c.user(), logIn)
	}
	if words := c.pluginInWords(err); words != "" {
		return words
	}
	if why := wayInWords(err); why != "" {
		return c.apiServer() + " " + why
	}
	return ""
}

// apiServer names the API server for a message, with the context that leads to it.
func (c *connection) apiServer() string {
	words := "the API server"
	if address := c.address(); address != "" {
		words += " " + address
	}
	if name := c.contextName(); name != "" {
		words += fmt.Sprintf(" (context %q)", name)
	}
	return words
}

// silent says who gave no answer: a credential plugin is asked first, where there
// is one.
func (c *connection) silent() string {
	if plugin := c.plugin(); plugin != nil {
		return fmt.Sprintf("%s, or the credential plugin %s,", c.apiServer(), plugin.Command)
	}
	return c.apiServer()
}

// user is the one of the kubeconfig that the context names.
func (c *connection) user() string {
	if name := c.flags.AuthInfoName; name != nil && *name != "" {
		return *name
	}
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	if context := raw.Contexts[c.contextName()]; context != nil {
		return context.AuthInfo
	}
	return ""
}

// configInWords says what is wrong with the kubeconfig, or with the flags that
// choose from it.
func (c *connection) configInWords(err error) string {
	text := oneLine(err.Error())
	switch {
	case clientcmd.IsEmptyConfig(err):
		return "no kubeconfig names a cluster: neither --kubeconfig nor KUBECONFIG nor ~/.kube/config; make one (" + logIn + ")"
	case clientcmd.IsContextNotFound(err), strings.Contains(text, "does not exist"):
		if names := c.contextNames(); len(names) > 0 {
			return "reading the kubeconfig: " + text + "; its contexts are " + strings.Join(names, ", ") + spelling.DidYouMean(c.contextName(), names)
		}
		return "reading the kubeconfig: " + text + "; it has no contexts; make one (" + logIn + ")"
	}
	return "reading the kubeconfig: " + text
}

// contextNames are the contexts that there are.
func (c *connection) contextNames() []string {
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(raw.Contexts))
}

// wayInWords says why a server did not answer; it is empty for an answer that was
// an error, and for what no request has failed with.
func wayInWords(err error) string {
	if words := certificateInWords(err); words != "" {
		return words
	}
	request := (*url.Error)(nil)
	connection := (*net.OpError)(nil)
	network := net.Error(nil)
	name := (*net.DNSError)(nil)
	late := (*requestTimeoutError)(nil)
	text := oneLine(err.Error())
	switch {
	case errors.As(err, &late):
		return "gave " + late.Error()
	case errors.As(err, &name):
		return fmt.Sprintf("cannot be found: no address for the name %q; for a private cluster: is the VPN up, is this the bastion?", name.Name)
	case !errors.As(err, &request) && !errors.As(err, &connection): // a file may be "refused" as well
		return ""
	case strings.Contains(text, "proxyconnect"):
		return "cannot be reached through the proxy of HTTPS_PROXY or of the kubeconfig: " + last(text)
	case errors.Is(err, syscall.ECONNREFUSED), strings.Contains(text, "refused"):
		return "refused the connection: is the cluster stopped, or the address in the kubeconfig old?"
	case errors.Is(err, http.ErrSchemeMismatch), strings.Contains(text, "does not look like a TLS handshake"):
		return "does not speak TLS: is the address in the kubeconfig right, or does a proxy answer for it?"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "broke off the connection: is it just starting, or does a firewall end it?"
	case errors.As(err, &network) && network.Timeout():
		return "did not answer in time (" + last(text) + "): is the VPN up, is this address in the ranges that may reach it?"
	}
	return "cannot be reached: " + last(text)
}

// certificateInWords is about a certificate that does not hold.
func certificateInWords(err error) string {
	unknown := x509.UnknownAuthorityError{}
	host := x509.HostnameError{}
	invalid := x509.CertificateInvalidError{}
	alert := tls.AlertError(0)
	switch {
	case errors.As(err, &unknown):
		return "has a certificate that the CA in the kubeconfig has not signed: the cluster was made anew, or a proxy answers for it; get the credentials anew: " + logIn
	case errors.As(err, &host):
		return "has a certificate for another name: " + oneLine(host.Error())
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has a certificate that is not valid now: " + oneLine(invalid.Error()) + "; is the clock of this machine right?"
	case errors.As(err, &invalid):
		return "has a certificate that does not hold: " + oneLine(invalid.Error())
	case errors.As(err, &alert):
		return "does not accept the client certificate of the kubeconfig (" + alert.Error() + "); get the credentials anew: " + logIn
	}
	return ""
}

// isHopeless reports whether a request need not be repeated: the server has never
// answered, and for a reason that does not pass by itself.
func (c *connection) isHopeless(err error) bool {
	if c.hasAnswered() {
		return false
	}
	name := (*net.DNSError)(nil)
	return apierrors.IsUnauthorized(err) || certificateInWords(err) != "" || errors.As(err, &name) && name.IsNotFound ||
		errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), gettingCredentials)
}

// last is the innermost part of an error's text.
func last(text string) string {
	parts := strings.Split(text, ": ")
	return parts[len(parts)-1]
}

// oneLine joins the lines of a text, and keeps it from steering a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
