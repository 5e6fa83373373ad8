// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
)

func TestAKS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir)
	cluster := client(t, dir)
	nodes, err := cluster.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pools := map[string]string{}
	for i := range nodes.Items {
		pools[nodes.Items[i].Name] = nodes.Items[i].Labels["agentpool"]
		if taints := nodes.Items[i].Spec.Taints; len(taints) > 0 {
			t.Errorf("%s has taints: %v", nodes.Items[i].Name, taints)
		}
	}
	if len(pools) != 14 {
		t.Errorf("there are %d nodes", len(pools))
	}
	for _, want := range []struct{ namespace, prefix, pool string }{
		{"app", "vantiq-", "vantiqnp"},
		{"app", "mongodb-", "mongodbnp"},
		{"app", "metrics-collector-", "metricsnp"},
		{"app", "ai-assistant-", "vantiqaiasnp"},
		{"app", "mongobackup-", "grafananp"},
		{"shared", "influxdb-", "grafananp"},
		{"shared", "grafana", "grafananp"},
		{"shared", "keycloak-", "keycloaknp"},
		{"shared", "telegraf-prom-", "keycloaknp"},
		{"shared", "ingress-nginx-", "keycloaknp"},
		{"kube-system", "coredns-", "keycloaknp"},
	} {
		pods := podsNamed(t, cluster, want.namespace, want.prefix)
		if len(pods) == 0 {
			t.Errorf("there are no pods %s*", want.prefix)
		}
		for _, pod := range pods {
			if pool := pools[pod.Spec.NodeName]; pool != want.pool {
				t.Errorf("%s is on %s", pod.Name, pool)
			}
		}
	}
	budget, err := cluster.PolicyV1().PodDisruptionBudgets("shared").Get(t.Context(), "telegraf-prom", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if budget.Status.CurrentHealthy != 1 || budget.Status.DisruptionsAllowed != 0 {
		t.Errorf("telegraf-prom: %+v", budget.Status)
	}
	checkEviction(t, dir, cluster)
}

// checkEviction moves a member of MongoDB and looks for it in the audit log.
func checkEviction(t *testing.T, dir string, cluster kubernetes.Interface) {
	t.Helper()
	pod := podsNamed(t, cluster, "app", "mongodb-1")[0]
	cordon := []byte(`{"spec":{"unschedulable":true}}`)
	if _, err := cluster.CoreV1().Nodes().Patch(t.Context(), pod.Spec.NodeName, types.MergePatchType, cordon, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: pod.Name}}
	if err := cluster.PolicyV1().Evictions("app").Evict(t.Context(), eviction); err != nil {
		t.Fatal(err)
	}
	eventually(t, "mongodb-1 runs on Keycloak's node of its zone", func() bool {
		pods := podsNamed(t, cluster, "app", "mongodb-1")
		return len(pods) == 1 && pods[0].UID != pod.UID && isReady(&pods[0]) &&
			pods[0].Spec.NodeName == "aks-keycloaknp-15823220-vmss000001"
	})
	file, err := os.Open(filepath.Join(dir, "logs", "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	evictions := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var event struct {
			User      struct{ Username string }
			ObjectRef struct{ Subresource string }
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(event.User.Username, "system:") {
			t.Errorf("the audit log holds a request of %s", event.User.Username)
		}
		if event.ObjectRef.Subresource == "eviction" {
			evictions++
		}
	}
	if evictions != 1 {
		t.Errorf("the audit log holds %d evictions", evictions)
	}
}

func TestLayoutFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir, "--layout", filepath.Join("testdata", "small.yaml"))
	cluster := client(t, dir)
	for _, pod := range podsNamed(t, cluster, "demo", "") {
		if ready, stuck := isReady(&pod), strings.HasPrefix(pod.Name, "stuck"); ready == stuck {
			t.Errorf("%s: ready is %v", pod.Name, ready)
		}
	}
	pod := podsNamed(t, cluster, "demo", "web-")[0]
	annotate := func(value string) {
		patch := []byte(`{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/stop":` + value + `}}}`)
		if _, err := cluster.CoreV1().Pods("demo").Patch(t.Context(), pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	annotate(`"never"`)
	if err := cluster.CoreV1().Pods("demo").Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another pod took over", func() bool { return len(podsNamed(t, cluster, "demo", "web-")) == 3 })
	annotate("null")
	eventually(t, "the pod is gone after all", func() bool { return len(podsNamed(t, cluster, "demo", "web-")) == 2 })
}

// Pods of a StatefulSet that were replaced around an outage are what a
// scheduler that missed it cannot cope with.
func TestPodsAreReplacedAfterAnOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up(t, dir, "--layout", "eks")
	cluster := client(t, dir)
	if _, code := run(t, "restart-apiserver", "--dir", dir, "--down", "10s"); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	old := podsNamed(t, cluster, "app", "vantiq-2")[0]
	if err := cluster.CoreV1().Pods("app").Delete(t.Context(), old.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "vantiq-2 is replaced and ready", func() bool {
		pods := podsNamed(t, cluster, "app", "vantiq-2")
		return len(pods) == 1 && pods[0].UID != old.UID && isReady(&pods[0])
	})
	if state := status(t, dir); state.Phase != supervise.PhaseRunning {
		t.Errorf("it is %s: %s", state.Phase, state.Message)
	}
}

func podsNamed(t *testing.T, cluster kubernetes.Interface, namespace, prefix string) []corev1.Pod {
	t.Helper()
	list, err := cluster.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var pods []corev1.Pod
	for _, pod := range list.Items {
		if strings.HasPrefix(pod.Name, prefix) {
			pods = append(pods, pod)
		}
	}
	return pods
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
