// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// The big cluster, in which the plugin's memory is measured.
const (
	bigNodes = 1000
	bigPods  = 10000
)

// fillTimeout is for the simulated kubelets, which start the pods one by one.
const fillTimeout = 15 * time.Minute

// fill adds nodes with pods that have nothing to do with the drain: a cluster is
// mostly made of such. They come without a controller and on their nodes, which
// spares the sandbox the scheduling.
func (f *fleet) fill(nodes, pods int) {
	f.tb.Helper()
	f.Pool("filler", nodes, large)
	work := make(chan int)
	var workers sync.WaitGroup
	for range loopInFlight {
		workers.Go(func() {
			for i := range work {
				if _, err := f.Client.CoreV1().Pods(metav1.NamespaceDefault).Create(f.tb.Context(), f.filler(i, nodes), metav1.CreateOptions{}); err != nil {
					f.tb.Error(err)
				}
			}
		})
	}
	for i := range pods {
		work <- i
	}
	close(work)
	workers.Wait()
	err := wait.PollUntilContextTimeout(f.tb.Context(), 5*time.Second, fillTimeout, true, func(ctx context.Context) (bool, error) {
		list, err := f.Client.CoreV1().Pods(metav1.NamespaceDefault).List(ctx, metav1.ListOptions{
			ResourceVersion: "0", FieldSelector: "status.phase=Running",
		})
		return err == nil && len(list.Items) == pods, err
	})
	if err != nil {
		f.tb.Fatalf("loading %d pods: %v", pods, err)
	}
}

// filler is a pod of a usual size: volumes, environment, probes.
func (f *fleet) filler(i, nodes int) *corev1.Pod {
	template := f.Template("filler")
	spec := template.Spec
	spec.NodeName = fmt.Sprintf("aks-filler-12345678-vmss%06d", i%nodes)
	for n := range 20 {
		spec.Containers[0].Env = append(spec.Containers[0].Env, corev1.EnvVar{Name: fmt.Sprintf("SETTING_%d", n), Value: "the value of a setting"})
	}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
	spec.Containers[0].LivenessProbe, spec.Containers[0].ReadinessProbe = probe, probe
	spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("filler-%05d", i), Namespace: metav1.NamespaceDefault,
			Labels: map[string]string{"app": "filler", "app.kubernetes.io/instance": "filler", "app.kubernetes.io/managed-by": "Helm"},
		},
		Spec: spec,
	}
}
