// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/plane"
)

// TestKubeletRemovesOnlyWhatIsToEnd: kwok removes pods by name; it must never
// take the successor of the pod that it means.
func TestKubeletRemovesOnlyWhatIsToEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir, "--layout", "none")
	pods := client(t, dir).CoreV1().Pods("default")
	eventually(t, "there is a pod", func() bool {
		_, err := pods.Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "db-0", Finalizers: []string{"example.com/hold"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: "example.invalid/db"}}, NodeName: "no-such-node"},
		}, metav1.CreateOptions{})
		return err == nil
	})
	paths := plane.Paths{Dir: dir}
	kubelet := connect(t, paths.ComponentKubeconfig(plane.Kwok)).CoreV1().Pods("default")
	now := metav1.DeleteOptions{GracePeriodSeconds: new(int64(0)), DryRun: []string{metav1.DryRunAll}}
	eventually(t, "the removal of a pod that is to stay is refused", func() bool {
		return apierrors.IsInvalid(kubelet.Delete(t.Context(), "db-0", now))
	})
	if err := pods.Delete(t.Context(), "db-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := kubelet.Delete(t.Context(), "db-0", now); err != nil {
		t.Errorf("the removal of a pod that is to end: %v", err)
	}
}
