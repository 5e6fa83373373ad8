// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// source is a small cluster.
func source() baseline.Source {
	node := fixture.Node("aks-mongodbnp-1", fixture.Pool("aks", "mongodbnp"), fixture.Zone("z1"), fixture.KubeletVersion("v1.29.4"),
		fixture.Cordoned(), fixture.Tainted("dedicated"), fixture.Label(corev1.LabelHostname, "aks-mongodbnp-1"), fixture.Label("machine", "aks-mongodbnp-1"))
	node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	node.Status.NodeInfo.ContainerRuntimeVersion, node.Status.NodeInfo.OSImage = "containerd://1.7", "Ubuntu"
	web, db, agent := fixture.Deployment("app/web", fixture.Replicas(2), fixture.Generation(4)), fixture.StatefulSet("app/db", fixture.Replicas(3)), fixture.DaemonSet("app/agent")
	web.Spec.Template.Spec = corev1.PodSpec{InitContainers: []corev1.Container{{Name: "init", Image: "i:1"}}, Containers: []corev1.Container{{Name: "web", Image: "w:2"}}}
	web.Status.ReadyReplicas, db.Status.ReadyReplicas = 1, 3
	agent.Status.DesiredNumberScheduled, agent.Status.NumberReady = 5, 4
	rs := fixture.ReplicaSetOf(web)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Namespace: "app", Name: "backup-1", UID: "job",
		OwnerReferences: []metav1.OwnerReference{{Kind: "CronJob", Name: "backup", Controller: new(true)}},
	}}
	other := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "once", UID: "once"}}
	ofJob := func(name string, job *batchv1.Job) *corev1.Pod {
		return fixture.Pod("app/"+name, fixture.ControlledBy("Job", job.Name, job.UID), fixture.Phase(corev1.PodSucceeded))
	}
	crashing := fixture.PodOf(rs, "web-1", node.Name, fixture.NotReady())
	crashing.Status.InitContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}}
	crashing.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 2}, {RestartCount: 4}}
	volume := fixture.PersistentVolume("v", fixture.ReachesZone("topology.disk.csi.azure.com/zone", "z1"))
	volume.Spec.ClaimRef = &corev1.ObjectReference{Namespace: "app", Name: "c"}
	volume.Spec.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("500Gi")}
	volume.Spec.PersistentVolumeReclaimPolicy, volume.Status.Phase = corev1.PersistentVolumeReclaimRetain, corev1.VolumeBound
	s := fixture.Snapshot(node, web, rs, db, agent,
		fixture.PodOf(db, "db-0", "gone"), crashing, fixture.PodOf(agent, "agent-1", node.Name), ofJob("backup-1-x", job), ofJob("once-x", other),
		fixture.Pod("app/alone", fixture.On("")), fixture.Pod("kube-system/static", fixture.On(node.Name), fixture.Mirror(), fixture.ControlledBy("Node", node.Name, "n")),
	)
	return baseline.Source{
		Snapshot: s, Pools: pool.List(s.Nodes, nil), Time: fixture.Epoch().Add(500 * time.Millisecond),
		Volumes: cluster.NewVolumes([]*corev1.PersistentVolume{volume}, []*corev1.PersistentVolumeClaim{fixture.PersistentVolumeClaim("app/c", "v")}),
		Survey: &cluster.Survey{
			UID: "u", Version: "v1.29.4", Jobs: []*batchv1.Job{job},
			Budgets: []*policyv1.PodDisruptionBudget{
				{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "half"}, Spec: policyv1.PodDisruptionBudgetSpec{
					MaxUnavailable: new(intstr.FromString("50%")), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}},
				}},
				{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "one"}, Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: new(intstr.FromInt32(1))}},
			},
			Services: []*corev1.Service{
				{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "none"}, Spec: corev1.ServiceSpec{Type: "ClusterIP"}},
				{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web"}, Spec: corev1.ServiceSpec{Type: "LoadBalancer"}},
			},
			Endpoints: map[types.NamespacedName]int{{Namespace: "app", Name: "web"}: 2},
			StorageClasses: []*storagev1.StorageClass{{
				ObjectMeta:  metav1.ObjectMeta{Name: "managed", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
				Provisioner: "disk", ReclaimPolicy: new(corev1.PersistentVolumeReclaimDelete), VolumeBindingMode: new(storagev1.VolumeBindingImmediate),
			}},
			CronJobs: []*batchv1.CronJob{{
				ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "backup"}, Spec: batchv1.CronJobSpec{Schedule: "0 3 * * *", Suspend: new(true)},
				Status: batchv1.CronJobStatus{LastSuccessfulTime: new(metav1.NewTime(fixture.Epoch()))},
			}},
			Mutating: []*admissionregistrationv1.MutatingWebhookConfiguration{{ObjectMeta: metav1.ObjectMeta{Name: "m"}, Webhooks: []admissionregistrationv1.MutatingWebhook{{
				Name: "a", FailurePolicy: new(admissionregistrationv1.Fail), ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "app", Name: "web"}},
			}}}},
			Validating: []*admissionregistrationv1.ValidatingWebhookConfiguration{{ObjectMeta: metav1.ObjectMeta{Name: "v"}, Webhooks: []admissionregistrationv1.ValidatingWebhook{{
				Name: "b", FailurePolicy: new(admissionregistrationv1.Ignore), ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: new("https://user:password@example.com")},
			}}}},
		},
	}
}

