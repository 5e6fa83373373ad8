// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// MarkRoom is how many bytes of annotations must be free on what we change: a mark
// has less than a kilobyte. The rest is for what the deployment controller writes
// beside a Deployment's annotations when it copies them to its ReplicaSets: where that
// does not fit, it does not scale them, and says so to nobody.
const MarkRoom = 2 << 10

// NoRoom reports whether the annotations of an object leave less room than that, and
// tells of it.
func NoRoom(object, describable string, annotations map[string]string, need int) (v1alpha1.Finding, bool) {
	room := cluster.AnnotationRoom(annotations)
	if room >= need {
		return v1alpha1.Finding{}, false
	}
	largest := ""
	for key, value := range annotations {
		if largest == "" || len(value) > len(annotations[largest]) || len(value) == len(annotations[largest]) && key < largest {
			largest = key
		}
	}
	return finding.New(finding.AnnotationsFull, object, fmt.Sprintf(
		"its annotations have %d of at most %d bytes, and our mark needs up to %d; the largest is %s with %d",
		validation.TotalAnnotationSizeLimitB-room, validation.TotalAnnotationSizeLimitB, need, largest, len(annotations[largest])),
		"kubectl annotate "+describable+" "+largest+"- # if nobody needs it"), true
}

// fullNodes are the nodes that are to be cordoned and have no room for the mark.
func (p *Plan) fullNodes() []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	for _, node := range p.Pool.Nodes {
		if node.Spec.Unschedulable {
			continue
		}
		need := MarkRoom + len(strings.Join(p.workloadsOn(node.Name), `","`))
		if f, full := NoRoom("node/"+node.Name, "node "+node.Name, node.Annotations, need); full {
			findings = append(findings, f)
		}
	}
	return findings
}
