// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// maxCandidates bounds the names that an error lists.
const maxCandidates = 20

// Only keeps of a report what it says of some pods (namespace/name) and workloads
// (kind/namespace/name in lower case), and what could not be checked. A name that
// is not there is an error that lists those there are.
func Only(r *v1alpha1.PlacementReport, pods, workloads []string) error {
	wanted := map[string]bool{}
	for _, pod := range pods {
		wanted["pod/"+pod] = true
	}
	for _, workload := range workloads {
		wanted[workload] = true
	}
	found := map[string]bool{}
	var kept []v1alpha1.PlacedPod
	homeless := false
	for i := range r.Pods {
		p := &r.Pods[i]
		name := "pod/" + p.Namespace + "/" + p.Name
		if !wanted[name] && !wanted[p.Workload] {
			continue
		}
		found[name], found[p.Workload] = true, true
		homeless = homeless || slices.Contains(p.Codes, string(finding.PoolUnknown))
		kept = append(kept, *p)
	}
	for _, pod := range pods {
		if !found["pod/"+pod] {
			return fmt.Errorf("no pod %q; there are: %s", pod, candidates(r, pod, podName))
		}
	}
	for _, workload := range workloads {
		if !found[workload] {
			return fmt.Errorf("no workload %q with pods; there are: %s", workload, candidates(r, workload, func(p *v1alpha1.PlacedPod) string { return p.Workload }))
		}
	}
	r.Pods = kept
	r.Findings = slices.DeleteFunc(r.Findings, func(f v1alpha1.Finding) bool {
		return !found[f.Object] && f.Code != string(finding.NotChecked) && (!homeless || f.Code != string(finding.PoolUnknown))
	})
	conclude(r)
	return nil
}

func podName(p *v1alpha1.PlacedPod) string { return p.Namespace + "/" + p.Name }

// candidates lists the names that there are: those that share a part with the one
// that is not, if any.
func candidates(r *v1alpha1.PlacementReport, name string, of func(*v1alpha1.PlacedPod) string) string {
	var all, near []string
	last := name[strings.LastIndex(name, "/")+1:]
	for i := range r.Pods {
		candidate := of(&r.Pods[i])
		if candidate == "" || slices.Contains(all, candidate) {
			continue
		}
		all = append(all, candidate)
		if last != "" && strings.Contains(candidate, last) {
			near = append(near, candidate)
		}
	}
	shown, meant := all, spelling.DidYouMean(name, all)
	if len(near) > 0 {
		shown, meant = near, ""
	}
	more := ""
	if len(shown) > maxCandidates {
		shown, more = shown[:maxCandidates], fmt.Sprintf(" and %d more", len(shown)-maxCandidates)
	}
	return strings.Join(shown, ", ") + more + meant
}
