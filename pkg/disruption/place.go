// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
)

// noPlaceFor says why no node can take one pod more of the kind of pod; empty
// when one can, as far as pods and nodes tell. It asks what keeps a node out for
// certain; the scheduler asks for more.
func (b *Blocker) noPlaceFor(s *cluster.Snapshot, pod *corev1.Pod) string {
	more := *pod
	more.UID, more.Spec.NodeName = "", ""
	rooms, why := placement.NewSpace(s, nil).For(&more).Rooms(s.Nodes, func(node *corev1.Node) string {
		if b.drained[node.Name] {
			return "to be drained"
		}
		return ""
	})
	if len(rooms) > 0 {
		return ""
	}
	return strings.TrimSuffix("no node is free for one more replica: "+why, ": there is no other node")
}
