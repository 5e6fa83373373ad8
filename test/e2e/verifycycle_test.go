// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// upgraded is the version of the kubelets after the cycle; the API server of the
// sandbox is at this minor from the beginning.
const upgraded = "v1.37.2"

const formerImage, otherImage = "vantiq/ai-assistant:1.39.6", "vantiq/ai-assistant:1.40.0"

// upgradedPools are all pools of the layout, in the order in which an operator
// takes them: those of one node first, Vantiq and MongoDB apart.
func upgradedPools() []string {
	return []string{"grafananp", "metricsnp", "keycloaknp", "mongodbnp", "vantiqaiasnp", "vantiqnp"}
}

// TestUpgradeCycle goes through a whole upgrade of the node pools, with two things
// that change meanwhile and should not: a label that people had set by hand, and the
// image of a workload.
func TestUpgradeCycle(t *testing.T) {
	s := layouts.Start(t, "aks")
	c := s.NewScope(t, "cycle")
	before := filepath.Join(t.TempDir(), "before.yaml.gz")
	s.Kubectl(t, "label", "nodes", "-l", "agentpool=keycloaknp", "team=a").Want(t, 0)
	s.Plugin(t, "snapshot", before).Want(t, 0)
	for _, pool := range upgradedPools() {
		upgradePool(t, c, pool)
		if pool == "mongodbnp" {
			setImage(t, s, otherImage)
		}
	}
	s.Plugin(t, "resume-pdb-blockers", "--yes").Want(t, 0)
	s.Plugin(t, "placement-check", "--relocate", "--yes").Want(t, 0)

	args := []string{"--baseline", before, "--to", "1.37"}
	changed := []string{
		"VU-514 deployment/app/ai-assistant: image of ai-assistant: " + formerImage + " → " + otherImage,
		"VU-524 pool/keycloaknp: not every node has team=a any more; without team=a: 3 of 3, such as aks-keycloaknp-15823220-vmss000010",
	}
	kubelets := kubeletDifferences()
	r := verifiedExactly(t, c, 2, changed, args...)
	wantDifferences(t, r, append(kubelets,
		"Nodes pool/keycloaknp label team: a →  (VU-524)",
		"Workloads deployment/app/ai-assistant image of ai-assistant: "+formerImage+" → "+otherImage+" (VU-514)",
	))
	for _, c := range r.Checks {
		failed := c.Name == "workloads" || c.Name == "pools"
		if (c.State == v1alpha1.CheckFailed) != failed || c.State == v1alpha1.CheckWarning || c.State == v1alpha1.CheckNotChecked {
			t.Errorf("%s is %s: %s", c.Name, c.State, c.Detail)
		}
	}

	s.Kubectl(t, "label", "nodes", "-l", "agentpool=keycloaknp", "team=a").Want(t, 0)
	setImage(t, s, formerImage)
	wantDifferences(t, verifiedExactly(t, c, 0, nil, args...), kubelets)
}

// verifiedExactly waits until verify has these findings and no other, having moved
// pods that the scheduler has put on a pool that they do not prefer.
func verifiedExactly(t *testing.T, c *harness.Scope, code int, want []string, args ...string) *v1alpha1.VerifyReport {
	t.Helper()
	var r *v1alpha1.VerifyReport
	var found []string
	defer func() { logFindings(t, r) }()
	c.Eventually("verify finds what was changed, and nothing else", func(context.Context) (bool, error) {
		if relocatePoor(t, c.Sandbox) {
			return false, nil
		}
		result := c.Plugin(t, append([]string{"verify", "-o", "json"}, args...)...)
		r, found = read[v1alpha1.VerifyReport](t, result), nil
		for _, f := range r.Findings {
			found = append(found, f.Code+" "+f.Object+": "+f.Message)
		}
		slices.Sort(found)
		return slices.Equal(found, want) && result.Code == code, nil
	})
	return r
}

// relocatePoor moves the pods in a poor place that can be moved, all in one command,
// and reports whether there were any. The map of the profile does not know of them,
// so that --relocate alone leaves them where they are.
func relocatePoor(t *testing.T, s *harness.Sandbox) bool {
	t.Helper()
	args := []string{"placement-check", "--relocate", "--yes", "--force"}
	some := len(args)
	r := read[v1alpha1.PlacementReport](t, s.Plugin(t, "placement-check", "-o", "json"))
	for i := range r.Pods {
		if p := &r.Pods[i]; p.Verdict == v1alpha1.PlacementPoor && p.Command != "" {
			args = append(args, "--pod", p.Namespace+"/"+p.Name)
		}
	}
	if len(args) == some {
		return false
	}
	s.Plugin(t, args...).Want(t, 0)
	return true
}

