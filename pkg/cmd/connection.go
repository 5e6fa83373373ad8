// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/version"
)

// connection is the way to the cluster: kubectl's own connection flags.
type connection struct {
	flags *genericclioptions.ConfigFlags
	// server is the clock of the API server; every request sets it.
	server *cluster.ServerClock
}

func newConnection(local clock.PassiveClock) *connection {
	return &connection{flags: genericclioptions.NewConfigFlags(true), server: cluster.NewServerClock(local)}
}

func (c *connection) addFlags(flags *pflag.FlagSet) { c.flags.AddFlags(flags) }

// config returns the REST configuration of the chosen context. Lists and
// watches travel as protobuf; the client-side limit (kubectl's default is 5
// requests a second) is off, since the API server has priority and fairness and
// the drain bounds its requests by itself.
func (c *connection) config() (*rest.Config, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.UserAgent = version.UserAgent()
	config.Wrap(c.server.Wrap)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return config, nil
}

// client returns the client for the chosen context.
func (c *connection) client() (*kubernetes.Clientset, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return client, nil
}

// describe names the cluster for a question: its context and its address.
func (c *connection) describe() string {
	name := "the cluster"
	if raw, err := c.flags.ToRawKubeConfigLoader().RawConfig(); err == nil && raw.CurrentContext != "" {
		name = "context " + raw.CurrentContext
	}
	if c.flags.Context != nil && *c.flags.Context != "" {
		name = "context " + *c.flags.Context
	}
	if config, err := c.flags.ToRESTConfig(); err == nil {
		name += " (" + config.Host + ")"
	}
	return name
}