// TestOf: the records of a small cluster.
func TestOf(t *testing.T) {
	in := source()
	want := &v1alpha1.ClusterSnapshot{
		TypeMeta: v1alpha1.TypeMeta("ClusterSnapshot"), Time: metav1.NewTime(fixture.Epoch()),
		Cluster: v1alpha1.ClusterIdentity{UID: "u", Version: "v1.29.4"},
		Nodes: []v1alpha1.NodeRecord{{
			Name: "aks-mongodbnp-1", Pool: "mongodbnp", Zone: "z1", Kubelet: "v1.29.4", Runtime: "containerd://1.7", OS: "Ubuntu", Ready: true, Cordoned: true,
			Taints: []string{"dedicated:NoSchedule"}, Labels: map[string]string{"kubernetes.azure.com/agentpool": "mongodbnp", "topology.kubernetes.io/zone": "z1"},
		}},
		Workloads: []v1alpha1.WorkloadRecord{
			{Kind: "daemonset", Namespace: "app", Name: "agent", Replicas: 5, Ready: 4, Generation: 1},
			{Kind: "statefulset", Namespace: "app", Name: "db", Replicas: 3, Ready: 3, Generation: 1},
			{Kind: "deployment", Namespace: "app", Name: "web", Replicas: 2, Ready: 1, Images: []string{"init=i:1", "web=w:2"}, Generation: 4},
		},
		Pods: []v1alpha1.PodRecord{
			{Namespace: "app", Name: "agent-1", Workload: "daemonset/app/agent", Node: "aks-mongodbnp-1", Pool: "mongodbnp", Zone: "z1", Phase: "Running", Ready: true},
			{Namespace: "app", Name: "alone", Phase: "Running", Ready: true},
			{Namespace: "app", Name: "backup-1-x", Workload: "cronjob/app/backup", Phase: "Succeeded"},
			{Namespace: "app", Name: "db-0", Workload: "statefulset/app/db", Node: "gone", Phase: "Running", Ready: true},
			{Namespace: "app", Name: "once-x", Workload: "job/app/once", Phase: "Succeeded"},
			{Namespace: "app", Name: "web-1", Workload: "deployment/app/web", Node: "aks-mongodbnp-1", Pool: "mongodbnp", Zone: "z1", Phase: "Running", Restarts: 7},
			{Namespace: "kube-system", Name: "static", Node: "aks-mongodbnp-1", Pool: "mongodbnp", Zone: "z1", Phase: "Running", Ready: true},
		},
		Budgets:        []v1alpha1.BudgetRecord{{Namespace: "app", Name: "half", MaxUnavailable: "50%", Selector: "a=b"}, {Namespace: "app", Name: "one", MinAvailable: "1"}},
		Claims:         []v1alpha1.ClaimRecord{{Namespace: "app", Name: "c", Volume: "v"}},
		Volumes:        []v1alpha1.VolumeRecord{{Name: "v", Phase: "Bound", Claim: "app/c", Size: "500Gi", Zones: []string{"z1"}, ReclaimPolicy: "Retain"}},
		Services:       []v1alpha1.ServiceRecord{{Namespace: "app", Name: "none", Type: "ClusterIP"}, {Namespace: "app", Name: "web", Type: "LoadBalancer", Endpoints: 2}},
		StorageClasses: []v1alpha1.StorageClassRecord{{Name: "managed", Provisioner: "disk", Default: true, ReclaimPolicy: "Delete", BindingMode: "Immediate"}},
		CronJobs:       []v1alpha1.CronJobRecord{{Namespace: "app", Name: "backup", Schedule: "0 3 * * *", Suspended: true, LastSuccess: new(metav1.NewTime(fixture.Epoch()))}},
		Webhooks: []v1alpha1.WebhookRecord{
			{Kind: "mutatingwebhookconfiguration", Name: "m", Hooks: []v1alpha1.HookRecord{{Name: "a", FailurePolicy: "Fail", Service: "app/web"}}},
			{Kind: "validatingwebhookconfiguration", Name: "v", Hooks: []v1alpha1.HookRecord{{Name: "b", FailurePolicy: "Ignore"}}},
		},
		CustomResources: []v1alpha1.CRDRecord{}, Releases: []v1alpha1.ReleaseRecord{},
	}
	got := baseline.Of(in)
	for i := range got.Pods {
		if pod := in.Snapshot.Pod(got.Pods[i].Namespace, got.Pods[i].Name); got.Pods[i].UID != string(pod.UID) {
			t.Errorf("%s has uid %q", pod.Name, got.Pods[i].UID)
		}
		got.Pods[i].UID = ""
	}
	got.Claims[0].Phase, got.Claims[0].Class, got.Claims[0].Size = "", "", "" // as the fixture has it
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestStream: pods that come one by one, in any order, make the same records.
func TestStream(t *testing.T) {
	in := source()
	want, pods := baseline.Of(in), in.Snapshot.Pods()
	slices.Reverse(pods)
	in.Snapshot = in.Snapshot.WithPods(nil)
	got, err := baseline.Stream(t.Context(), in, func(_ context.Context, keep func(*corev1.Pod)) error {
		for _, pod := range pods {
			keep(pod)
		}
		return nil
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	broken := errors.New("broken pipe")
	if got, err := baseline.Stream(t.Context(), in, func(context.Context, func(*corev1.Pod)) error { return broken }); !errors.Is(err, broken) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestNotRead: every kind whose records are missing is named, those of volumes too.
func TestNotRead(t *testing.T) {
	in := source()
	in.Survey.Unread = []v1alpha1.UnreadKind{{Kind: "events", Reason: "forbidden: y"}, {Kind: "services", Reason: "forbidden: x"}}
	in.Volumes.Unread = []string{"persistentvolumes"}
	want := []v1alpha1.UnreadKind{
		{Kind: "persistentvolumes", Reason: "forbidden: the current user may not list persistentvolumes"},
		{Kind: "services", Reason: "forbidden: x"},
	}
	if diff := cmp.Diff(want, baseline.Of(in).NotRead); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
