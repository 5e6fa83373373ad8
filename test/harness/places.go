// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// placesProfile knows two workloads that belong on pools of their own.
const placesProfile = `apiVersion: upgrade.vantiq.com/v1alpha1
kind: Profile
installation: vantiq
sharedNamespaces: [shared]
pools:
- {role: vantiq, names: [vantiqnp, vantiqnp2]}
- {role: metrics, names: [metricsnp]}
workloads:
- {name: vantiq, kind: StatefulSet, scope: installation, roles: [vantiq]}
- {name: metrics-collector, kind: StatefulSet, scope: installation, roles: [metrics]}
`

// PlacesProfile writes a profile that says where the workloads of Swapped belong,
// and returns the file.
func (c *Scope) PlacesProfile() string {
	c.tb.Helper()
	file := filepath.Join(c.tb.TempDir(), "profile.yaml")
	c.must(os.WriteFile(file, []byte(placesProfile), 0o600))
	return file
}

// Swapped makes the runbook's own case: vantiq-0 has the place of
// metrics-collector-0, which has that of vantiq-0, and no node takes two of them.
func (c *Scope) Swapped() {
	c.tb.Helper()
	alone := func(t *corev1.PodTemplateSpec) {
		t.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 8080}}
		t.Annotations["sandbox.upgrade.vantiq.com/start-fast"] = "50ms"
		t.Annotations["sandbox.upgrade.vantiq.com/stop-fast"] = "50ms"
	}
	c.Pool("metricsnp", 1)
	c.Pool("vantiqnp", 3)
	c.StatefulSet("vantiq", 0, alone)
	c.StatefulSet("metrics-collector", 0, alone)
	c.Swap()
}

// Swap brings the workloads of Swapped into each other's place again.
func (c *Scope) Swap() {
	c.tb.Helper()
	c.cordon("metricsnp", false)
	c.cordon("vantiqnp", true)
	c.scale("vantiq", 0)
	c.scale("metrics-collector", 0)
	c.scale("vantiq", 1)
	c.cordon("metricsnp", true)
	c.cordon("vantiqnp", false)
	c.scale("metrics-collector", 1)
	c.scale("vantiq", 3)
	c.cordon("metricsnp", false)
}

// somebody is who changes what the tests change past the plugin.
const somebody = "somebody"

// cordon keeps pods off a pool, by somebody else's hand, or lets them again.
func (c *Scope) cordon(pool string, cordoned bool) {
	c.tb.Helper()
	nodes := c.Client.CoreV1().Nodes()
	list, err := nodes.List(c.tb.Context(), metav1.ListOptions{LabelSelector: PoolLabel + "=" + pool})
	c.must(err)
	for _, node := range list.Items {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, cordoned)
		_, err := nodes.Patch(c.tb.Context(), node.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: somebody})
		c.must(err)
	}
}

func (c *Scope) scale(set string, replicas int) {
	c.tb.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	_, err := c.Client.AppsV1().StatefulSets(c.Name).Patch(c.tb.Context(), set, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: somebody})
	c.must(err)
	c.Ready(set, replicas)
}

// NodeSpecs are the specs of all nodes: cordons and taints, but for those that the
// node controller sets by itself.
func (c *Scope) NodeSpecs() string {
	c.tb.Helper()
	list, err := c.Client.CoreV1().Nodes().List(c.tb.Context(), metav1.ListOptions{})
	c.must(err)
	specs := map[string]corev1.NodeSpec{}
	for _, node := range list.Items {
		node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return strings.HasPrefix(taint.Key, "node.kubernetes.io/") })
		specs[node.Name] = node.Spec
	}
	text, err := json.Marshal(specs)
	c.must(err)
	return string(text)
}
