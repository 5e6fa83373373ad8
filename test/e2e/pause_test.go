// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// pausedMark is the annotation on what is paused.
const pausedMark = "upgrade.vantiq.com/paused"

// quick makes pods that start and stop at once.
func quick(p *corev1.PodTemplateSpec) {
	p.Annotations["sandbox.upgrade.vantiq.com/start-fast"] = "50ms"
	p.Annotations["sandbox.upgrade.vantiq.com/stop-fast"] = "50ms"
}

// blocked makes a scope with a pool of two nodes, and on it a Deployment of so
// many replicas whose budget, of the same name, asks for all of them.
func blocked(t *testing.T, scope, app string, replicas int32, change ...func(*corev1.PodTemplateSpec)) *harness.Scope {
	t.Helper()
	c := shared.Get(t).NewScope(t, scope)
	c.Pool(scope, 2)
	c.Deployment(app, replicas, append([]func(*corev1.PodTemplateSpec){quick}, change...)...)
	c.PDB(app, strconv.Itoa(int(replicas)), "", nil)
	c.Ready(app, int(replicas))
	return c
}

// own runs a subcommand whose journal is in the namespace of the scope, where it
// meets no other test's.
func own(t *testing.T, c *harness.Scope, args ...string) harness.Result {
	t.Helper()
	return c.Plugin(t, append(args, "--journal-namespace="+c.Name)...)
}

// pause pauses by name and returns the report; code is the wanted exit code.
func pause(t *testing.T, c *harness.Scope, code int, args ...string) *v1alpha1.PauseReport {
	t.Helper()
	return read[v1alpha1.PauseReport](t, own(t, c, append([]string{"pause-pdb-blockers", "--yes", "-o", "json"}, args...)...).Want(t, code))
}

// giveBack runs resume-pdb-blockers.
func giveBack(t *testing.T, c *harness.Scope, code int, args ...string) *v1alpha1.RestoreReport {
	t.Helper()
	return read[v1alpha1.RestoreReport](t, own(t, c, append([]string{"resume-pdb-blockers", "--yes", "-o", "json"}, args...)...).Want(t, code))
}

// status runs status.
func status(t *testing.T, c *harness.Scope, code int) *v1alpha1.StatusReport {
	t.Helper()
	return read[v1alpha1.StatusReport](t, own(t, c, "status", "-o", "json").Want(t, code))
}

// read reads a result from stdout.
func read[T any](t *testing.T, r harness.Result) *T {
	t.Helper()
	result := new(T)
	if err := json.Unmarshal([]byte(r.Stdout), result); err != nil {
		t.Fatalf("stdout is no %T: %v\nstdout:\n%s\nstderr:\n%s", result, err, r.Stdout, r.Stderr)
	}
	return result
}

