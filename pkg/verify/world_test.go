// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// moment is when the clusters of these tests are looked at.
var moment = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

// world is a cluster that is well, and what a test changes of it.
type world struct {
	Input
	cluster.Objects
	hpas []*autoscalingv2.HorizontalPodAutoscaler
}

// well has two nodes of a pool in two zones, on each a pod of the Deployment
// app/web, and one object of each kind that is compared.
func well() *world {
	w := &world{Input: Input{
		Survey:    &cluster.Survey{UID: "uid", Version: "v1.30.2", Endpoints: map[types.NamespacedName]int{{Namespace: "app", Name: "web"}: 2}},
		Now:       records(),
		Baseline:  records(),
		Source:    "before.yaml",
		Status:    &v1alpha1.StatusReport{},
		Placement: &v1alpha1.PlacementReport{},
		Time:      moment,
	}}
	w.Baseline.Time = metav1.NewTime(moment.Add(-2 * time.Hour))
	for i := range 2 {
		w.Nodes = append(w.Nodes, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i), Labels: map[string]string{"kubernetes.azure.com/agentpool": "webnp"}},
			Status: corev1.NodeStatus{
				NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.30.2"},
				Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
			},
		})
		w.Pods = append(w.Pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: fmt.Sprintf("web-%d", i), UID: types.UID(fmt.Sprintf("web-%d", i))},
			Spec:       corev1.PodSpec{NodeName: fmt.Sprintf("node-%d", i)},
			Status:     corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		})
	}
	return w
}

// records are those of the cluster that is well.
func records() *v1alpha1.ClusterSnapshot {
	s := &v1alpha1.ClusterSnapshot{
		Cluster:         v1alpha1.ClusterIdentity{UID: "uid", Version: "v1.30.2"},
		Workloads:       []v1alpha1.WorkloadRecord{{Kind: "deployment", Namespace: "app", Name: "web", Replicas: 2, Ready: 2, Images: []string{"web=web:1"}}},
		Budgets:         []v1alpha1.BudgetRecord{{Namespace: "app", Name: "web", MinAvailable: "1", Selector: "app=web"}},
		Claims:          []v1alpha1.ClaimRecord{{Namespace: "app", Name: "data", Phase: "Bound", Volume: "pv", Class: "fast", Size: "1Gi"}},
		Volumes:         []v1alpha1.VolumeRecord{{Name: "pv", Phase: "Bound", Claim: "app/data", Zones: []string{"zone-0"}, ReclaimPolicy: "Retain"}},
		Services:        []v1alpha1.ServiceRecord{{Namespace: "app", Name: "web", Type: "ClusterIP", Endpoints: 2}},
		StorageClasses:  []v1alpha1.StorageClassRecord{{Name: "fast", Provisioner: "disk", Default: true}},
		CronJobs:        []v1alpha1.CronJobRecord{{Namespace: "app", Name: "mongobackup", Schedule: "0 3 * * *"}},
		Webhooks:        []v1alpha1.WebhookRecord{{Kind: "validatingwebhookconfiguration", Name: "hook", Hooks: []v1alpha1.HookRecord{{Name: "a", FailurePolicy: "Fail"}}}},
		CustomResources: []v1alpha1.CRDRecord{{Name: "xs.example.com", Served: []string{"v1", "v1beta1"}}},
		Releases:        []v1alpha1.ReleaseRecord{{Namespace: "app", Name: "web", Revision: 3, Status: "deployed"}},
	}
	for i := range 2 {
		s.Nodes = append(s.Nodes, v1alpha1.NodeRecord{
			Name: fmt.Sprintf("node-%d", i), Pool: "webnp", Zone: fmt.Sprintf("zone-%d", i), Kubelet: "v1.30.2", Runtime: "containerd://1.7", OS: "Ubuntu", Ready: true,
			Labels: map[string]string{"team": "a", "kubernetes.azure.com/node-image-version": "1"},
		})
		s.Pods = append(s.Pods, v1alpha1.PodRecord{
			Namespace: "app", Name: fmt.Sprintf("web-%d", i), UID: fmt.Sprintf("web-%d", i), Workload: "deployment/app/web",
			Node: fmt.Sprintf("node-%d", i), Pool: "webnp", Zone: fmt.Sprintf("zone-%d", i), Phase: "Running", Ready: true,
		})
	}
	return s
}

// install makes app an installation of Vantiq.
func (w *world) install() {
	w.StatefulSets = append(w.StatefulSets, &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "vantiq", UID: "vantiq"}})
}

func (w *world) judge(t *testing.T) *v1alpha1.VerifyReport {
	t.Helper()
	p, err := profile.Load("")
	if err != nil {
		t.Fatal(err)
	}
	in := w.Input
	in.Snapshot = cluster.NewSnapshot(w.Objects).WithHPAs(w.hpas)
	in.Pools = pool.List(in.Snapshot.Nodes, p)
	in.Profile = disruption.ViewOf(in.Snapshot, p)
	return Judge(in)
}

// judged is a test of the judge: what differs from a cluster that is well, and
// everything that is to be said of it.
type judged struct {
	name   string
	change func(*world)
	// findings are CODE Severity object: message.
	findings []string
	// differences are group object field: before → after (CODE).
	differences []string
	// check is the one that is not OK or skipped, and how it is; several with commas.
	check string
}

func run(t *testing.T, tests []judged) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := well()
			tt.change(w)
			tt.hold(t, w.judge(t))
		})
	}
}

func (tt *judged) hold(t *testing.T, r *v1alpha1.VerifyReport) {
	t.Helper()
	var findings, differences, checks []string
	for _, f := range r.Findings {
		findings = append(findings, fmt.Sprintf("%s %s %s: %s", f.Code, f.Severity, f.Object, f.Message))
		if f.Remedy == "" {
			t.Errorf("%s says nothing of how to mend it", f.Code)
		}
	}
	for _, d := range r.Differences {
		differences = append(differences, fmt.Sprintf("%s %s %s: %s → %s (%s)", d.Group, d.Object, d.Field, d.Before, d.After, d.Code))
	}
	for _, c := range r.Checks {
		if c.State != v1alpha1.CheckOK && c.State != v1alpha1.CheckSkipped {
			checks = append(checks, c.Name+" "+string(c.State))
		}
	}
	if diff := cmp.Diff(tt.findings, findings); diff != "" {
		t.Errorf("findings, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(tt.differences, differences); diff != "" {
		t.Errorf("differences, -want +got:\n%s", diff)
	}
	var want []string
	if tt.check != "" {
		want = strings.Split(tt.check, ", ")
	}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Errorf("checks, -want +got:\n%s", diff)
	}
	failed := slices.ContainsFunc(r.Findings, func(f v1alpha1.Finding) bool { return f.Severity == v1alpha1.SeverityError })
	if passed := r.Outcome == v1alpha1.VerifyPassed; passed == failed {
		t.Errorf("outcome %s", r.Outcome)
	}
}
