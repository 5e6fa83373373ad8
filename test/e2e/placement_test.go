// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// places runs placement-check.
func places(t *testing.T, s *harness.Sandbox, code int, args ...string) *v1alpha1.PlacementReport {
	t.Helper()
	return read[v1alpha1.PlacementReport](t, s.Plugin(t, append([]string{"placement-check", "-o", "json"}, args...)...).Want(t, code))
}

// placed is what a report says of a pod.
func placed(t *testing.T, r *v1alpha1.PlacementReport, name string) *v1alpha1.PlacedPod {
	t.Helper()
	for i := range r.Pods {
		if r.Pods[i].Namespace+"/"+r.Pods[i].Name == name {
			return &r.Pods[i]
		}
	}
	t.Fatalf("no pod %s in the report", name)
	return nil
}

// until waits for a moment that must come.
func until(t *testing.T, what string, done func(context.Context) (bool, error)) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 2*time.Minute, true, done); err != nil {
		t.Fatalf("waiting until %s: %v", what, err)
	}
}

// restarted deletes a pod of a StatefulSet and waits until its successor is
// Ready, while the scheduler may not use the nodes of a selector.
func restarted(t *testing.T, s *harness.Sandbox, away, namespace, name string) {
	t.Helper()
	s.Kubectl(t, "cordon", "-l", away).Want(t, 0)
	before, err := s.Client.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Kubectl(t, "delete", "pod", "-n", namespace, name).Want(t, 0)
	until(t, name+" is back", func(ctx context.Context) (bool, error) {
		pod, err := s.Client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		return err == nil && pod.UID != before.UID && harness.IsServing(pod), nil
	})
	s.Kubectl(t, "uncordon", "-l", away).Want(t, 0)
}

// moveAway drains a pool, lets the scheduler choose, and gives the pool back.
func moveAway(t *testing.T, s *harness.Sandbox, pool string) {
	t.Helper()
	s.Plugin(t, "drain-pool", pool, "--yes", "--delete-emptydir-data").Want(t, 0)
	s.Plugin(t, "uncordon-pool", pool).Want(t, 0)
}

const grafanaNode = "aks-grafananp-23518774-vmss000000"

// TestPlacementCheck goes through what a real scheduler does to the pods of a
// production cluster on AKS.
func TestPlacementCheck(t *testing.T) {
	s := layouts.Start(t, "aks")
	t.Run("all right", func(t *testing.T) { testAllRight(t, s) })
	t.Run("rights", func(t *testing.T) { testPlacementRights(t, s) })
	t.Run("input", func(t *testing.T) { testPlacementInput(t, s) })
	t.Run("the scheduler's own choice", func(t *testing.T) { testSchedulersChoice(t, s) })
	t.Run("relocated", func(t *testing.T) { testRelocated(t, s) })
	t.Run("watch", func(t *testing.T) { testPlacementWatch(t, s) })
	t.Run("keycloak on another pool", func(t *testing.T) { testKeycloakElsewhere(t, s) })
	t.Run("no room in the zone", func(t *testing.T) { testNoRoom(t, s) })
}

func testAllRight(t *testing.T, s *harness.Sandbox) {
	audit := s.Audit(t)
	r := places(t, s, 0)
	if r.Verdict != v1alpha1.PlacementRight || len(r.Findings) > 0 || r.Summary.Right != r.Summary.Pods || len(r.Nodes) != 14 || r.Installations[0] != "app" {
		t.Errorf("verdict %s, %+v, %d nodes, findings %+v", r.Verdict, r.Summary, len(r.Nodes), r.Findings)
	}
	lists := map[string]int{}
	for _, request := range audit.Requests(t) {
		if !request.IsPlugin() {
			continue
		}
		lists[request.ObjectRef.Resource]++
		if request.Verb != "list" {
			t.Errorf("it sent %s %s", request.Verb, request.RequestURI)
		}
	}
	for resource, n := range lists {
		if n != 1 {
			t.Errorf("%d requests for %s", n, resource)
		}
	}
	if out := s.Plugin(t, "placement-check").Want(t, 0).Stdout; !strings.Contains(out, "sts app/vantiq              3      3       vantiqnp") || !strings.Contains(out, "Right: ") {
		t.Errorf("stdout:\n%s", out)
	}
}

