// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package component

// endWithParent has nothing to do: the supervisor asks the kernel to end its
// children with it.
func endWithParent() {}
