// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// The kinds of OpenKruise that have the names of Kubernetes' own.
const kruiseKinds = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: statefulsets.apps.kruise.io}
spec:
  group: apps.kruise.io
  scope: Namespaced
  names: {kind: StatefulSet, plural: statefulsets, singular: statefulset}
  versions:
  - {name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: daemonsets.apps.kruise.io}
spec:
  group: apps.kruise.io
  scope: Namespaced
  names: {kind: DaemonSet, plural: daemonsets, singular: daemonset}
  versions:
  - {name: v1beta1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

const kruiseObjects = `
{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, metadata: {name: queue}}
---
{apiVersion: apps.kruise.io/v1beta1, kind: DaemonSet, metadata: {name: agent}}
---
{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, metadata: {name: flow}}
---
{apiVersion: apps.kruise.io/v1beta1, kind: StatefulSet, metadata: {name: lone}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: lock}}
`

// foreign plays the controller of a kind that is none of Kubernetes' own: it gives
// its pods their names.
type foreign struct {
	c     *harness.Scope
	owner metav1.OwnerReference
}

// newForeign reads the owner by TYPE and name.
func newForeign(t *testing.T, c *harness.Scope, typed, name string, controller bool) *foreign {
	t.Helper()
	var o metav1.PartialObjectMetadata
	out := c.Kubectl(t, "get", typed, name, "-n", c.Name, "-o", "json").Want(t, 0).Stdout
	if err := json.Unmarshal([]byte(out), &o); err != nil {
		t.Fatal(err)
	}
	f := &foreign{c: c, owner: metav1.OwnerReference{APIVersion: o.APIVersion, Kind: o.Kind, Name: name, UID: o.UID}}
	if controller {
		f.owner.Controller = new(true)
	}
	return f
}

// make creates a pod and returns what creates it once more.
func (f *foreign) make(t *testing.T, name, app string, change ...func(*corev1.PodTemplateSpec)) func(context.Context) error {
	t.Helper()
	template := f.c.Template(app, append(change, quick)...)
	again := func(ctx context.Context) error {
		_, err := f.c.Client.CoreV1().Pods(f.c.Name).Create(ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: name, Labels: template.Labels, Annotations: template.Annotations, OwnerReferences: []metav1.OwnerReference{f.owner},
			},
			Spec: template.Spec,
		}, metav1.CreateOptions{})
		return err
	}
	if err := again(t.Context()); err != nil {
		t.Fatal(err)
	}
	return again
}

// control makes pods again until the test ends.
func control(t *testing.T, pods ...func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			for _, again := range pods {
				if err := again(ctx); err != nil && !apierrors.IsAlreadyExists(err) && ctx.Err() == nil {
					t.Errorf("the foreign controller: %v", err)
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { stop(); done.Wait() })
}

// onNode binds a pod to a node as the controllers of DaemonSets do.
func onNode(name string) func(*corev1.PodTemplateSpec) {
	return func(p *corev1.PodTemplateSpec) {
		p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{
				{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{name}},
			}}},
		}}}
		p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists})
	}
}

// TestOwnersOfOtherGroups: group, kind and uid identify an owner. A StatefulSet of
// another group is not the builtin one of its name, a DaemonSet of another group
// keeps its pods, and an owner that is not the controller is named.
func TestOwnersOfOtherGroups(t *testing.T) {
	c := shared.Get(t).NewScope(t, "owners")
	c.KubectlWith(t, kruiseKinds, "apply", "-f", "-").Want(t, 0)
	t.Cleanup(func() {
		c.Kubectl(t, "delete", "crd", "statefulsets.apps.kruise.io", "daemonsets.apps.kruise.io").Want(t, 0)
	})
	c.Kubectl(t, "wait", "--for=condition=Established", "crd/statefulsets.apps.kruise.io", "crd/daemonsets.apps.kruise.io").Want(t, 0)
	c.KubectlWith(t, kruiseObjects, "apply", "-n", c.Name, "-f", "-").Want(t, 0)

	c.Pool("old", 2)
	c.StatefulSet("queue", 2, quick, harness.Spread)
	queue := newForeign(t, c, "statefulset.apps.kruise.io", "queue", true).make(t, "other-0", "other")
	agents := newForeign(t, c, "daemonset.apps.kruise.io", "agent", true)
	agent0 := agents.make(t, "agent-0", "agent", onNode(node0))
	agent1 := agents.make(t, "agent-1", "agent", onNode(strings.TrimSuffix(node0, "0")+"1"))
	newForeign(t, c, "configmap", "lock", false).make(t, "step", "step")
	c.PDB("other", "1", "", nil)
	c.PDB("agent", "2", "", nil)
	for app, n := range map[string]int{"queue": 2, "other": 1, "agent": 2, "step": 1} {
		c.Ready(app, n)
	}
	c.Pool("spare", 2)
	control(t, queue, agent0, agent1)

	t.Run("plan", func(t *testing.T) { ownersInThePlan(t, c) })
	t.Run("pause", func(t *testing.T) { ownersInThePause(t, c) })
	t.Run("placement", func(t *testing.T) { ownersInThePlacement(t, c) })
	c.Kubectl(t, "delete", "pdb", "other", "-n", c.Name).Want(t, 0)
	t.Run("drain", func(t *testing.T) { ownersInTheDrain(t, c) })
	t.Run("no controller", func(t *testing.T) { ownersThatMakeNothing(t, c) })
}