// deployment reads a Deployment of the scope.
func deployment(t *testing.T, c *harness.Scope, name string) *appsv1.Deployment {
	t.Helper()
	d, err := c.Client.AppsV1().Deployments(c.Name).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// statefulSet reads a StatefulSet of the scope.
func statefulSet(t *testing.T, c *harness.Scope, name string) *appsv1.StatefulSet {
	t.Helper()
	s, err := c.Client.AppsV1().StatefulSets(c.Name).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// budget reads a disruption budget of the scope.
func budget(t *testing.T, c *harness.Scope, name string) *policyv1.PodDisruptionBudget {
	t.Helper()
	pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return pdb
}

// patch is what somebody else does to an object.
func patch(t *testing.T, c *harness.Scope, kind, name, body string) {
	t.Helper()
	c.Kubectl(t, "patch", kind, name, "-n", c.Name, "--type=merge", "-p", body).Want(t, 0)
}

// shape is what must come back byte for byte: spec, labels and annotations.
func shape(t *testing.T, meta metav1.ObjectMeta, spec any) string {
	t.Helper()
	text, err := json.MarshalIndent(map[string]any{"uid": meta.UID, "labels": meta.Labels, "annotations": meta.Annotations, "spec": spec}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), `"annotations": null`, `"annotations": {}`)
}

func shapeOfDeployment(t *testing.T, c *harness.Scope, name string) string {
	t.Helper()
	d := deployment(t, c, name)
	return shape(t, d.ObjectMeta, d.Spec)
}

func shapeOfBudget(t *testing.T, c *harness.Scope, name string) string {
	t.Helper()
	b := budget(t, c, name)
	return shape(t, b.ObjectMeta, b.Spec)
}

// same fails unless two shapes are equal.
func same(t *testing.T, what, before, after string) {
	t.Helper()
	if before != after {
		t.Errorf("%s is not as before:\n%s\nafter:\n%s", what, before, after)
	}
}

// wantReplicas fails unless a Deployment has so many replicas in its spec.
func wantReplicas(t *testing.T, c *harness.Scope, name string, want int32) {
	t.Helper()
	if got := *deployment(t, c, name).Spec.Replicas; got != want {
		t.Errorf("%s has %d replicas, want %d", name, got, want)
	}
}

// profileFile writes a profile that knows one blocker in the scope.
func profileFile(t *testing.T, c *harness.Scope, kind, name, mode string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "profile.yaml")
	text := fmt.Sprintf(`apiVersion: upgrade.vantiq.com/v1alpha1
kind: Profile
installation: vantiq
sharedNamespaces: [%s]
knownBlockers:
- {name: %s, kind: %s, scope: shared, reason: its budget asks for all, mode: %s}
`, c.Name, name, kind, mode)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTelegraf is the runbook's own case, with two replicas: what comes back is
// what was there, not the runbook's 1. Its journal is where it is by default.
func TestTelegraf(t *testing.T) {
	c := blocked(t, "telegraf", "telegraf-prom", 2)
	patch(t, c, "deployment", "telegraf-prom", `{"metadata":{"labels":{"team":"a"},"annotations":{"example.com/note":"keep <me> & all"}}}`)
	before, beforeBudget := shapeOfDeployment(t, c, "telegraf-prom"), shapeOfBudget(t, c, "telegraf-prom")
	profile := profileFile(t, c, "Deployment", "telegraf-prom", "scale-to-zero")

	out := read[v1alpha1.PauseReport](t, c.Plugin(t, "pause-pdb-blockers", "--yes", "--profile", profile, "-o", "json").Want(t, 0))
	if len(out.Paused) != 1 || out.Outcome != "Done" || out.Paused[0].State != "Applied" || string(out.Paused[0].Before) != "2" || string(out.Paused[0].After) != "0" {
		t.Fatalf("%s: %+v", out.Outcome, out.Paused)
	}
	wantReplicas(t, c, "telegraf-prom", 0)
	if pods := c.Pods("telegraf-prom"); len(pods) != 0 {
		t.Errorf("%d pods are there when the command has ended", len(pods))
	}
	// A person with plain kubectl sees what happened, and how to undo it.
	mark := map[string]any{}
	if err := json.Unmarshal([]byte(deployment(t, c, "telegraf-prom").Annotations[pausedMark]), &mark); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"field": "spec.replicas", "before": 2.0, "after": 0.0, "mode": "scale-to-zero", "run": out.Paused[0].Run, "n": 1.0} {
		if mark[key] != want {
			t.Errorf("mark: %s is %v, want %v", key, mark[key], want)
		}
	}
	run := out.Paused[0].Run
	journal, err := c.Client.CoreV1().ConfigMaps("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: "upgrade.vantiq.com/run=" + run})
	if err != nil || len(journal.Items) != 1 || !strings.Contains(journal.Items[0].Data["changes"], string(deployment(t, c, "telegraf-prom").UID)) {
		t.Fatalf("the journal: %v %v", journal, err)
	}
	// The same command again has nothing to do.
	again := read[v1alpha1.PauseReport](t, c.Plugin(t, "pause-pdb-blockers", "--yes", "--profile", profile, "-o", "json").Want(t, 0))
	if again.Outcome != "NothingToDo" || len(again.Paused) != 1 || again.Paused[0].State != v1alpha1.PauseStateKept {
		t.Errorf("again: %s %+v", again.Outcome, again.Paused)
	}
	report := read[v1alpha1.StatusReport](t, c.Plugin(t, "status", "-o", "json").Want(t, 0))
	at := slices.IndexFunc(report.Changes, func(s v1alpha1.ChangeStatus) bool { return s.Run == run })
	if at < 0 || report.Changes[at].State != "Ours" || string(report.Changes[at].Before) != "2" || string(report.Changes[at].Now) != "0" {
		t.Errorf("status: %+v", report.Changes)
	}

	back := read[v1alpha1.RestoreReport](t, c.Plugin(t, "resume-pdb-blockers", "--yes", "-o", "json").Want(t, 0))
	if back.Outcome != "Done" || len(back.Restored) != 1 || back.Restored[0].State != "Restored" {
		t.Errorf("%s: %+v", back.Outcome, back.Restored)
	}
	serving := 0
	for _, pod := range c.Pods("telegraf-prom") {
		if harness.IsServing(&pod) {
			serving++
		}
	}
	if serving != 2 {
		t.Errorf("%d of 2 Ready when the command has ended", serving)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "telegraf-prom"))
	same(t, "the budget", beforeBudget, shapeOfBudget(t, c, "telegraf-prom"))
	if out := c.Plugin(t, "resume-pdb-blockers", "--yes", "-o", "jsonpath={.outcome}").Want(t, 0).Stdout; out != "NothingToDo" {
		t.Errorf("again: %s", out)
	}
}

