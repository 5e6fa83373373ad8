// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"

// relocations describes what happens when pods are moved to where they belong.
func relocations() []Entry {
	const err = v1alpha1.SeverityError
	return []Entry{
		{RelocatedWrong, err, "A pod that was moved came to a node where it does not belong", "It was kept off every node that was known when it was evicted; another one must have joined since.", "Run the same command again."},
		{RelocationRefused, err, "A pod cannot be moved to where it belongs", "There is no room for it, its volume is in another zone, or nothing would create it again. It is left where it is.", "The message says what is in the way. Make room there, or move what stands there first; --force moves workloads that the profile does not know."},
	}
}
