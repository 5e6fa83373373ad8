// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/version"
)

// connection is the way to the cluster: kubectl's own connection flags.
type connection struct {
	flags *genericclioptions.ConfigFlags
	// server is the clock of the API server; every request sets it.
	server *cluster.ServerClock
	// answered is set by the first answer to a user that the server knows.
	answered atomic.Bool
	// unattended: nobody is there to answer the questions of a credential plugin.
	unattended bool
	// local is the clock of this machine.
	local clock.Clock
}

func newConnection(local clock.Clock) *connection {
	return &connection{flags: genericclioptions.NewConfigFlags(true), server: cluster.NewServerClock(local), local: local}
}

func (c *connection) addFlags(flags *pflag.FlagSet) { c.flags.AddFlags(flags) }

// config returns the REST configuration of the chosen context. Lists and
// watches travel as protobuf; the client-side limit (kubectl's default is 5
// requests a second) is off, since the API server has priority and fairness and
// the drain bounds its requests by itself.
func (c *connection) config() (*rest.Config, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, &configError{err: err}
	}
	if c.isNowhere(config) {
		return nil, &configError{err: clientcmd.ErrEmptyConfig}
	}
	config = rest.CopyConfig(config)
	config.QPS = -1
	if config.ExecProvider != nil && c.unattended {
		config.ExecProvider.StdinUnavailable = true
		config.ExecProvider.StdinUnavailableMessage = "nobody can be asked while a word is completed"
	}
	config.UserAgent = version.UserAgent()
	config.Wrap(c.server.Wrap)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return config, nil
}

// isNowhere reports whether a configuration is client-go's default for want of any,
// an address on this machine.
func (c *connection) isNowhere(config *rest.Config) bool {
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	named := c.flags.APIServer != nil && *c.flags.APIServer != ""
	return err == nil && len(raw.Clusters) == 0 && !named && strings.Contains(config.Host, "localhost:8080")
}

// web returns the configuration and what carries the requests.
func (c *connection) web() (*rest.Config, *http.Client, error) {
	config, err := c.config()
	if err != nil {
		return nil, nil, err
	}
	longest := config.Timeout
	config.Timeout = 0 // see requests
	web, err := latchCredentials(config)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting: %w", err)
	}
	web.Transport = &requests{next: web.Transport, clock: c.local, longest: longest, answered: &c.answered}
	return config, web, nil
}

// hasAnswered reports whether the server has answered us, as a user that it knows.
func (c *connection) hasAnswered() bool { return c.answered.Load() }

// client returns the client for the chosen context.
func (c *connection) client() (*kubernetes.Clientset, error) {
	config, web, err := c.web()
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfigAndClient(config, web)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return client, nil
}

// clients are the ways to a cluster that reading all of it takes.
type clients struct {
	kubernetes.Interface
	// objects are read as they are, metadata without the rest.
	objects  dynamic.Interface
	metadata metadata.Interface
}

// clients returns them for the chosen context, over the same connections.
func (c *connection) clients() (*clients, error) {
	config, web, err := c.web()
	if err != nil {
		return nil, err
	}
	all := &clients{}
	// The clients share what carries their requests.
	if all.Interface, err = kubernetes.NewForConfigAndClient(config, web); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if all.objects, err = dynamic.NewForConfigAndClient(config, web); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if all.metadata, err = metadata.NewForConfigAndClient(config, web); err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return all, nil
}

// contextName is that of the chosen context; empty where there is none.
func (c *connection) contextName() string {
	if c.flags.Context != nil && *c.flags.Context != "" {
		return *c.flags.Context
	}
	raw, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	return raw.CurrentContext
}

// address is that of the API server, without a name or a password in it.
func (c *connection) address() string {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return ""
	}
	address, err := url.Parse(config.Host)
	if err != nil || address.Host == "" {
		return config.Host
	}
	address.User = nil
	return address.String()
}

// describe names the cluster for a question: its context and its address.
func (c *connection) describe() string {
	name := "the cluster"
	if context := c.contextName(); context != "" {
		name = "context " + context
	}
	if address := c.address(); address != "" {
		name += " (" + address + ")"
	}
	return name
}

// identify fills in how the operator reached a cluster.
func (c *connection) identify(cluster *v1alpha1.ClusterIdentity) {
	cluster.Context, cluster.Server = c.contextName(), c.address()
}