// TestModes: each mode opens the budget and is given back to the byte.
func TestModes(t *testing.T) {
	c := shared.Get(t).NewScope(t, "modes")
	c.Pool("modes", 3)
	c.StatefulSet("set", 2, quick)
	c.PDB("set", "2", "", nil)
	c.Deployment("web", 1, quick)
	c.PDB("web", "1", "", nil)
	c.Deployment("all", 2, quick)
	c.PDB("all", "100%", "", nil)
	c.Deployment("three", 3, quick)
	c.PDB("three", "3", "", nil)
	c.Deployment("none", 2, quick)
	c.PDB("none", "", "0", nil)
	for app, n := range map[string]int{"set": 2, "web": 1, "all": 2, "three": 3, "none": 2} {
		c.Ready(app, n)
	}

	t.Run("scale-to-zero-statefulset", func(t *testing.T) {
		s := statefulSet(t, c, "set")
		before := shape(t, s.ObjectMeta, s.Spec)
		pause(t, c, 0, "statefulset/modes/set", "--mode=scale-to-zero")
		if s := statefulSet(t, c, "set"); *s.Spec.Replicas != 0 || len(c.Pods("set")) != 0 {
			t.Errorf("%d replicas, %d pods", *s.Spec.Replicas, len(c.Pods("set")))
		}
		giveBack(t, c, 0)
		s = statefulSet(t, c, "set")
		same(t, "the StatefulSet", before, shape(t, s.ObjectMeta, s.Spec))
		c.Ready("set", 2)
	})
	t.Run("surge", func(t *testing.T) {
		before := shapeOfDeployment(t, c, "web")
		pods := c.Record(t, c.Name, "app=web")
		pause(t, c, 0, "deployment/modes/web", "--mode=surge")
		wantReplicas(t, c, "web", 2)
		serving := 0
		for _, pod := range c.Pods("web") {
			if harness.IsServing(&pod) {
				serving++
			}
		}
		if serving != 2 {
			t.Errorf("%d of 2 Ready when the command has ended", serving)
		}
		c.Eventually("the budget allows one", func(ctx context.Context) (bool, error) {
			pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "web", metav1.GetOptions{})
			return err == nil && pdb.Status.DisruptionsAllowed == 1, err
		})
		giveBack(t, c, 0)
		same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
		if pods.Lowest() < 1 {
			t.Error("a surge stopped the workload")
		}
	})
	relaxed := []struct{ app, field, after string }{
		{"all", "spec.minAvailable", "1"}, {"three", "spec.minAvailable", "2"}, {"none", "spec.maxUnavailable", "1"},
	}
	for _, tt := range relaxed {
		t.Run("relax-"+tt.app, func(t *testing.T) {
			before := shapeOfBudget(t, c, tt.app)
			out := pause(t, c, 0, "pdb/modes/"+tt.app, "--mode=relax")
			if len(out.Paused) != 1 || out.Paused[0].Field != tt.field || string(out.Paused[0].After) != tt.after {
				t.Errorf("%+v", out.Paused)
			}
			if allowed := budget(t, c, tt.app).Status.DisruptionsAllowed; allowed != 1 {
				t.Errorf("it allows %d when the command has ended", allowed)
			}
			giveBack(t, c, 0, "pdb/modes/"+tt.app)
			same(t, "the budget", before, shapeOfBudget(t, c, tt.app))
		})
	}
}