// testPlacementRights: volumes that may not be read are told, and never green.
func testPlacementRights(t *testing.T, s *harness.Sandbox) {
	u := newUsers(t, s.NewScope(t, "placement-rights"))
	all := declared(t, "placement-check")
	u.grant(t, "places-all", all)
	for i, right := range all {
		if strings.HasPrefix(right.Resource, "persistent") {
			u.grant(t, "places-less-"+right.Resource, less(all, i))
		}
	}
	u.known(t, "places-all", all)
	places(t, s, 0, "--as", "places-all")
	for i, right := range all {
		if !strings.HasPrefix(right.Resource, "persistent") {
			continue
		}
		user := "places-less-" + right.Resource
		u.known(t, user, less(all, i))
		r := places(t, s, 2, "--as", user)
		wantFinding(t, r.Findings, "VU-411", "may not list "+right.Resource)
		if len(r.NotChecked) != 1 || r.NotChecked[0].Check != "volumes" || r.Verdict != v1alpha1.PlacementWrong {
			t.Errorf("not checked: %+v, verdict %s", r.NotChecked, r.Verdict)
		}
		if out := s.Plugin(t, "placement-check", "--as", user).Want(t, 2).Stdout; !strings.Contains(out, "Not checked: volumes") {
			t.Errorf("stdout:\n%s", out)
		}
	}
}

