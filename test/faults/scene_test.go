// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// ours begins every annotation that the plugin writes.
const ours = "upgrade.vantiq.com/"

// scene is a pool with a Deployment that a budget holds, with a StatefulSet and
// a single pod that move, and with one node that somebody else has cordoned; and
// a pool that takes what moves. It remembers how it was, its own journal
// included: that is in its namespace.
type scene struct {
	*harness.Scope
	t     *testing.T
	proxy *faultproxy.Proxy
	// via is the way through the proxy, elsewhere that of another person: straight
	// and from another folder.
	via, elsewhere *harness.Sandbox
	pool, foreign  string

	before map[string]string
	audit  *harness.Audit
}

// newScene makes the scene NAME; start and stop are how long its pods take.
func newScene(t *testing.T, s *harness.Sandbox, name, start, stop string) *scene {
	t.Helper()
	c := &scene{Scope: s.NewScope(t, name), t: t, proxy: proxyTo(t, s), pool: name + "-old", elsewhere: s.From(t.TempDir())}
	c.via = s.Via(c.proxy.Kubeconfig())
	c.foreign = "aks-" + c.pool + "-12345678-vmss000002"
	c.Pool(c.pool, 3)
	c.Pool(name+"-spare", 2)
	c.Kubectl(t, "cordon", c.foreign).Want(t, 0)
	template := []func(*corev1.PodTemplateSpec){harness.Annotate(startFast, start), harness.Annotate(stopFast, stop), preferring(c.pool)}
	c.Deployment("held", 2, template...)
	c.PDB("held", "2", "", nil)
	c.StatefulSet("db", 2, template...)
	c.Deployment("single", 1, template...)
	c.home()
	c.audit = c.Audit(t)
	// What the controllers add to new objects has been added when two looks agree.
	c.Eventually("nothing changes any more", func(context.Context) (bool, error) {
		former := c.before
		c.before = c.look()
		return maps.Equal(former, c.before), nil
	})
	for object, text := range c.before {
		if strings.Contains(text, `"`+ours) {
			t.Fatalf("%s: %s", object, text)
		}
	}
	return c
}

// preferring draws pods to a pool for as long as it takes them.
func preferring(pool string) func(*corev1.PodTemplateSpec) {
	return func(t *corev1.PodTemplateSpec) {
		t.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
				Weight: 100,
				Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{
					{Key: harness.PoolLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{pool}},
				}},
			}},
		}}
	}
}

// home brings every pod back to its pool, past the plugin.
func (c *scene) home() {
	c.t.Helper()
	pods := c.Client.CoreV1().Pods(c.Name)
	c.Eventually("all pods are on their pool", func(ctx context.Context) (bool, error) {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		ready := 0
		for _, pod := range list.Items {
			if strings.Contains(pod.Spec.NodeName, "-spare-") {
				_ = pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
			} else if harness.IsServing(&pod) {
				ready++
			}
		}
		return ready == 5 && len(list.Items) == 5, nil
	})
	c.Ready("held", 2)
}

// command is the plugin through the proxy, or for the other person.
func (c *scene) start(by *harness.Sandbox, args ...string) *harness.Process {
	c.t.Helper()
	return by.StartPlugin(c.t, append(args, "--journal-namespace="+c.Name)...)
}

func (c *scene) run(args ...string) harness.Result {
	c.t.Helper()
	return c.start(c.elsewhere, args...).Wait()
}

// look is all that the plugin might leave something on, as JSON, by its kind and
// name: without what the server counts and what the controllers report.
func (c *scene) look() map[string]string {
	c.t.Helper()
	seen := map[string]string{}
	keep := func(kind string, list runtime.Object, err error) {
		c.t.Helper()
		c.must(err)
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(list)
		c.must(err)
		items, _ := fields["items"].([]any)
		for _, item := range items {
			object := item.(map[string]any)
			delete(object, "status")
			metadata := object["metadata"].(map[string]any)
			if metadata["name"] == c.foreign {
				seen["managed fields of "+c.foreign] = c.specManagers(metadata)
			}
			for _, name := range []string{"managedFields", "resourceVersion", "generation", "creationTimestamp"} {
				delete(metadata, name)
			}
			text, err := json.Marshal(object)
			c.must(err)
			seen[kind+"/"+metadata["name"].(string)] = string(text)
		}
	}
	ctx, all := c.t.Context(), metav1.ListOptions{}
	nodes, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: harness.PoolLabel + " in (" + c.pool + "," + c.Name + "-spare)"})
	keep("node", nodes, err)
	deployments, err := c.Client.AppsV1().Deployments(c.Name).List(ctx, all)
	keep("deployment", deployments, err)
	sets, err := c.Client.AppsV1().StatefulSets(c.Name).List(ctx, all)
	keep("statefulset", sets, err)
	pdbs, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).List(ctx, all)
	keep("pdb", pdbs, err)
	return seen
}

