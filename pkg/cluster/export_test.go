// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

// Trim is what every object goes through before it is kept.
var Trim = trim