func testPlacementInput(t *testing.T, s *harness.Sandbox) {
	text, err := os.ReadFile(filepath.Join("..", "..", "pkg", "profile", "vantiq.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "profile.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(string(text), "vantiqnp, VANTIQ-nodegroup", "elsewhere", 1))
	r := places(t, s, 2, "--profile", file)
	wantFinding(t, r.Findings, "VU-412", "role/vantiq", "elsewhere", "statefulset/app/vantiq")
	if p := placed(t, r, "app/vantiq-0"); p.Verdict != v1alpha1.PlacementWrong || p.Command != "" {
		t.Errorf("%+v", p)
	}
	write(strings.Replace(string(text), "- [grafana, grafanadb-mysql]", "- [grafana, nothing]", 1))
	tests := []struct{ args, words []string }{
		{[]string{"--pod", "app/vantiq"}, []string{`no pool "app/vantiq"`, "app/vantiq-0, app/vantiq-1, app/vantiq-2"}},
		{[]string{"--pod", "vantiq-0"}, []string{"namespace/name"}},
		{[]string{"--workload", "sts/app/mongo"}, []string{`no workload "statefulset/app/mongo"`, "statefulset/app/mongodb"}},
		{[]string{"--workload", "mongodb"}, []string{"kind/namespace/name"}},
		{[]string{"--watch", "-o", "json"}, []string{"--watch"}},
		{[]string{"--profile", file}, []string{"profile.yaml", "line ", "sameZone[0]", `"nothing"`}},
		{[]string{"app/vantiq-0"}, []string{"placement-check takes no arguments"}},
	}
	tests[0].words[0] = `no pod "app/vantiq"`
	for _, tt := range tests {
		wantOneLine(t, s.Plugin(t, append([]string{"placement-check"}, tt.args...)...).Want(t, 1), append(tt.words, "error: ")...)
	}
	if r := places(t, s, 0, "--workload", "sts/app/vantiq", "--pod", "shared/influxdb-0"); r.Summary.Pods != 4 {
		t.Errorf("%+v", r.Summary)
	}
}

// testSchedulersChoice: node affinity is only a wish, so that pods whose pool was
// drained stay where they went.
func testSchedulersChoice(t *testing.T, s *harness.Sandbox) {
	moveAway(t, s, "grafananp")
	moveAway(t, s, "metricsnp")
	r := places(t, s, 2)
	for name, belongs := range map[string]string{"shared/influxdb-0": "grafananp", "app/metrics-collector-0": "metricsnp"} {
		p := placed(t, r, name)
		if p.Verdict != v1alpha1.PlacementWrong || p.Pool == belongs || p.Belongs[0] != belongs || len(p.Room) != 1 || p.Since == nil {
			t.Errorf("%+v", p)
		}
		wantFinding(t, r.Findings, "VU-401", "pod/"+name, p.Node, "belongs on "+belongs, "room on "+p.Room[0], "placement-check --relocate --pod "+name)
	}
	for _, w := range []string{"app/vantiq-0", "app/mongodb-1", "shared/keycloak-2"} {
		if p := placed(t, r, w); p.Verdict != v1alpha1.PlacementRight {
			t.Errorf("%+v", p)
		}
	}
	terminal := s.StartTerminal(t, "xterm", "vantiq-upgrade", "placement-check", "--color=never")
	terminal.Wait().Want(t, 2)
	tables, _, _ := strings.Cut(terminal.Written(), "Error VU-")
	for line := range strings.Lines(tables) {
		if len([]rune(strings.TrimRight(line, " \r\n"))) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
}

// testRelocated: they are brought back, and nobody else moves; what is drained once
// more goes astray once more.
func testRelocated(t *testing.T, s *harness.Sandbox) {
	astray := places(t, s, 2)
	out := read[v1alpha1.PlacementReport](t, s.Plugin(t, "placement-check", "--relocate", "--yes", "-o", "json").Want(t, 0))
	moved := map[string]string{}
	for _, m := range out.Relocation.Moves {
		moved[m.Namespace+"/"+m.Pod] = m.State + " to " + m.ToPool
	}
	if len(moved) != 2 || moved["shared/influxdb-0"] != "Moved to grafananp" || moved["app/metrics-collector-0"] != "Moved to metricsnp" {
		t.Errorf("%v", moved)
	}
	after := places(t, s, 0)
	if after.Summary.Wrong > 0 {
		t.Errorf("%+v", after.Findings)
	}
	for i := range astray.Pods {
		if p := &astray.Pods[i]; p.Verdict == v1alpha1.PlacementRight && placed(t, after, p.Namespace+"/"+p.Name).Node != p.Node {
			t.Errorf("%s was moved, too", p.Name)
		}
	}
	moveAway(t, s, "grafananp")
	moveAway(t, s, "metricsnp")
}

// testPlacementWatch sees metrics-collector-0 come back to its pool: on a dumb
// terminal as a line, on another one in the area that is drawn in place.
func testPlacementWatch(t *testing.T, s *harness.Sandbox) {
	lines := s.StartTerminal(t, "dumb", "vantiq-upgrade", "placement-check", "--watch", "--pod", "app/metrics-collector-0")
	area := s.StartTerminal(t, "xterm", "vantiq-upgrade", "placement-check", "--watch")
	for _, terminal := range []*harness.Terminal{lines, area} {
		until(t, "the first report is there", func(context.Context) (bool, error) { return strings.Contains(terminal.Written(), "VU-401"), nil })
	}
	restarted(t, s, "agentpool!=metricsnp", "app", "metrics-collector-0")
	until(t, "the line is there", func(context.Context) (bool, error) {
		return strings.Contains(lines.Written(), "pod/app/metrics-collector-0 Wrong -> Right on metricsnp-vmss000000"), nil
	})
	until(t, "the area shows it", func(context.Context) (bool, error) {
		return strings.Contains(area.Written(), "sts app/metrics-collector   1      1 "), nil
	})
	for _, terminal := range []*harness.Terminal{lines, area} {
		if err := terminal.Process.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		terminal.Wait().Want(t, 130)
	}
	if strings.Contains(lines.Written(), "\x1b[") {
		t.Errorf("a dumb terminal was drawn on: %q", lines.Written())
	}
}

// testKeycloakElsewhere: one replica on another pool, and then two on one node.
func testKeycloakElsewhere(t *testing.T, s *harness.Sandbox) {
	restarted(t, s, "agentpool=keycloaknp", "shared", "keycloak-2")
	p := placed(t, places(t, s, 2), "shared/keycloak-2")
	if p.Verdict != v1alpha1.PlacementWrong || p.Codes[0] != "VU-401" || p.Belongs[0] != "keycloaknp" || len(p.Room) == 0 {
		t.Errorf("%+v", p)
	}
	first, err := s.Client.CoreV1().Pods("shared").Get(t.Context(), "keycloak-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	restarted(t, s, "kubernetes.io/hostname!="+first.Spec.NodeName, "shared", "keycloak-1")
	r := places(t, s, 2)
	wantFinding(t, r.Findings, "VU-404", "pod/shared/keycloak-1", "same node as keycloak-0", first.Spec.NodeName)
	if p := placed(t, r, "shared/keycloak-1"); p.Verdict != v1alpha1.PlacementWrong || len(p.Room) == 0 {
		t.Errorf("%+v", p)
	}
	keycloak := s.Record(t, "shared", "app.kubernetes.io/name=keycloak")
	out := read[v1alpha1.PlacementReport](t, s.Plugin(t, "placement-check", "--relocate", "--workload", "sts/shared/keycloak", "--yes", "-o", "json").Want(t, 0))
	if out.Relocation.Outcome != v1alpha1.RelocationDone || out.Summary.Wrong > 0 {
		t.Errorf("%+v", out.Relocation)
	}
	if keycloak.Lowest() < 2 {
		t.Errorf("Keycloak fell to %d Ready replicas", keycloak.Lowest())
	}
}

// testNoRoom: influxdb-0 is tied to its zone, and the one node there where it
// belongs is full; mongodb-0 finds no node in the zone of its volume at all.
func testNoRoom(t *testing.T, s *harness.Sandbox) {
	fillNode(t, s, grafanaNode)
	r := places(t, s, 2, "--pod", "shared/influxdb-0")
	if p := placed(t, r, "shared/influxdb-0"); len(p.Room) > 0 || p.NoRoom != "1 too full" || p.Command != "" {
		t.Errorf("%+v", p)
	}
	wantFinding(t, r.Findings, "VU-401", "no room: 1 too full", "make room")
	refused := read[v1alpha1.PlacementReport](t, s.Plugin(t, "placement-check", "--relocate", "--pod", "shared/influxdb-0", "--yes", "-o", "json").Want(t, 2))
	wantFinding(t, refused.Findings, "VU-422", "pod/shared/influxdb-0", "1 too full")
	if now := placed(t, places(t, s, 2), "shared/influxdb-0"); now.Node != placed(t, r, "shared/influxdb-0").Node {
		t.Errorf("it was moved to %s", now.Node)
	}
	s.Kubectl(t, "cordon", "-l", "topology.kubernetes.io/zone=japaneast-1").Want(t, 0)
	s.Kubectl(t, "delete", "pod", "-n", "app", "mongodb-0").Want(t, 0)
	until(t, "mongodb-0 is pending for more than a moment", func(context.Context) (bool, error) {
		r = read[v1alpha1.PlacementReport](t, s.Plugin(t, "placement-check", "-o", "json"))
		for _, f := range r.Findings {
			if f.Code == "VU-410" {
				return true, nil
			}
		}
		return false, nil
	})
	wantFinding(t, r.Findings, "VU-410", "pod/app/mongodb-0", "nodes are available", "belongs on mongodbnp", "no room", "2 in another zone than its volume", "1 cordoned")
	if p := placed(t, r, "app/mongodb-0"); p.Verdict != v1alpha1.PlacementPending || p.Node != "" || p.Command != "" {
		t.Errorf("%+v", p)
	}
}

// fillNode leaves no room on a node.
func fillNode(t *testing.T, s *harness.Sandbox, node string) {
	t.Helper()
	c := s.NewScope(t, "filler")
	template := c.Template("filler")
	template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
	n, err := s.Client.CoreV1().Nodes().Get(t.Context(), node, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	free := n.Status.Allocatable.Cpu().DeepCopy()
	pods, err := s.Client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		for _, container := range pods.Items[i].Spec.Containers {
			free.Sub(*container.Resources.Requests.Cpu())
		}
	}
	template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: free}
	_, err = s.Client.AppsV1().Deployments(c.Name).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "filler"},
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Ready("filler", 1)
}

// TestPlacementOnOlderEKS: node groups by the names that older clusters have.
func TestPlacementOnOlderEKS(t *testing.T) {
	s := layouts.Start(t, olderEKS(t))
	if r := places(t, s, 0); r.Verdict != v1alpha1.PlacementRight || len(r.Nodes) != 12 {
		t.Errorf("%s, %d nodes, %+v", r.Verdict, len(r.Nodes), r.Findings)
	}
	moveAway(t, s, "mertics")
	r := places(t, s, 2)
	p := placed(t, r, "app/metrics-collector-0")
	if p.Verdict != v1alpha1.PlacementWrong || p.Belongs[0] != "mertics-nodegroup" || len(p.Room) != 1 {
		t.Errorf("%+v", p)
	}
}

// olderEKS is the layout eks with the names of an older template.
func olderEKS(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "sandbox", "layouts", "eks", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all []string
	names := strings.NewReplacer("Keycloak-nodegroup", "keycloak-nodegroup", "Grafana-nodegroup", "grafana-nodegroup",
		"Metrics-nodegroup", "mertics-nodegroup", "Ai_assistant-nodegroup", "ai_assistant-nodegroup")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, names.Replace(string(text)))
	}
	layout := filepath.Join(t.TempDir(), "layout.yaml")
	if err := os.WriteFile(layout, []byte(strings.Join(all, "\n---\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return layout
}

// TestPlacementWithoutVantiq: the map is not asked, the rest is.
func TestPlacementWithoutVantiq(t *testing.T) {
	c := layouts.Start(t, "none").NewScope(t, "web")
	c.Pool("one", 1)
	c.Deployment("web", 2)
	c.Ready("web", 2)
	c.Pool("two", 1)
	s := c.Sandbox
	s.Kubectl(t, "wait", "--for=condition=Ready", "node/aks-two-12345678-vmss000000", "--timeout=60s").Want(t, 0)
	r := places(t, s, 0)
	if len(r.Installations) > 0 || r.Verdict != v1alpha1.PlacementPoor || r.Summary.Poor != 1 {
		t.Errorf("%s, %v, %+v", r.Verdict, r.Installations, r.Summary)
	}
	wantFinding(t, r.Findings, "VU-404", "pod/web/web-", "room on aks-two-12345678-vmss000000")
	out := c.Plugin(t, "placement-check").Want(t, 0).Stdout
	if !strings.Contains(out, "no Vantiq installation") || !strings.Contains(out, "Could be better") {
		t.Errorf("stdout:\n%s", out)
	}
	// A taint that came later is an error without a Vantiq, too.
	patch := `{"spec":{"taints":[{"key":"gpu","effect":"NoSchedule"}]}}`
	if _, err := c.Client.CoreV1().Nodes().Patch(t.Context(), "aks-one-12345678-vmss000000", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, places(t, s, 2).Findings, "VU-402", "gpu:NoSchedule")
}
