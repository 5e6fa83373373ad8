// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/version"
)

// versionOptions are the options of version.
type versionOptions struct {
	*suite
	output *output
	client bool
}

func newCmdVersion(s *suite) *cobra.Command {
	o := &versionOptions{suite: s, output: newOutput()}
	cmd := s.command("version", "")
	cmd.Args = noArguments
	cmd.Example = `  # Client and server
  kubectl vantiq-upgrade version

  # Without a cluster
  kubectl vantiq-upgrade version --client -o json`
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.output.complete(); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	cmd.Flags().BoolVar(&o.client, "client", false, "Show the version of the plugin only; no server is needed")
	o.output.addFlags(cmd)
	return cmd
}

// run prints what it knows even when the server does not answer.
func (o *versionOptions) run(ctx context.Context) error {
	v := &v1alpha1.Version{
		TypeMeta:   v1alpha1.TypeMeta("Version"),
		ObjectMeta: metav1.ObjectMeta{Name: "kubectl-vantiq_upgrade"},
		Client:     version.Get(),
	}
	var failed error
	if !o.client {
		failed = o.addServer(ctx, v)
	}
	err := o.output.print(o.Out, v, func(w io.Writer) error {
		fmt.Fprintf(w, "Client Version: %s (%s, Kubernetes libraries %s)\n", v.Client.GitVersion, v.Client.Platform, v.Client.KubernetesVersion)
		if v.Server != nil {
			fmt.Fprintf(w, "Server Version: %s\n", v.Server.GitVersion)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return failed
}

func (o *versionOptions) addServer(ctx context.Context, v *v1alpha1.Version) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	server, err := client.Discovery().ServerVersionWithContext(ctx)
	if err != nil {
		return fmt.Errorf("asking the server for its version: %w", err)
	}
	v.Server = server
	return nil
}
