// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// poolChoice are the ways to name a pool.
type poolChoice struct {
	selector string
	profile  string
}

func (c *poolChoice) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&c.selector, "selector", "l", "", "Label selector of nodes, in place of a pool's name")
	cmd.Flags().StringVar(&c.profile, "profile", "", "File with what is known of Vantiq, in place of the built-in one")
	_ = cmd.MarkFlagFilename("profile", "yaml", "yml")
}

func (c *poolChoice) load() (*profile.Profile, error) { return profile.Load(c.profile) }

// validate checks that there is one way to name the pool, and only one.
func (c *poolChoice) validate(name string) error {
	switch {
	case name == "" && c.selector == "":
		return errors.New("which pool? Give its name (kubectl vantiq-upgrade pools lists them) or --selector")
	case name != "" && c.selector != "":
		return errors.New("give the pool's name or --selector, not both")
	}
	if _, err := labels.Parse(c.selector); err != nil {
		return fmt.Errorf("--selector: %w", err)
	}
	return nil
}

// resolve finds the chosen pool among nodes.
func (c *poolChoice) resolve(nodes []*corev1.Node, name string, p *profile.Profile) (pool.Pool, error) {
	if c.selector == "" {
		return pool.Resolve(pool.List(nodes, p), name)
	}
	if err := c.validate(name); err != nil {
		return pool.Pool{}, err
	}
	selector, err := labels.Parse(c.selector)
	if err != nil {
		return pool.Pool{}, fmt.Errorf("--selector: %w", err)
	}
	return pool.Select(nodes, selector, p)
}