// TestSurgeRefused: where one replica more cannot help, the reason is told and
// nothing touched.
func TestSurgeRefused(t *testing.T) {
	c := shared.Get(t).NewScope(t, "no-surge")
	c.Pool("no-surge", 2)
	claimed(t, c, "claims", 1)
	c.Deployment("port", 1, quick, func(p *corev1.PodTemplateSpec) {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 8080}}
	})
	c.Deployment("huge", 1, quick, func(p *corev1.PodTemplateSpec) {
		p.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("9Gi")
		p.Spec.NodeSelector[corev1.LabelHostname] = "aks-no-surge-12345678-vmss000000"
	})
	c.Deployment("apart", 2, quick, harness.Spread)
	c.Deployment("spec", 1, quick)
	tests := []struct {
		kind, name   string
		replicas     int
		minAvailable string
		words        []string
	}{
		{"statefulset", "claims", 1, "1", []string{"volume of its own"}},
		{"deployment", "port", 1, "1", []string{"port 8080"}},
		{"deployment", "huge", 1, "1", []string{"no node is free", "1 too full", "1 not of its node affinity"}},
		{"deployment", "apart", 2, "2", []string{"no node is free", "2 kept free of it by its anti-affinity"}},
		{"deployment", "spec", 1, "", []string{"maxUnavailable 0", "however many replicas"}},
	}
	args := []string{"--mode=surge"}
	before := map[string]string{}
	for _, tt := range tests {
		maxUnavailable := ""
		if tt.minAvailable == "" {
			maxUnavailable = "0"
		}
		c.PDB(tt.name, tt.minAvailable, maxUnavailable, nil)
		c.Ready(tt.name, tt.replicas)
		args = append(args, tt.kind+"/no-surge/"+tt.name)
		if tt.kind == "deployment" {
			before[tt.name] = shapeOfDeployment(t, c, tt.name)
		}
	}
	out := pause(t, c, 2, args...)
	if out.Outcome != "Blocked" || len(out.Paused) != 0 {
		t.Errorf("%s: %+v", out.Outcome, out.Paused)
	}
	for _, tt := range tests {
		wantFinding(t, out.Findings, "VU-311", append(tt.words, "pdb/no-surge/"+tt.name)...)
	}
	for name, was := range before {
		same(t, name, was, shapeOfDeployment(t, c, name))
	}
	if s := statefulSet(t, c, "claims"); *s.Spec.Replicas != 1 || s.Annotations[pausedMark] != "" {
		t.Errorf("the StatefulSet was changed: %+v", s.ObjectMeta)
	}
}

