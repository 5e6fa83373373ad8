// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// The cluster of which a snapshot must fit into little memory.
const (
	hugePods       = 30000
	snapshotMemory = 300 << 20
	podsOfOne      = 20
)

// TestSnapshotMemory takes a snapshot of 1,000 nodes and 30,000 pods.
func TestSnapshotMemory(t *testing.T) {
	if os.Getenv("E2E_BIN_DIR") == "" {
		t.Skip("skipped: `make e2e` builds what it takes and runs this")
	}
	dir := t.TempDir()
	s := harness.Programs(t, startBigServer(t, bigNodes, hugePods)).From(dir)
	ours := looks{}
	p := s.StartPlugin(t, "snapshot", "huge.yaml.gz")
	ours.add(t, p)
	snapshot, err := baseline.ReadFile(filepath.Join(dir, "huge.yaml.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(snapshot.Nodes) != bigNodes || len(snapshot.Pods) != hugePods || snapshot.Pods[hugePods-1].Workload == "" {
		t.Errorf("%d nodes, %d pods", len(snapshot.Nodes), len(snapshot.Pods))
	}
	t.Logf("%d MB in %s", ours.memory[0]/1e6, ours.took[0].Round(time.Millisecond))
	if ours.memory[0] > snapshotMemory {
		t.Errorf("it took %d MB of memory", ours.memory[0]/1e6)
	}
}

// BenchmarkHuge compares snapshot and verify with kubectl, in turns, against a
// server whose answers are ready.
func BenchmarkHuge(b *testing.B) {
	for _, pods := range []int{bigPods, hugePods} {
		b.Run(strconv.Itoa(pods), func(b *testing.B) {
			s := harness.Programs(b, startBigServer(b, bigNodes, pods)).From(b.TempDir())
			snapshots, verified, others := looks{}, looks{}, looks{}
			for i := 0; b.Loop(); i++ {
				snapshots.add(b, s.StartPlugin(b, "snapshot", fmt.Sprintf("%d.yaml.gz", i)))
				verified.add(b, s.StartPlugin(b, "verify", "--baseline", "0.yaml.gz", "-o", "json"))
				others.add(b, s.StartKubectl(b, "get", "nodes,pods", "-A", "-o", "json"))
			}
			for name, ours := range map[string]looks{"snapshot": snapshots, "verify": verified} {
				b.ReportMetric(float64(median(ours.took))/float64(median(others.took)), name+"-wall/kubectl")
				b.ReportMetric(float64(slices.Max(ours.memory))/float64(slices.Max(others.memory)), name+"-memory/kubectl")
				b.ReportMetric(float64(slices.Max(ours.memory))/1e6, name+"-MB")
				b.Logf("%s %s, %d MB; kubectl get %s, %d MB", name, spread(ours.took), slices.Max(ours.memory)/1e6, spread(others.took), slices.Max(others.memory)/1e6)
			}
		})
	}
}

// nodes are of a usual size.
func (s *bigServer) nodes(n int) {
	items := make([]runtime.Object, 0, n)
	for i := range n {
		node := &corev1.Node{
			ObjectMeta: usual(fmt.Sprintf("aks-pool%02d-12345678-vmss%06d", i%20, i), ""),
			Status: corev1.NodeStatus{
				NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.36.4", ContainerRuntimeVersion: "containerd://1.7.28-1", OSImage: "Ubuntu 22.04.5 LTS"},
				Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
			},
		}
		node.Labels = map[string]string{
			"kubernetes.azure.com/agentpool": fmt.Sprintf("pool%02d", i%20), corev1.LabelHostname: node.Name,
			corev1.LabelTopologyZone: fmt.Sprintf("japaneast-%d", i%3+1), corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux",
		}
		for image := range 50 {
			node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("vantiq/image-%d:1.40.%d", image, i)}, SizeBytes: 1})
		}
		items = append(items, node)
	}
	s.add("/api/v1/nodes", &corev1.NodeList{}, items)
}

// pods are of Deployments, each with a ReplicaSet of now and two former ones.
func (s *bigServer) pods(nodes, n int) {
	var deployments, sets, pods []runtime.Object
	for i := 0; len(pods) < n; i++ {
		template := corev1.PodTemplateSpec{Spec: podSpec("")}
		d := &appsv1.Deployment{ObjectMeta: usual(fmt.Sprintf("app-%04d", i), "web"), Spec: appsv1.DeploymentSpec{Replicas: new(int32(podsOfOne)), Template: template}}
		deployments = append(deployments, d)
		for revision := range 3 {
			set := &appsv1.ReplicaSet{ObjectMeta: usual(fmt.Sprintf("%s-%d", d.Name, revision), "web"), Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Template: template}}
			set.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID, Controller: new(true)}}
			sets = append(sets, set)
		}
		current := sets[len(sets)-1].(*appsv1.ReplicaSet)
		for range podsOfOne {
			pod := &corev1.Pod{
				ObjectMeta: usual(fmt.Sprintf("%s-%05d", current.Name, len(pods)), "web"),
				Spec:       podSpec(fmt.Sprintf("aks-pool%02d-12345678-vmss%06d", len(pods)%nodes%20, len(pods)%nodes)),
				Status: corev1.PodStatus{
					Phase: corev1.PodRunning, PodIP: "10.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
					ContainerStatuses: []corev1.ContainerStatus{{Name: "main", Ready: true, RestartCount: 1, Image: "vantiq/vantiq-server:1.40.0", ContainerID: "containerd://" + string(uuid.NewUUID())}},
				},
			}
			pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: current.Name, UID: current.UID, Controller: new(true)}}
			pods = append(pods, pod)
		}
	}
	s.add("/apis/apps/v1/deployments", &appsv1.DeploymentList{}, deployments)
	s.add("/apis/apps/v1/replicasets", &appsv1.ReplicaSetList{}, sets)
	s.add("/api/v1/pods", &corev1.PodList{}, pods)
}

// usual is metadata as they are in a cluster, managed fields included.
func usual(name, namespace string) metav1.ObjectMeta {
	fields := `{"f:metadata":{"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:env":{},"f:image":{},"f:name":{},"f:resources":{}}}}}`
	entry := metav1.ManagedFieldsEntry{Manager: "kube-controller-manager", Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", FieldsV1: metav1.NewFieldsV1(fields)}
	return metav1.ObjectMeta{
		Name: name, Namespace: namespace, UID: uuid.NewUUID(), ResourceVersion: "12345",
		Labels:        map[string]string{"app": "web", "app.kubernetes.io/instance": "web", "app.kubernetes.io/managed-by": "Helm", "pod-template-hash": "5d5d5d5d5d"},
		ManagedFields: []metav1.ManagedFieldsEntry{entry, entry},
	}
}

// podSpec has what pods usually have: environment, probes, volumes.
func podSpec(node string) corev1.PodSpec {
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
	container := corev1.Container{
		Name: "main", Image: "vantiq/vantiq-server:1.40.0", LivenessProbe: probe, ReadinessProbe: probe,
		Resources:    corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}},
		VolumeMounts: []corev1.VolumeMount{{Name: "scratch", MountPath: "/scratch"}},
	}
	for n := range 20 {
		container.Env = append(container.Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: "the value of a setting"})
	}
	return corev1.PodSpec{
		NodeName: node, Containers: []corev1.Container{container},
		Volumes: []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
	}
}
