// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package layout reads the manifests of a cluster and makes the cluster look
// like them: it creates the objects in a sensible order, binds the pods that
// name their pool, and waits until everything is up.
package layout