// specManagers are the managed fields of an object but for those of its status.
func (c *scene) specManagers(metadata map[string]any) string {
	c.t.Helper()
	managers, _ := metadata["managedFields"].([]any)
	managers = slices.DeleteFunc(slices.Clone(managers), func(entry any) bool { return entry.(map[string]any)["subresource"] != nil })
	text, err := json.Marshal(managers)
	c.must(err)
	return string(text)
}

func (c *scene) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// differences are the objects that are not as they were.
func (c *scene) differences() []string {
	c.t.Helper()
	now := c.look()
	var different []string
	for name := range now {
		if c.before[name] == "" {
			different = append(different, name+" is new")
		}
	}
	for name, was := range c.before {
		if now[name] != was {
			different = append(different, name+"\n  was "+was+"\n  is  "+now[name])
		}
	}
	return different
}

// judge says what is wrong, unless the cluster is as it was, nothing is left in the
// journal, the lock is free or that of the dead, and no pod was evicted twice.
func (c *scene) judge() (faults []string) {
	c.t.Helper()
	status := c.run("status", "-o", "json")
	report := v1alpha1.StatusReport{}
	if err := json.Unmarshal([]byte(status.Stdout), &report); err != nil || status.Code != 0 {
		faults = append(faults, fmt.Sprintf("status ended with %d (%v) %s", status.Code, err, status.Stderr))
	}
	if report.Lock != nil && !report.Lock.Lapsed {
		faults = append(faults, fmt.Sprintf("the lock is held: %+v", report.Lock))
	}
	for _, change := range report.Changes {
		faults = append(faults, fmt.Sprintf("%s of %s is left of run %s: %s", change.Field, change.Object.Name, change.Run, change.State))
	}
	for _, f := range report.Findings {
		faults = append(faults, fmt.Sprintf("finding %+v", f))
	}
	for _, run := range report.Runs {
		if run.Ended == nil || run.Open > 0 {
			faults = append(faults, fmt.Sprintf("run %s is open: %+v", run.ID, run))
		}
	}
	for _, pod := range c.audit.AcceptedTwice(c.t, c.Name) {
		faults = append(faults, pod+" was evicted more than once")
	}
	if len(faults) > 0 {
		return append(faults, c.differences()...)
	}
	// The taint of a cordon goes a moment after it.
	c.Eventually("the cluster is as it was: "+strings.Join(c.differences(), "\n"), func(context.Context) (bool, error) { return len(c.differences()) == 0, nil })
	return nil
}

// holderOf is who holds the lock after a request; nobody once it is given back.
func holderOf(body []byte) string {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	lease, is := object.(*coordinationv1.Lease)
	if err != nil || !is {
		return ""
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "")
}

// writes counts the requests that change something. Renewals of the lock are
// none: there is one for every five seconds that a command takes.
type writes struct {
	kinds  []string
	leases int
	// holder is who took the lock.
	holder string
}

// isNext counts a request and reports whether it is the k-th.
func (w *writes) isNext(r faultproxy.Request, k int) bool {
	if !r.IsWrite() {
		return false
	}
	if r.Resource == "leases" {
		w.leases++
		holder := holderOf(r.Body)
		if w.leases > 1 && holder != "" {
			return false
		}
		w.holder = cmp.Or(w.holder, holder)
	}
	w.kinds = append(w.kinds, strings.TrimSuffix(r.Verb+" "+r.Resource+"/"+r.Subresource, "/"))
	return len(w.kinds) == k
}
