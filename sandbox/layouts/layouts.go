// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package layouts holds the built-in clusters as plain manifests.
package layouts

import "embed"

// Files holds one directory of manifests per layout.
//
//go:embed aks/*.yaml eks/*.yaml
var Files embed.FS

// Names lists the built-in layouts; none is a cluster without nodes.
func Names() []string { return []string{"aks", "eks", "none"} }
