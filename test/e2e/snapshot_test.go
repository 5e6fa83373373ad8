// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// releaseValue is what Helm keeps in the Secret of a release; nobody may see it.
const releaseValue = "the-values-of-the-release"

const exampleCRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: xs.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: xs, kind: X}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
  - {name: v1beta1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
`

// addExtras adds what no layout has: a Helm release, a webhook, a custom resource.
func addExtras(t *testing.T, s *harness.Sandbox) {
	t.Helper()
	for revision, status := range []string{"superseded", "deployed"} {
		_, err := s.Client.CoreV1().Secrets("app").Create(t.Context(), &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Name:   fmt.Sprintf("sh.helm.release.v1.vantiq.v%d", revision+1),
				Labels: map[string]string{"owner": "helm", "name": "vantiq", "version": strconv.Itoa(revision + 1), "status": status},
			},
			Type: "helm.sh/release.v1", StringData: map[string]string{"release": releaseValue},
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "hook"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "hook.example.com", FailurePolicy: new(admissionregistrationv1.Ignore), SideEffects: new(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
			ClientConfig:            admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "shared", Name: "hook"}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	crd := filepath.Join(t.TempDir(), "crd.yaml")
	if err := os.WriteFile(crd, []byte(exampleCRD), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Kubectl(t, "apply", "-f", crd).Want(t, 0)
	s.Kubectl(t, "wait", "--for=condition=Established", "crd/xs.example.com", "--timeout=30s").Want(t, 0)
}

// TestSnapshot takes snapshots of the AKS layout, to files and into the cluster.
func TestSnapshot(t *testing.T) {
	s := layouts.Start(t, "aks")
	addExtras(t, s)
	dir := t.TempDir()
	s = s.From(dir)
	t.Run("file", func(t *testing.T) { snapshotToFile(t, s, dir) })
	t.Run("stdout", func(t *testing.T) { snapshotToStdout(t, s) })
	t.Run("cluster", func(t *testing.T) { snapshotToCluster(t, s, dir) })
	t.Run("locked", func(t *testing.T) { snapshotLocked(t, s) })
	t.Run("dry run", func(t *testing.T) { snapshotDryRun(t, s) })
	t.Run("secrets", func(t *testing.T) { snapshotReadsNoSecret(t, s) })
	t.Run("interrupt", func(t *testing.T) { snapshotInterrupted(t, s) })
	t.Run("rights", func(t *testing.T) { snapshotRights(t, s) })
}

// readSnapshot reads a file as verify does.
func readSnapshot(t *testing.T, name string) *v1alpha1.ClusterSnapshot {
	t.Helper()
	out, err := baseline.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func snapshotToFile(t *testing.T, s *harness.Sandbox, dir string) {
	r := s.Plugin(t, "snapshot").Want(t, 0)
	names, err := filepath.Glob(filepath.Join(dir, "snapshot-sandbox-*.yaml.gz"))
	if err != nil || len(names) != 1 {
		t.Fatalf("files %v, %v", names, err)
	}
	if want := "kubectl vantiq-upgrade verify --baseline " + filepath.Base(names[0]); !containsAll(r.Stdout, []string{want, "Written to " + filepath.Base(names[0])}) {
		t.Errorf("no %q in:\n%s", want, r.Stdout)
	}
	info, err := os.Stat(names[0])
	if err != nil || info.Size() > 1_000_000 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	wantAKS(t, readSnapshot(t, names[0]))

	// What is there stays, and nothing else is left behind.
	wantOneLine(t, s.Plugin(t, "snapshot", "before.yaml").Want(t, 0))
	before := filepath.Join(dir, "before.yaml")
	first := readSnapshot(t, before)
	wantOneLine(t, s.Plugin(t, "snapshot", "before.yaml").Want(t, 1), "before.yaml exists already", "--overwrite")
	if second := readSnapshot(t, before); second.Name != first.Name {
		t.Error("the file was replaced")
	}
	report := read[v1alpha1.SnapshotReport](t, s.Plugin(t, "snapshot", "before.yaml", "--overwrite", "-o", "json").Want(t, 0))
	if second := readSnapshot(t, before); second.Name == first.Name || report.Name != second.Name || report.File != "before.yaml" || report.Counts["nodes"] != 14 {
		t.Errorf("the file has %s, the report says %+v", second.Name, report)
	}
	wantOneLine(t, s.Plugin(t, "snapshot", "missing/before.yaml").Want(t, 1), "no folder")
	wantOneLine(t, s.Plugin(t, "snapshot", ".").Want(t, 1), "is a folder")
	files, err := os.ReadDir(dir)
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".tmp") {
			t.Errorf("%s is left behind", file.Name())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// wantAKS holds a snapshot against the layout.
func wantAKS(t *testing.T, s *v1alpha1.ClusterSnapshot) {
	t.Helper()
	if s.Cluster.UID == "" || s.Cluster.Context != "sandbox" || s.Cluster.Version == "" || s.NotRead != nil {
		t.Errorf("%+v, not read %v", s.Cluster, s.NotRead)
	}
	pools := map[string]int{}
	for _, node := range s.Nodes {
		pools[node.Pool]++
		if !node.Ready || node.Zone == "" || node.Labels["kubernetes.io/hostname"] != "" || !strings.HasPrefix(node.Kubelet, "v1.") {
			t.Errorf("%+v", node)
		}
	}
	if len(s.Nodes) != 14 || pools["mongodbnp"] != 3 || pools["vantiqnp"] != 3 || pools["keycloaknp"] != 3 {
		t.Errorf("%d nodes in %v", len(s.Nodes), pools)
	}
	mongodb := slices.IndexFunc(s.Workloads, func(w v1alpha1.WorkloadRecord) bool { return w.Kind == "statefulset" && w.Name == "mongodb" })
	if mongodb < 0 || s.Workloads[mongodb].Replicas != 3 || s.Workloads[mongodb].Ready != 3 || !slices.Contains(s.Workloads[mongodb].Images, "mongodb=mongo:4.2.5") {
		t.Errorf("workloads %+v", s.Workloads)
	}
	member := slices.IndexFunc(s.Pods, func(p v1alpha1.PodRecord) bool { return p.Name == "mongodb-0" })
	if member < 0 || s.Pods[member].Workload != "statefulset/app/mongodb" || s.Pods[member].Pool != "mongodbnp" || s.Pods[member].Phase != "Running" || s.Pods[member].Zone == "" {
		t.Errorf("pods %+v", s.Pods)
	}
	if !slices.ContainsFunc(s.Services, func(r v1alpha1.ServiceRecord) bool { return r.Name == "keycloak-http" && r.Endpoints == 3 }) {
		t.Errorf("services %+v", s.Services)
	}
	if len(s.Budgets) != 3 || len(s.Claims) != 6 || len(s.Volumes) != 6 || s.Claims[0].Phase != "Bound" || len(s.CronJobs) != 1 || len(s.StorageClasses) != 1 {
		t.Errorf("counts %v", baseline.Counts(s))
	}
	if !slices.Contains(s.Releases, v1alpha1.ReleaseRecord{Namespace: "app", Name: "vantiq", Revision: 2, Status: "deployed"}) {
		t.Errorf("releases %+v", s.Releases)
	}
	if len(s.CustomResources) != 1 || !slices.Equal(s.CustomResources[0].Served, []string{"v1"}) || len(s.Webhooks) != 1 || s.Webhooks[0].Hooks[0].Service != "shared/hook" {
		t.Errorf("custom resources %+v, webhooks %+v", s.CustomResources, s.Webhooks)
	}
}

func snapshotToStdout(t *testing.T, s *harness.Sandbox) {
	r := s.Plugin(t, "snapshot", "-").Want(t, 0)
	out, err := baseline.Read(strings.NewReader(r.Stdout))
	if err != nil || len(out.Nodes) != 14 || !strings.Contains(r.Stderr, "StorageClasses") {
		t.Errorf("%v\nstderr:\n%s", err, r.Stderr)
	}
	wantOneLine(t, s.Plugin(t, "snapshot", "-", "-o", "json").Want(t, 1), "give one of them")
}

// kept are the names of what the cluster keeps, newest first.
func kept(t *testing.T, s *harness.Sandbox) []string {
	t.Helper()
	all, err := storeOf(s).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, stored := range all {
		if stored.Whole {
			names = append(names, stored.Name)
		}
	}
	return names
}

func storeOf(s *harness.Sandbox) *baseline.Store {
	return &baseline.Store{ConfigMaps: s.Client.CoreV1().ConfigMaps("kube-system")}
}

func snapshotToCluster(t *testing.T, s *harness.Sandbox, dir string) {
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for range 7 {
		r := read[v1alpha1.SnapshotReport](t, s.Plugin(t, "snapshot", "--to-cluster", "-o", "json").Want(t, 0))
		if r.File != "" || r.InCluster != r.Name {
			t.Errorf("%+v", r)
		}
		names = append(names, r.InCluster)
	}
	after, err := os.ReadDir(dir)
	if err != nil || len(before) != len(after) {
		t.Errorf("%d files, before %d, %v", len(after), len(before), err)
	}
	// Which of those of one second are the older ones is all the same.
	left := kept(t, s)
	if len(left) != 5 || slices.ContainsFunc(left, func(name string) bool { return !slices.Contains(names, name) }) {
		t.Errorf("the cluster keeps %v of %v", left, names)
	}
	latest, err := storeOf(s).Latest(t.Context())
	if err != nil || latest.Name != left[0] {
		t.Fatalf("%v, %v", latest, err)
	}
	wantAKS(t, latest)

	r := s.Plugin(t, "snapshot", "both.yaml.gz", "--to-cluster").Want(t, 0)
	both := readSnapshot(t, filepath.Join(dir, "both.yaml.gz"))
	loaded, err := storeOf(s).Load(t.Context(), both.Name)
	var a, b bytes.Buffer
	if err != nil || baseline.Write(&a, both) != nil || baseline.Write(&b, loaded) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("the file and the cluster differ, %v", err)
	}
	if !containsAll(r.Stdout, []string{"Kept in the cluster as " + both.Name, "--baseline both.yaml.gz"}) {
		t.Errorf("stdout:\n%s", r.Stdout)
	}
	if status := s.Plugin(t, "status").Want(t, 0); strings.Contains(status.Stdout, "snapshot") {
		t.Errorf("the journal shows it, or the lock is held:\n%s", status.Stdout)
	}
}

// snapshotLocked: while somebody works the cluster is not as it was before, so only a
// file is written.
func snapshotLocked(t *testing.T, s *harness.Sandbox) {
	_, lock, err := journal.Locker{
		Leases: s.Client.CoordinationV1().Leases(journal.Namespace), Clock: clock.RealClock{}, Now: time.Now,
		Holder: journal.Holder{Operator: "hanako@bastion", Command: "drain-pool mongodbnp"},
	}.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := kept(t, s)
	r := s.Plugin(t, "snapshot", "locked.yaml", "--to-cluster").Want(t, 4)
	if !containsAll(r.Stderr, []string{"hanako@bastion", "drain-pool mongodbnp"}) || !slices.Equal(before, kept(t, s)) {
		t.Errorf("stderr:\n%s", r.Stderr)
	}
	s.Plugin(t, "snapshot", "locked.yaml").Want(t, 0) // it was not there
	if err := lock.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func snapshotDryRun(t *testing.T, s *harness.Sandbox) {
	before := kept(t, s)
	for _, mode := range []string{"client", "server"} {
		r := s.Plugin(t, "snapshot", "dry.yaml", "--to-cluster", "--dry-run="+mode).Want(t, 0)
		if !strings.Contains(r.Stdout, "Nothing was written (dry run: "+mode+")") {
			t.Errorf("stdout:\n%s", r.Stdout)
		}
	}
	if after := kept(t, s); !slices.Equal(before, after) {
		t.Errorf("the cluster keeps %v, before %v", after, before)
	}
	wantOneLine(t, s.Plugin(t, "snapshot", "dry.yaml").Want(t, 0)) // it was not there
}

// snapshotReadsNoSecret looks at what the API server answered: of Secrets nothing
// but metadata.
func snapshotReadsNoSecret(t *testing.T, s *harness.Sandbox) {
	tap := startTap(t, s)
	s.Via(tap.kubeconfig).Plugin(t, "snapshot", "tapped.yaml").Want(t, 0)
	seen := 0
	for _, answer := range tap.all() {
		if strings.HasPrefix(answer.path, "/api/v1/secrets") {
			seen++
			if !strings.Contains(answer.accept, "as=PartialObjectMetadataList") || strings.Contains(answer.accept, "json,") {
				t.Errorf("secrets were asked for as %s", answer.accept)
			}
		}
		for _, secret := range []string{releaseValue, base64Of(releaseValue)} {
			if strings.Contains(answer.body, secret) {
				t.Errorf("the answer to %s has the value of a Secret", answer.path)
			}
		}
	}
	if seen == 0 {
		t.Error("nobody asked for Helm releases")
	}
}

// snapshotInterrupted: Ctrl-C while it reads ends it at once, and leaves nothing.
func snapshotInterrupted(t *testing.T, s *harness.Sandbox) {
	tap := startTap(t, s)
	arrived := tap.hold("/api/v1/pods")
	dir := t.TempDir()
	p := s.Via(tap.kubeconfig).From(dir).StartPlugin(t, "snapshot", "half.yaml")
	<-arrived
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.Wait().Want(t, 130)
	late := s.Via(tap.kubeconfig).From(dir).StartPlugin(t, "snapshot", "half.yaml", "--timeout", "1s")
	wantOneLine(t, late.Wait().Want(t, 1), "it took longer than --timeout 1s; nothing was changed")
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// snapshotRights: with the rights of plugins.yaml all is read, and without those of
// --to-cluster nothing is kept there.
func snapshotRights(t *testing.T, s *harness.Sandbox) {
	c := s.NewScope(t, "snapshot-rights")
	u := newUsers(t, c)
	all := declared(t, "snapshot --to-cluster")
	u.grant(t, "snapshooter", all)
	u.known(t, "snapshooter", all)
	exact := read[v1alpha1.SnapshotReport](t, c.Plugin(t, "snapshot", "exact.yaml", "--to-cluster", "-o", "json", "--as", "snapshooter").Want(t, 0))
	if len(exact.Findings) > 0 || exact.InCluster == "" {
		t.Errorf("%+v", exact)
	}
	base := declared(t, "snapshot")
	u.grant(t, "reader", base)
	u.known(t, "reader", base)
	refused := c.Plugin(t, "snapshot", "--to-cluster", "--as", "reader").Want(t, 2)
	if !containsAll(refused.Stderr, []string{"may not create configmaps in namespace kube-system", "may not update leases", "nothing was touched"}) {
		t.Errorf("stderr:\n%s", refused.Stderr)
	}
}
