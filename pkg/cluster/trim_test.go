// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// secret stands wherever the value of a secret could be.
const secret = "hunter2"

// secretive fills a pod's spec with secrets.
func secretive() corev1.PodSpec {
	container := corev1.Container{
		Name: "main", Image: "vantiq/vantiq:1.40",
		Command: []string{"run", "--password=" + secret}, Args: []string{secret},
		Env:          []corev1.EnvVar{{Name: "PASSWORD", Value: secret}},
		EnvFrom:      []corev1.EnvFromSource{{Prefix: secret}},
		VolumeMounts: []corev1.VolumeMount{{Name: "v", SubPathExpr: secret}},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{HTTPHeaders: []corev1.HTTPHeader{{Name: "Authorization", Value: secret}}},
		}},
		ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{secret}}}},
		StartupProbe:   &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{secret}}}},
		Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{
			Command: []string{"mongosh", "--password", secret},
		}}},
	}
	return corev1.PodSpec{
		NodeName:       "n1",
		InitContainers: []corev1.Container{container},
		Containers:     []corev1.Container{container},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", Env: []corev1.EnvVar{{Name: "PASSWORD", Value: secret}},
		}}},
		Volumes:       []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		NodeSelector:  map[string]string{"a": "b"},
		RestartPolicy: corev1.RestartPolicyAlways,
	}
}

func TestTrimDropsSecrets(t *testing.T) {
	pod, node := fixture.Pod("app/p"), fixture.Node("n")
	pod.Spec = secretive()
	deployment, set := fixture.Deployment("app/d"), fixture.StatefulSet("app/s")
	daemons, rs := fixture.DaemonSet("app/a"), fixture.ReplicaSet("app/r")
	for _, template := range []*corev1.PodTemplateSpec{&deployment.Spec.Template, &set.Spec.Template, &daemons.Spec.Template, &rs.Spec.Template} {
		template.Spec = secretive()
	}
	volume, claim := fixture.PersistentVolume("v"), fixture.PersistentVolumeClaim("app/c", "v")
	volume.Spec.CSI = &corev1.CSIPersistentVolumeSource{VolumeAttributes: map[string]string{"key": secret}}
	for _, object := range []metav1.Object{pod, node, deployment, set, daemons, rs, volume, claim, fixture.PDB("app/b")} {
		// kubectl apply copies what it was given, values and all.
		object.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: secret})
		object.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl"}})
		trimmed, err := cluster.Trim(object)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(trimmed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), secret) {
			t.Errorf("%T keeps a secret: %s", object, data)
		}
		if object.GetManagedFields() != nil {
			t.Errorf("%T keeps its managed fields", object)
		}
	}
}

func TestTrimKeepsWhatWeLookAt(t *testing.T) {
	pod := fixture.Pod("app/p", fixture.Label("app", "p"), fixture.Mirror(), fixture.Waiting("CrashLoopBackOff", "x", 1),
		fixture.OwnedBy(fixture.StatefulSet("app/s")))
	pod.Spec = secretive()
	want := pod.DeepCopy()
	if _, err := cluster.Trim(pod); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.ObjectMeta, pod.ObjectMeta); diff != "" {
		t.Errorf("metadata, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want.Status, pod.Status); diff != "" {
		t.Errorf("status, -want +got:\n%s", diff)
	}
	if pod.Spec.NodeName == "" || len(pod.Spec.Volumes) != 1 || pod.Spec.NodeSelector == nil || pod.Spec.Containers[0].Image == "" {
		t.Errorf("the spec lost what we need: %v", pod.Spec)
	}

	node := fixture.Node("n", fixture.Pool("aks", "mongodbnp"), fixture.Cordoned(), fixture.Annotation("upgrade.vantiq.com/cordoned", "{}"))
	wantNode := node.DeepCopy()
	node.Status.Images = []corev1.ContainerImage{{Names: []string{"vantiq"}}}
	if _, err := cluster.Trim(node); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantNode, node); diff != "" {
		t.Errorf("node, -want +got:\n%s", diff)
	}

	deployment := fixture.Deployment("app/d", fixture.Replicas(3), fixture.MaxUnavailable("1"))
	wantDeployment := deployment.DeepCopy()
	if _, err := cluster.Trim(deployment); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantDeployment, deployment); diff != "" {
		t.Errorf("deployment, -want +got:\n%s", diff)
	}
}

// Where a DaemonSet runs, and where a volume can be attached, is kept.
func TestTrimKeepsWhereItRuns(t *testing.T) {
	set, volume := fixture.DaemonSet("app/a"), fixture.PersistentVolume("v", fixture.ReachesZone("zone", "z1"))
	set.Spec.Template.Spec = secretive()
	set.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	for _, object := range []metav1.Object{set, volume} {
		if _, err := cluster.Trim(object); err != nil {
			t.Fatal(err)
		}
	}
	if spec := set.Spec.Template.Spec; spec.NodeSelector["a"] != "b" || len(spec.Tolerations) != 1 {
		t.Errorf("%+v", spec)
	}
	if volume.Spec.NodeAffinity == nil {
		t.Error("the volume lost its node affinity")
	}
}

// Of a template the names and images are kept, and nothing else.
func TestTrimKeepsImages(t *testing.T) {
	deployment, set, daemons := fixture.Deployment("app/d"), fixture.StatefulSet("app/s"), fixture.DaemonSet("app/a")
	kept := []corev1.Container{{Name: "main", Image: "vantiq/vantiq:1.40"}}
	for object, spec := range map[metav1.Object]*corev1.PodSpec{
		deployment: &deployment.Spec.Template.Spec, set: &set.Spec.Template.Spec, daemons: &daemons.Spec.Template.Spec,
	} {
		*spec = secretive()
		if _, err := cluster.Trim(object); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(kept, spec.Containers) || !cmp.Equal(kept, spec.InitContainers) {
			t.Errorf("%T: %+v", object, spec)
		}
	}
}

// Informers hand markers of deleted objects to the transform as well.
func TestTrimLeavesOthersAlone(t *testing.T) {
	got, err := cluster.Trim("a string")
	if got != "a string" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := cluster.Trim(&appsv1.ControllerRevision{}); err != nil {
		t.Error(err)
	}
}
