// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plane knows the programs of a Kubernetes control plane: their
// files, their flags, and how to tell that they are up.
package plane
