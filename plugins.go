// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package vantiqupgrade holds the registry of the suite as a file that people
// find at the top of the repository.
package vantiqupgrade

import _ "embed" // the registry

//go:embed plugins.yaml
var plugins []byte

// PluginsYAML returns the registry of subcommands; pkg/registry reads it.
func PluginsYAML() []byte { return plugins }
