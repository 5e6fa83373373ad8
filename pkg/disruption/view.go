// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// ViewOf applies a profile to the workloads of a cluster.
func ViewOf(s *cluster.Snapshot, p *profile.Profile) *profile.View {
	workloads := s.Workloads()
	objects := make([]profile.Object, 0, len(workloads))
	for _, w := range workloads {
		objects = append(objects, ObjectOf(w.Ref))
	}
	return p.For(objects)
}

// ObjectOf is a workload as the profile names it.
func ObjectOf(ref cluster.Ref) profile.Object {
	return profile.Object{Kind: string(ref.Kind), Namespace: ref.Namespace, Name: ref.Name}
}
