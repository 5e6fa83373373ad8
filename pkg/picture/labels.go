// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// labels shortens the names of pods as far as they stay apart.
type labels struct{ namespaces map[string]int }

func newLabels(pods []v1alpha1.PlacedPod) *labels {
	l := &labels{namespaces: map[string]int{}}
	for i := range pods {
		l.namespaces[pods[i].Name]++
	}
	return l
}

// of leaves out the hash in the middle of the name of a Deployment's pod, and
// tells the namespace only where two pods have the same name.
func (l *labels) of(pod *v1alpha1.PlacedPod) string {
	label := pod.Name
	kind, rest, _ := strings.Cut(pod.Workload, "/")
	_, workload, _ := strings.Cut(rest, "/")
	if kind == "deployment" {
		own, found := strings.CutPrefix(pod.Name, workload+"-")
		if _, suffix, two := strings.Cut(own, "-"); found && two {
			label = workload + ellipsis + suffix
		}
	}
	if l.namespaces[pod.Name] > 1 {
		label = pod.Namespace + "/" + label
	}
	return printable(label)
}
