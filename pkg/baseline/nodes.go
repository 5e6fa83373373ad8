// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubectl/pkg/util/podutils"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// instanceLabel names the machine of a node on EKS.
const instanceLabel = "alpha.eksctl.io/instance-id"

func nodeRecords(s *cluster.Snapshot, pools []pool.Pool) []v1alpha1.NodeRecord {
	poolOf := map[string]string{}
	for _, p := range pools {
		for _, node := range p.Nodes {
			poolOf[node.Name] = p.Name
		}
	}
	return list(s.Nodes, func(node *corev1.Node) v1alpha1.NodeRecord {
		info := &node.Status.NodeInfo
		return v1alpha1.NodeRecord{
			Name: node.Name, Pool: poolOf[node.Name], Zone: cluster.Zone(node),
			Kubelet: info.KubeletVersion, Runtime: info.ContainerRuntimeVersion, OS: info.OSImage,
			Ready: cluster.IsNodeReady(node), Cordoned: node.Spec.Unschedulable,
			Taints: taints(node), Labels: sharedLabels(node),
		}
	})
}

// taints are those of a node in order, but for that of a cordon: it is told apart.
func taints(node *corev1.Node) []string {
	var all []string
	for i := range node.Spec.Taints {
		if taint := &node.Spec.Taints[i]; taint.Key != corev1.TaintNodeUnschedulable {
			all = append(all, taint.ToString())
		}
	}
	slices.Sort(all)
	return all
}

// sharedLabels are the labels of a node but for those that name the node itself:
// the others say the same on all nodes of a pool, or of a zone.
func sharedLabels(node *corev1.Node) map[string]string {
	short, _, _ := strings.Cut(node.Name, ".")
	shared := map[string]string{}
	for key, value := range node.Labels {
		if key != corev1.LabelHostname && key != instanceLabel && value != node.Name && value != short {
			shared[key] = value
		}
	}
	if len(shared) == 0 {
		return nil
	}
	return shared
}

func workloadRecords(s *cluster.Snapshot) []v1alpha1.WorkloadRecord {
	deployments, statefulSets, daemonSets := s.Deployments(), s.StatefulSets(), s.DaemonSets()
	records := make([]v1alpha1.WorkloadRecord, 0, len(deployments)+len(statefulSets)+len(daemonSets))
	for _, d := range deployments {
		records = append(records, v1alpha1.WorkloadRecord{
			Kind: cluster.KindDeployment.Type(), Namespace: d.Namespace, Name: d.Name, Generation: d.Generation,
			Replicas: replicas(d.Spec.Replicas), Ready: int(d.Status.ReadyReplicas), Images: images(&d.Spec.Template.Spec),
		})
	}
	for _, set := range statefulSets {
		records = append(records, v1alpha1.WorkloadRecord{
			Kind: cluster.KindStatefulSet.Type(), Namespace: set.Namespace, Name: set.Name, Generation: set.Generation,
			Replicas: replicas(set.Spec.Replicas), Ready: int(set.Status.ReadyReplicas), Images: images(&set.Spec.Template.Spec),
		})
	}
	for _, set := range daemonSets {
		records = append(records, v1alpha1.WorkloadRecord{
			Kind: cluster.KindDaemonSet.Type(), Namespace: set.Namespace, Name: set.Name, Generation: set.Generation,
			Replicas: int(set.Status.DesiredNumberScheduled), Ready: int(set.Status.NumberReady), Images: images(&set.Spec.Template.Spec),
		})
	}
	slices.SortFunc(records, func(a, b v1alpha1.WorkloadRecord) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return records
}

// replicas reads spec.replicas, which the API server defaults to 1.
func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}

// images are CONTAINER=IMAGE of a template, init containers first.
func images(spec *corev1.PodSpec) []string {
	var all []string
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			all = append(all, containers[i].Name+"="+containers[i].Image)
		}
	}
	return all
}

// isReady reports a pod's condition.
func isReady(pod *corev1.Pod) bool { return podutils.IsPodReady(pod) }
