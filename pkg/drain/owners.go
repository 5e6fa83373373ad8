// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// foreignAgents counts the pods that stay with their nodes by the word of a
// controller other than that of DaemonSets.
type foreignAgents map[cluster.Ref]int

func (a foreignAgents) add(s *cluster.Snapshot, pod *corev1.Pod) {
	if owner, owned := s.Owner(pod); owned && owner.Kind.Group() != "" && s.IsAgent(pod) {
		a[owner]++
	}
}

// findings tell once for each controller that its pods stay; finding.Sort puts them
// in order.
func (a foreignAgents) findings() []v1alpha1.Finding {
	findings := make([]v1alpha1.Finding, 0, len(a))
	for owner, n := range a {
		pods := "its pod stays with its node"
		if n > 1 {
			pods = fmt.Sprintf("its %d pods stay with their nodes", n)
		}
		findings = append(findings, finding.New(finding.AgentStays, owner.String(), pods+", as those of a DaemonSet do", ""))
	}
	return findings
}

// whyLost says why nobody makes a pod again. An owner that is not its controller
// has no part in that: the garbage collector alone looks at it.
func whyLost(pod *corev1.Pod) string {
	owners := cluster.OwnersBeside(pod)
	switch len(owners) {
	case 0:
		return "no controller creates it again"
	case 1:
		return "owned by " + owners[0] + ", which is not its controller; nobody is known to create it again"
	}
	return "owned by " + strings.Join(owners, " and ") + ", none of which is its controller; nobody is known to create it again"
}