// claimed makes a StatefulSet each of whose pods has a volume of its own.
func claimed(t *testing.T, c *harness.Scope, name string, replicas int32) {
	t.Helper()
	for i := range replicas {
		volume := &corev1.PersistentVolume{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%s-%d", c.Name, name, i)},
			Spec: corev1.PersistentVolumeSpec{
				Capacity:    corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: c.Name,
				PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/data"}},
			},
		}
		if _, err := c.Client.CoreV1().PersistentVolumes().Create(t.Context(), volume, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Client.CoreV1().PersistentVolumes().Delete(context.Background(), volume.Name, metav1.DeleteOptions{})
		})
	}
	_, err := c.Client.AppsV1().StatefulSets(c.Name).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}, Template: c.Template(name, quick),
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Name: "data"},
				Spec: corev1.PersistentVolumeClaimSpec{
					AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: &c.Name,
					Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
				},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// twoDomains lets a second pod of an app run only where there are two nodes: the
// scheduler knows that, the plugin's own look at the nodes does not.
func twoDomains(p *corev1.PodTemplateSpec) {
	p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, MinDomains: new(int32(2)), TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule,
		LabelSelector: &metav1.LabelSelector{MatchLabels: p.Labels},
	}}
}

// TestSurgeWithoutANode: the scheduler finds no place for the extra replica,
// which is given back.
func TestSurgeWithoutANode(t *testing.T) {
	c := shared.Get(t).NewScope(t, "surge-unplaced")
	c.Pool("surge-unplaced", 1)
	c.Deployment("web", 1, quick, twoDomains)
	c.PDB("web", "1", "", nil)
	c.Ready("web", 1)
	before := shapeOfDeployment(t, c, "web")
	r := own(t, c, "pause-pdb-blockers", "deployment/surge-unplaced/web", "--mode=surge", "--yes", "-o", "json")
	if r.Code != 2 && r.Code != 3 {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	out := read[v1alpha1.PauseReport](t, r)
	wantFinding(t, out.Findings, "VU-311", "deployment/surge-unplaced/web", "topology spread")
	if len(out.Paused) != 1 || out.Paused[0].State != "Failed" {
		t.Errorf("%+v", out.Paused)
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
	if s := status(t, c, 0); len(s.Changes) != 0 {
		t.Errorf("status: %+v", s.Changes)
	}
}

// TestPauseDryRun reports what blocks, and touches nothing.
func TestPauseDryRun(t *testing.T) {
	c := blocked(t, "dry-pause", "charted", 2)
	c.Pool("dry-other", 1)
	c.Deployment("synced", 1, quick, harness.OnPool("dry-other"))
	c.PDB("synced", "1", "", nil)
	c.Ready("synced", 1)
	patch(t, c, "deployment", "charted", `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"tele","meta.helm.sh/release-namespace":"dry-pause"}}}`)
	patch(t, c, "deployment", "synced", `{"metadata":{"annotations":{"argocd.argoproj.io/tracking-id":"monitoring:apps/Deployment:dry-pause/synced"}}}`)
	profile := profileFile(t, c, "Deployment", "charted", "scale-to-zero")
	charted, synced := shapeOfDeployment(t, c, "charted"), shapeOfDeployment(t, c, "synced")
	audit := c.Audit(t)
	for _, mode := range []string{"client", "server"} {
		r := own(t, c, "pause-pdb-blockers", "--dry-run="+mode, "--profile", profile, "-o", "json").Want(t, 2)
		out := read[v1alpha1.PauseReport](t, r)
		if out.Kind != "PauseReport" || out.APIVersion != "upgrade.vantiq.com/v1alpha1" || out.DryRun != mode || len(out.Blockers) != 2 {
			t.Fatalf("%s: %+v", mode, out)
		}
		want := v1alpha1.Blocker{Namespace: "dry-pause", PDB: "charted", Class: "PermanentBySize", Owner: &v1alpha1.Owner{Kind: "Helm", Name: "dry-pause/tele"}, Mode: "scale-to-zero", ModeFrom: "profile"}
		wantBlocker(t, out.Blockers[0], want, 2)
		want = v1alpha1.Blocker{Namespace: "dry-pause", PDB: "synced", Class: "PermanentBySize", Owner: &v1alpha1.Owner{Kind: "Argo CD", Name: "monitoring"}}
		wantBlocker(t, out.Blockers[1], want, 1)
		if nodes := out.Blockers[1].Nodes; !slices.Equal(nodes, []string{"aks-dry-other-12345678-vmss000000"}) {
			t.Errorf("nodes %v", nodes)
		}
		if len(out.Paused) != 1 || out.Paused[0].State != "Planned" {
			t.Errorf("%s: %+v", mode, out.Paused)
		}
		wantFinding(t, out.Findings, "VU-202", "pdb/dry-pause/synced", "Argo CD application monitoring", "--mode=surge")
	}
	// --pool restricts; a pool that nothing holds is no reason for exit code 2.
	out := pause(t, c, 2, "--dry-run", "--pool=dry-other", "--profile", profile)
	if out.Name != "dry-other" || len(out.Blockers) != 1 || out.Blockers[0].PDB != "synced" || len(out.Paused) != 0 {
		t.Errorf("--pool: %+v", out)
	}
	c.Pool("dry-empty", 1)
	if out := pause(t, c, 0, "--dry-run", "--pool=dry-empty"); len(out.Blockers) != 0 {
		t.Errorf("--pool: %+v", out.Blockers)
	}
	for _, r := range audit.Requests(t) {
		if !isLook(r) {
			t.Errorf("a dry run sent %s %s", r.Verb, r.RequestURI)
		}
	}
	same(t, "charted", charted, shapeOfDeployment(t, c, "charted"))
	same(t, "synced", synced, shapeOfDeployment(t, c, "synced"))
}

// isLook reports whether a request changes nothing.
func isLook(r harness.AuditedRequest) bool {
	return slices.Contains([]string{"get", "list", "watch"}, r.Verb) || strings.HasPrefix(r.ObjectRef.Resource, "selfsubject") || strings.Contains(r.RequestURI, "dryRun=All")
}

func wantBlocker(t *testing.T, got, want v1alpha1.Blocker, pods int) {
	t.Helper()
	if got.Namespace != want.Namespace || got.PDB != want.PDB || got.Class != want.Class || got.Mode != want.Mode || got.ModeFrom != want.ModeFrom {
		t.Errorf("blocker %+v, want %+v", got, want)
	}
	if (got.Owner == nil) != (want.Owner == nil) || got.Owner != nil && *got.Owner != *want.Owner {
		t.Errorf("owner %+v, want %+v", got.Owner, want.Owner)
	}
	if len(got.Pods) != pods || len(got.Nodes) == 0 || len(got.Workloads) != 1 || got.Cause == "" {
		t.Errorf("blocker %+v, want %d pods, their nodes and workload", got, pods)
	}
}

// TestPauseBadInput: one line that says what is wrong and what there is, exit
// code 1, nothing touched.
func TestPauseBadInput(t *testing.T) {
	c := blocked(t, "bad-pause", "web", 1)
	before := shapeOfDeployment(t, c, "web")
	audit := c.Audit(t)
	tests := []struct {
		name  string
		args  []string
		words []string
	}{
		{"unknown workload", []string{"pause-pdb-blockers", "deployment/bad-pause/wep", "--yes"}, []string{"deployment/bad-pause/wep is no workload", "deployment/bad-pause/web", "pdb/bad-pause/web"}},
		{"unknown namespace", []string{"pause-pdb-blockers", "deployment/bad/web", "--yes"}, []string{"deployment/bad/web", "deployment/bad-pause/web"}},
		{"a bare name", []string{"pause-pdb-blockers", "web", "--yes"}, []string{"kind/namespace/name", "deployment/bad-pause/web"}},
		{"unknown mode", []string{"pause-pdb-blockers", "--mode=stop", "--yes"}, []string{`"stop"`, "surge", "scale-to-zero", "relax"}},
		{"relax without a name", []string{"pause-pdb-blockers", "--mode=relax", "--yes"}, []string{"--mode relax", "name"}},
		{"unknown pool", []string{"pause-pdb-blockers", "--pool=bad-paus", "--yes"}, []string{`no pool "bad-paus"`, "bad-pause"}},
		{"bad ttl", []string{"pause-pdb-blockers", "--ttl=0s", "--yes"}, []string{"--ttl"}},
		{"not paused", []string{"resume-pdb-blockers", "deployment/bad-pause/web", "--yes"}, []string{"deployment/bad-pause/web is not paused"}},
		{"unknown run", []string{"abort", "20261123-103305-x7k2p", "--yes"}, []string{"no run 20261123-103305-x7k2p"}},
		{"unknown run to go on with", []string{"resume", "20261123-103305-x7k2p", "--yes"}, []string{"no run 20261123-103305-x7k2p"}},
		{"run and all", []string{"abort", "20261123-103305-x7k2p", "--all"}, []string{"not both"}},
		{"drain: unknown mode", []string{"drain-pool", "bad-pause", "--pause-pdb-blockers=stop", "--yes"}, []string{`"stop"`, "scale-to-zero"}},
		{"drain: keep what", []string{"drain-pool", "bad-pause", "--keep-paused", "--yes"}, []string{"--keep-paused", "--pause-pdb-blockers"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := own(t, c, tt.args...).Want(t, 1)
			wantOneLine(t, r, append(tt.words, "error: ")...)
			if r.Stdout != "" {
				t.Errorf("stdout:\n%s", r.Stdout)
			}
		})
	}
	// With nobody to ask, it is refused; the report is shown all the same.
	r := own(t, c, "pause-pdb-blockers", "deployment/bad-pause/web", "--mode=scale-to-zero").Want(t, 1)
	if !containsAll(r.Stderr, []string{"--yes", "nothing was touched", "bad-pause/web"}) {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
	for _, r := range audit.Requests(t) {
		if !isLook(r) {
			t.Errorf("it sent %s %s", r.Verb, r.RequestURI)
		}
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
}

// TestBlockerClasses: the verdicts over what the real disruption controller makes
// of the budgets.
func TestBlockerClasses(t *testing.T) {
	c := shared.Get(t).NewScope(t, "classes")
	c.Pool("classes", 4)
	apps := map[string]int32{"spec": 2, "size": 2, "half": 1, "several": 2, "unhealthy": 2, "open": 2}
	for app, replicas := range apps {
		c.Deployment(app, replicas, quick)
	}
	ready := func() {
		for app, replicas := range apps {
			c.Ready(app, int(replicas))
		}
	}
	ready() // of two budgets over one pod the controller counts a later change for one only
	c.PDB("spec", "100%", "", nil)
	c.PDB("size", "2", "", nil)
	c.PDB("half", "50%", "", nil)
	c.PDB("several", "1", "", nil)
	c.PDB("several-too", "", "1", &metav1.LabelSelector{MatchLabels: map[string]string{"app": "several"}})
	c.PDB("unhealthy", "1", "", nil)
	c.PDB("open", "1", "", nil)
	ready()
	orphan(t, c, "failed")
	c.PDB("failed", "", "1", nil)
	// Pods that are not Ready any more, and whose containers have failed before.
	for _, pod := range c.Pods("unhealthy") {
		unready(t, c, pod.Name)
	}
	c.Eventually("none is healthy", func(ctx context.Context) (bool, error) {
		pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "unhealthy", metav1.GetOptions{})
		return err == nil && pdb.Status.CurrentHealthy == 0 && len(c.Pods("unhealthy")) == 2, err
	})
	for _, pod := range c.Pods("unhealthy") {
		crash(t, c, pod.Name)
	}
	c.Eventually("the controller has judged them", func(ctx context.Context) (bool, error) {
		failed, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "failed", metav1.GetOptions{})
		return err == nil && len(failed.Status.Conditions) == 1 && failed.Status.Conditions[0].Reason == policyv1.SyncFailedReason, err
	})
	out := pause(t, c, 2, "--dry-run", "--pool=classes")
	want := map[string]struct{ class, code, words string }{
		"spec":      {"PermanentBySpec", "VU-201", "minAvailable 100%"},
		"size":      {"PermanentBySize", "VU-202", "minAvailable 2 of 2"},
		"half":      {"PermanentBySize", "VU-202", "50% (rounded up to 1) of 1"},
		"several":   {"Several", "VU-203", "several and several-too"},
		"unhealthy": {"Unhealthy", "VU-204", "CrashLoopBackOff"},
		"failed":    {"Failed", "VU-205", "cannot compute"},
	}
	for _, b := range out.Blockers {
		w, expected := want[b.PDB]
		delete(want, b.PDB)
		switch {
		case !expected || b.Class != w.class:
			t.Errorf("%s: %s (%s), want %s", b.PDB, b.Class, b.Cause, w.class)
		default:
			wantFinding(t, out.Findings, w.code, "pdb/classes/"+b.PDB, w.words)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// unready makes a running pod fail its readiness probe, and not recover.
func unready(t *testing.T, c *harness.Scope, name string) {
	t.Helper()
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, name, "--overwrite",
		"sandbox.upgrade.vantiq.com/start=never", "sandbox.upgrade.vantiq.com/start-fast=never").Want(t, 0)
}

// crash makes a pod look like one whose container does not come up.
func crash(t *testing.T, c *harness.Scope, name string) {
	t.Helper()
	body := `{"status":{"phase":"Running","containerStatuses":[{"name":"unhealthy","image":"x","imageID":"x","ready":false,"restartCount":9,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}`
	_, err := c.Client.CoreV1().Pods(c.Name).Patch(t.Context(), name, types.MergePatchType, []byte(body), metav1.PatchOptions{}, "status")
	if err != nil {
		t.Fatal(err)
	}
}

// orphan makes a pod whose controller is of a kind that the API server does not
// have.
func orphan(t *testing.T, c *harness.Scope, name string) {
	t.Helper()
	template := c.Template(name, quick)
	_, err := c.Client.CoreV1().Pods(c.Name).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: template.Labels, Annotations: template.Annotations,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: "Widget", Name: "w", UID: "00000000-0000-0000-0000-000000000001", Controller: new(true)}},
		},
		Spec: template.Spec,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTransientIsLeftAlone: a workload is never scaled because of a mere moment,
// not even when it is named.
func TestTransientIsLeftAlone(t *testing.T) {
	c := shared.Get(t).NewScope(t, "moment")
	c.Pool("moment", 2)
	c.Deployment("web", 3, quick)
	c.PDB("web", "2", "", nil)
	c.Ready("web", 3)
	// Its one permitted disruption is in use: a pod is not Ready for a while.
	unready(t, c, c.Pods("web")[0].Name)
	c.Eventually("nothing is allowed", func(ctx context.Context) (bool, error) {
		pdb, err := c.Client.PolicyV1().PodDisruptionBudgets(c.Name).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && pdb.Status.DisruptionsAllowed == 0 && pdb.Status.CurrentHealthy == 2, err
	})
	before := shapeOfDeployment(t, c, "web")
	for _, mode := range []string{"scale-to-zero", "surge", "relax"} {
		out := pause(t, c, 0, "deployment/moment/web", "--mode="+mode)
		if len(out.Blockers) != 1 || out.Blockers[0].Class != "Transient" || len(out.Paused) != 0 || out.Outcome != "NothingToDo" {
			t.Errorf("%s: %s %+v %+v", mode, out.Outcome, out.Blockers, out.Paused)
		}
	}
	same(t, "the Deployment", before, shapeOfDeployment(t, c, "web"))
}
