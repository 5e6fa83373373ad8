// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// PoolLabel is the label by which the harness makes AKS pools.
const PoolLabel = "kubernetes.azure.com/agentpool"

// scopeLabel keeps the pods of one test on its own nodes.
const scopeLabel = "test.upgrade.vantiq.com/scope"

// Scope is the part of a cluster that belongs to one test: a namespace, and
// nodes that only its pods use.
type Scope struct {
	*Sandbox
	Name string
	tb   testing.TB
}

// NewScope makes a scope; it is removed when the test ends.
func (s *Sandbox) NewScope(tb testing.TB, name string) *Scope {
	tb.Helper()
	c := &Scope{Sandbox: s, Name: name, tb: tb}
	_, err := s.Client.CoreV1().Namespaces().Create(tb.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	c.must(err)
	tb.Cleanup(c.Remove)
	return c
}

func (c *Scope) must(err error) {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatal(err)
	}
}

// Pool makes n nodes of an AKS pool that belongs to the scope, with room for
// four small pods each.
func (c *Scope) Pool(name string, n int, change ...func(*corev1.Node)) {
	c.tb.Helper()
	for i := range n {
		room := corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("16Gi"), corev1.ResourcePods: resource.MustParse("30"),
		}
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{
				Name:        fmt.Sprintf("aks-%s-12345678-vmss%06d", name, i),
				Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
				Labels: map[string]string{
					PoolLabel: name, scopeLabel: c.Name,
					corev1.LabelHostname: fmt.Sprintf("aks-%s-12345678-vmss%06d", name, i), corev1.LabelTopologyZone: fmt.Sprintf("zone-%d", i%3+1),
				},
			},
			Spec:   corev1.NodeSpec{Taints: []corev1.Taint{{Key: scopeLabel, Value: c.Name, Effect: corev1.TaintEffectNoSchedule}}},
			Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
		}
		for _, f := range change {
			f(node)
		}
		_, err := c.Client.CoreV1().Nodes().Create(c.tb.Context(), node, metav1.CreateOptions{})
		c.must(err)
	}
}

// Template is a pod template whose pods run on the scope's nodes only.
func (c *Scope) Template(app string, change ...func(*corev1.PodTemplateSpec)) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}, Annotations: map[string]string{}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: new(int64(5)),
			NodeSelector:                  map[string]string{scopeLabel: c.Name},
			Tolerations:                   []corev1.Toleration{{Key: scopeLabel, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
			Containers: []corev1.Container{{Name: app, Image: "example.invalid/" + app, Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("512Mi")},
			}}},
		},
	}
	for _, f := range change {
		f(&t)
	}
	return t
}

// OnPool keeps pods on a pool, as a node selector does.
func OnPool(pool string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector[PoolLabel] = pool }
}

// Spread keeps the pods of an app on different nodes.
func Spread(t *corev1.PodTemplateSpec) {
	t.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey:   corev1.LabelHostname,
			LabelSelector: &metav1.LabelSelector{MatchLabels: t.Labels},
		}},
	}}
}

// Annotate sets an annotation on the pods, such as the sandbox's start times.
func Annotate(key, value string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) { t.Annotations[key] = value }
}

// EmptyDir gives the pods a volume with local data.
func EmptyDir(t *corev1.PodTemplateSpec) {
	t.Spec.Volumes = append(t.Spec.Volumes, corev1.Volume{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
}

// StatefulSet makes a StatefulSet whose pods start in parallel.
func (c *Scope) StatefulSet(name string, replicas int32, change ...func(*corev1.PodTemplateSpec)) {
	c.tb.Helper()
	_, err := c.Client.AppsV1().StatefulSets(c.Name).Create(c.tb.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, PodManagementPolicy: appsv1.ParallelPodManagement,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			Template: c.Template(name, change...),
		},
	}, metav1.CreateOptions{})
	c.must(err)
}

// Deployment makes a Deployment.
func (c *Scope) Deployment(name string, replicas int32, change ...func(*corev1.PodTemplateSpec)) {
	c.tb.Helper()
	_, err := c.Client.AppsV1().Deployments(c.Name).Create(c.tb.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			Template: c.Template(name, change...),
		},
	}, metav1.CreateOptions{})
	c.must(err)
}

// PDB makes a disruption budget; one of minAvailable and maxUnavailable is
// empty. selector nil selects the app of the budget's own name.
func (c *Scope) PDB(name, minAvailable, maxUnavailable string, selector *metav1.LabelSelector) {
	c.tb.Helper()
	if selector == nil {
		selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	pdb := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector}}
	if minAvailable != "" {
		pdb.Spec.MinAvailable = new(intstr.Parse(minAvailable))
	}
	if maxUnavailable != "" {
		pdb.Spec.MaxUnavailable = new(intstr.Parse(maxUnavailable))
	}
	_, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Create(c.tb.Context(), pdb, metav1.CreateOptions{})
	c.must(err)
}