func ownersInThePlan(t *testing.T, c *harness.Scope) {
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--dry-run=client", "-o", "json").Want(t, 2))
	wantFinding(t, report.Findings, "VU-228", "daemonset.apps.kruise.io/owners/agent", "its 2 pods stay")
	wantFinding(t, report.Findings, "VU-211", "pod/owners/step", "owned by configmap/lock, which is not its controller")
	wantFinding(t, report.Findings, "VU-202", "pdb/owners/other", "kubectl vantiq-upgrade pause-pdb-blockers pdb/owners/other --mode=relax")
	if report.Plan.Stay != 2 {
		t.Errorf("%d pods stay", report.Plan.Stay)
	}
	for _, f := range report.Findings {
		if strings.Contains(f.Object+f.Message+f.Remedy, "agent-") || strings.Contains(f.Object, "pdb/owners/agent") {
			t.Errorf("a pod that stays is in the way: %+v", f)
		}
	}
	groups := map[string]int{}
	for _, w := range report.Plan.Workloads {
		groups[w.Kind+" of "+w.Group+": "+w.Name] = w.Replicas
	}
	if len(groups) != 2 || groups["StatefulSet of : queue"] != 2 || groups["StatefulSet of apps.kruise.io: queue"] != 1 {
		t.Errorf("the plan has %v", groups)
	}
	text := c.Plugin(t, "drain-pool", "old", "--dry-run=client").Want(t, 2).Stdout
	if !strings.Contains(text, "sts owners/queue") || !strings.Contains(text, "statefulset.apps.kruise.io owners/queue") {
		t.Errorf("nobody can tell the two apart:\n%s", text)
	}
}

func ownersInThePause(t *testing.T, c *harness.Scope) {
	const other = "StatefulSets.apps.kruise.io/owners/queue" // kubectl's plural
	r := c.Plugin(t, "pause-pdb-blockers", other, "--mode=scale-to-zero", "--dry-run=client", "-o", "json")
	if !strings.Contains(r.Stdout, "statefulset.apps.kruise.io/owners/queue is no Deployment or StatefulSet of apps/v1") || strings.Contains(r.Stdout, "does not exist") {
		t.Errorf("exit %d:\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
	// Without a group it is the builtin one, which nothing holds.
	r = c.Plugin(t, "pause-pdb-blockers", "statefulset/owners/queue", "--dry-run=client", "-o", "json").Want(t, 0)
	if strings.Contains(r.Stdout, "pdb/owners") || strings.Contains(r.Stdout, "kruise") {
		t.Errorf("the name of the one is taken for the other:\n%s", r.Stdout)
	}
}

func ownersInThePlacement(t *testing.T, c *harness.Scope) {
	for workload, want := range map[string]int{"statefulset/owners/queue": 2, "statefulset.apps.kruise.io/owners/queue": 1} {
		r := c.Plugin(t, "placement-check", "--workload="+workload, "-o", "json")
		var report v1alpha1.PlacementReport
		if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil || len(report.Pods) != want {
			t.Errorf("%s: exit %d, %v, pods %+v\n%s", workload, r.Code, err, report.Pods, r.Stderr)
		}
	}
}

func ownersInTheDrain(t *testing.T, c *harness.Scope) {
	audit := c.Audit(t)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "--force", "-o", "json", "--timeout=90s").Want(t, 0))
	accepted := audit.Accepted(t, c.Name)
	for name, want := range map[string]int{"agent-0": 0, "agent-1": 0, "other-0": 1, "queue-0": 1, "queue-1": 1, "step": 1} {
		if accepted[name] != want {
			t.Errorf("%s was evicted %d times, want %d", name, accepted[name], want)
		}
	}
	if report.Outcome != v1alpha1.DrainDone {
		t.Errorf("outcome %s: %+v", report.Outcome, report.Findings)
	}
	for _, pod := range report.Result.Pods {
		if want := map[bool]string{true: "Gone", false: "Moved"}[pod.Name == "step"]; pod.State != want {
			t.Errorf("%s: %s, want %s", pod.Name, pod.State, want)
		}
	}
	// Once more there is nothing to do: the agents are no pods that are left.
	c.Plugin(t, "drain-pool", "old", "--yes", "--force", "--timeout=90s").Want(t, 0)
	if n := len(audit.Evictions(t)); n != 4 {
		t.Errorf("%d evictions were asked for", n)
	}
	status := c.Plugin(t, "status").Want(t, 0).Stdout
	if !strings.Contains(status, "old") {
		t.Errorf("status:\n%s", status)
	}
	c.Plugin(t, "uncordon-pool", "old").Want(t, 0)
}

// ownersThatMakeNothing: a pod that ends by itself is not waited for; of one that
// serves the drain never says that its workload is whole.
func ownersThatMakeNothing(t *testing.T, c *harness.Scope) {
	onOld := harness.OnPool("old")
	newForeign(t, c, "statefulset.apps.kruise.io", "flow", true).make(t, "flow-0", "flow", onOld, func(p *corev1.PodTemplateSpec) {
		p.Spec.RestartPolicy = corev1.RestartPolicyNever
	})
	newForeign(t, c, "statefulset.apps.kruise.io", "lone", true).make(t, "lone-0", "lone", onOld)
	c.Ready("flow", 1)
	c.Ready("lone", 1)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "-o", "json", "--pod-timeout=2s").Want(t, 3))
	wantFinding(t, report.Findings, "VU-229", "pod/owners/flow-0", "statefulset.apps.kruise.io/owners/flow")
	wantFinding(t, report.Findings, "VU-233", "statefulset.apps.kruise.io/owners/lone", "0 of 1 Ready")
	c.Plugin(t, "uncordon-pool", "old").Want(t, 0)
}