func kubeletDifferences() []string {
	var all []string
	for _, pool := range upgradedPools() {
		all = append(all, "Nodes pool/"+pool+" kubelet: "+kubelet+" → "+upgraded+" ()")
	}
	return all
}

// wantDifferences fails unless these are the differences of a report. Pods that may
// be in any zone go where the scheduler has them.
func wantDifferences(t *testing.T, r *v1alpha1.VerifyReport, want []string) {
	t.Helper()
	var all []string
	for _, d := range r.Differences {
		if d.Group == v1alpha1.DifferencePods && d.Field == "zones" && strings.HasPrefix(d.Object, "deployment/") {
			continue
		}
		all = append(all, fmt.Sprintf("%s %s %s: %s → %s (%s)", d.Group, d.Object, d.Field, d.Before, d.After, d.Code))
	}
	slices.Sort(all)
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(all, want) {
		t.Errorf("differences:\n%s\nwant:\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
}

// upgradePool drains a pool and puts new nodes in the place of the old ones, as the
// cloud does.
func upgradePool(t *testing.T, c *harness.Scope, pool string) {
	t.Helper()
	nodes := c.Client.CoreV1().Nodes()
	old, err := nodes.List(t.Context(), metav1.ListOptions{LabelSelector: "agentpool=" + pool})
	if err != nil || len(old.Items) == 0 {
		t.Fatalf("%d nodes of %s, %v", len(old.Items), pool, err)
	}
	c.Plugin(t, "drain-pool", pool, "--pause-pdb-blockers", "--keep-paused", "--delete-emptydir-data", "--yes").Want(t, 0)
	for i := range old.Items {
		if _, err := nodes.Create(t.Context(), successor(&old.Items[i]), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range old.Items {
		name := old.Items[i].Name
		c.Kubectl(t, "delete", "node", name).Want(t, 0)
		// As the collector of pods does after a minute.
		c.Kubectl(t, "delete", "pods", "-A", "--field-selector", "spec.nodeName="+name, "--force", "--grace-period=0").Want(t, 0)
	}
	c.Eventually("the new nodes of "+pool+" are Ready, with their DaemonSets", func(ctx context.Context) (bool, error) {
		return isSettled(ctx, c.Sandbox, pool, len(old.Items))
	})
}

// successor is a new node in the place of an old one: another name, another kubelet,
// and only the labels that the cloud sets.
func successor(old *corev1.Node) *corev1.Node {
	name := strings.Replace(old.Name, "vmss00000", "vmss00001", 1)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: old.Labels, Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"}},
		Spec:       corev1.NodeSpec{Taints: old.Spec.Taints, ProviderID: strings.Replace(old.Spec.ProviderID, "virtualMachines/", "virtualMachines/1", 1)},
		Status:     corev1.NodeStatus{Capacity: old.Status.Capacity, Allocatable: old.Status.Allocatable, NodeInfo: old.Status.NodeInfo},
	}
	node.Labels[corev1.LabelHostname] = name
	delete(node.Labels, "team")
	node.Status.NodeInfo.KubeletVersion = upgraded
	return node
}

// isSettled reports whether a pool has so many Ready nodes, and each the pods of
// every DaemonSet.
func isSettled(ctx context.Context, s *harness.Sandbox, pool string, want int) (bool, error) {
	nodes, err := s.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: "agentpool=" + pool})
	if err != nil || len(nodes.Items) != want {
		return false, err
	}
	sets, err := s.Client.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	for i := range nodes.Items {
		pods, err := s.Client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + nodes.Items[i].Name})
		if err != nil {
			return false, err
		}
		serving := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return !harness.IsServing(&p) })
		if len(serving) < len(sets.Items) {
			return false, nil
		}
	}
	return true, nil
}

// setImage has the AI assistant run another image.
func setImage(t *testing.T, s *harness.Sandbox, image string) {
	t.Helper()
	s.Kubectl(t, "set", "image", "-n", "app", "deployment/ai-assistant", "*="+image).Want(t, 0)
	s.Kubectl(t, "rollout", "status", "-n", "app", "deployment/ai-assistant", "--timeout=60s").Want(t, 0)
}
