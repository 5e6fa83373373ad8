// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

func TestJudge(t *testing.T) {
	metrics, influx := fixture.StatefulSet("app/metrics-collector"), fixture.StatefulSet("shared/influxdb")
	keycloak := fixture.StatefulSet("shared/keycloak", fixture.Replicas(3))
	web := fixture.StatefulSet("other/web", fixture.Replicas(2))
	agents := fixture.DaemonSet("other/agent")
	agentsOfGrafana := fixture.DaemonSet("other/agent")
	agentsOfGrafana.Spec.Template.Spec.NodeSelector = map[string]string{"vantiq.com/workload-preference": "influxdb"}
	prom := fixture.StatefulSet("shared/telegraf-prom")
	grafana, db := fixture.Deployment("shared/grafana"), fixture.Deployment("shared/grafanadb-mysql")
	grafanaRS, dbRS := fixture.ReplicaSetOf(grafana), fixture.ReplicaSetOf(db)
	base := with(nodes(), vantiq()...)
	disk, claim := fixture.PersistentVolume("disk", fixture.Zone("z1")), fixture.PersistentVolumeClaim("shared/data", "disk")
	tests := map[string]struct {
		world []any
		want  []string
	}{
		"all right": {with(base, keycloak, fixture.PodsOf(keycloak, "keycloaknp-0", "keycloaknp-1", "keycloaknp-2")), nil},
		"a pod of a relocation among vantiq": {
			with(base, fixture.Pod("kube-system/keep-off", fixture.On("vantiqnp-0"), fixture.Label(journal.KeepOffLabel, "20261123-103305-x7k2p"))), nil,
		},
		// The label is the same, so the scheduler is content; the map is not.
		"metrics-collector among vantiq": {
			with(base, metrics, fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1", fixture.PrefersNodes("compute"))),
			[]string{"Error VU-401 pod/app/metrics-collector-0: on pool vantiqnp, belongs on metricsnp; on vantiqnp-1; room on metricsnp-0"},
		},
		"of a pool that is full": {
			with(base, metrics, fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1", fixture.Requests("1")),
				fixture.Pod("other/big", fixture.On("metricsnp-0"), fixture.Requests("3500m"))),
			[]string{"Error VU-401 pod/app/metrics-collector-0: on pool vantiqnp, belongs on metricsnp; on vantiqnp-1; no room: 1 too full"},
		},
		"two that hold each other's place": {
			with(except(base, "vantiqnp-1", "vantiqnp-2"), metrics,
				fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", fixture.Requests("3")),
				fixture.PodOf(influx, "influxdb-0", "metricsnp-0", fixture.Requests("3")), influx,
				fixture.Pod("other/big", fixture.On("grafananp-0"), fixture.Requests("1"))),
			[]string{
				"Error VU-401 pod/app/metrics-collector-0: on pool vantiqnp, belongs on metricsnp; on vantiqnp-0; no room: 1 too full; there will be on metricsnp-0 once misplaced pods have left it",
				"Error VU-401 pod/app/vantiq-1: on pool <none>, belongs on vantiqnp; on vantiqnp-1; room on vantiqnp-0",
				"Error VU-401 pod/app/vantiq-2: on pool <none>, belongs on vantiqnp; on vantiqnp-2; room on vantiqnp-0",
				"Error VU-401 pod/shared/influxdb-0: on pool metricsnp, belongs on grafananp; on metricsnp-0; room on grafananp-0",
			},
		},
		"a node selector that matches no more": {
			with(base, web, fixture.PodOf(web, "web-0", "keycloaknp-0", fixture.NodeSelector("disk", "fast"))),
			[]string{"Error VU-402 pod/other/web-0: its node selector or required node affinity does not match its node any more; on keycloaknp-0; no room: 4 not of its node affinity"},
		},
		"a taint that came later": {
			with(base, node("spare", "", 0, fixture.Tainted("gpu")), web, fixture.PodOf(web, "web-0", "spare-0", fixture.NodeSelector("vantiq.com/workload-preference", ""))),
			[]string{"Error VU-402 pod/other/web-0: does not tolerate the taint gpu:NoSchedule of its node; on spare-0; no room: 5 not of its node affinity"},
		},
		"a cordon says nothing": {
			with(base, node("spare", "", 0, fixture.Cordoned(), fixture.Tainted(corev1.TaintNodeUnschedulable)), web, fixture.PodOf(web, "web-0", "spare-0")), nil,
		},
		"a better node has room": {
			with(base, prom, fixture.PodOf(prom, "telegraf-prom-0", "metricsnp-0", fixture.PrefersNodes("shared"))),
			[]string{"Warning VU-403 pod/shared/telegraf-prom-0: another node fits its preferred node affinity better; on metricsnp-0; room on keycloaknp-0"},
		},
		"a better node is full": {
			with(base, influx, fixture.Pod("other/big", fixture.On("grafananp-0"), fixture.Requests("4")), prom,
				fixture.PodOf(prom, "telegraf-prom-0", "metricsnp-0", fixture.PrefersNodes("influxdb"), fixture.Requests("1"))), nil,
		},
		"two replicas of a known workload on one node": {
			with(base, keycloak, fixture.PodsOf(keycloak, "keycloaknp-0", "keycloaknp-0", "keycloaknp-2")),
			[]string{
				"Error VU-404 pod/shared/keycloak-1: on the same node as keycloak-0; on keycloaknp-0; room on keycloaknp-1",
				"Warning VU-405 statefulset/shared/keycloak: its replicas are spread unevenly over the zones: z1 2, z2 0, z3 1; keycloak-1 could go to z2; on keycloaknp-0; room on keycloaknp-1",
			},
		},
		"two replicas, and no other node": {
			with(except(base, "keycloaknp-1"), keycloak, fixture.PodsOf(keycloak, "keycloaknp-0", "keycloaknp-0", "keycloaknp-2")),
			[]string{"Warning VU-404 pod/shared/keycloak-1: on the same node as keycloak-0, and there is no other node where it belongs without a replica; on keycloaknp-0; no room: 1 with another replica"},
		},
		"two replicas of another workload on one node": {
			with(base, web, fixture.PodsOf(web, "keycloaknp-0", "keycloaknp-0")),
			[]string{
				"Warning VU-404 pod/other/web-1: on the same node as web-0; on keycloaknp-0; room on keycloaknp-1",
				"Warning VU-405 statefulset/other/web: its replicas are spread unevenly over the zones: z1 2, z2 0, z3 0; web-1 could go to z2; on keycloaknp-0; room on keycloaknp-1",
			},
		},
		"a volume in another zone, by the older label": {
			with(base, fixture.PersistentVolume("disk", fixture.Label(corev1.LabelFailureDomainBetaZone, "z2")), claim,
				keycloak, fixture.PodOf(keycloak, "keycloak-0", "keycloaknp-0", fixture.Claim("data"))),
			[]string{"Error VU-406 pod/shared/keycloak-0: its volume disk is in zone z2; its node is in zone z1; on keycloaknp-0; room on keycloaknp-1"},
		},
		"a volume that no node reaches": {
			with(base, fixture.PersistentVolume("disk", fixture.ReachesZone(corev1.LabelTopologyZone, "z9")), claim,
				influx, fixture.PodOf(influx, "influxdb-0", "grafananp-0", fixture.Claim("data"))),
			[]string{"Error VU-406 pod/shared/influxdb-0: its volume disk is in zone z9; its node is in zone z1; on grafananp-0; no room: there is no other node"},
		},
		"partners in two zones": {
			with(base, grafana, grafanaRS, db, dbRS, fixture.PodOf(grafanaRS, "grafana-x", "keycloaknp-2"), fixture.PodOf(dbRS, "db-x", "grafananp-0")),
			[]string{"Error VU-407 pod/shared/grafana-x: in zone z3, but grafanadb-mysql is in z1; on keycloaknp-2; room on keycloaknp-0"},
		},
		"partners held apart by a volume": {
			with(base, grafana, grafanaRS, db, dbRS, claim, fixture.PersistentVolume("disk", fixture.Zone("z3")),
				fixture.PodOf(grafanaRS, "grafana-x", "keycloaknp-2", fixture.Claim("data")), fixture.PodOf(dbRS, "db-x", "metricsnp-0")),
			[]string{"Error VU-407 pod/shared/grafana-x: in zone z3, but grafanadb-mysql is in z1; on keycloaknp-2; no room: 3 in another zone than its volume, 1 not in the zone of grafanadb-mysql"},
		},
		"a foreigner": {
			with(base, prom, fixture.PodOf(prom, "telegraf-prom-0", "mongodbnp-0")),
			[]string{"Warning VU-408 pod/shared/telegraf-prom-0: on pool mongodbnp, which is reserved for mongodb; on mongodbnp-0; room on grafananp-0"},
		},
		"a DaemonSet misses a node": {
			with(base, agentsOfGrafana), []string{"Error VU-409 daemonset/other/agent: no Ready pod on 1 of the nodes where it should run: grafananp-0"},
		},
		"a DaemonSet's pod is not Ready": {
			with(except(base, "metricsnp-0"), agentsOfGrafana, fixture.PodOf(agents, "agent-x", "grafananp-0", fixture.Waiting("CrashLoopBackOff", "x", 3))),
			[]string{"Error VU-409 daemonset/other/agent: no Ready pod on 1 of the nodes where it should run: grafananp-0; agent-x: CrashLoopBackOff (container main): x"},
		},
		"a DaemonSet is on its node": {with(base, agentsOfGrafana, fixture.PodOf(agents, "agent-x", "grafananp-0")), nil},
		"a pod that the scheduler cannot place": {
			with(base, influx, disk, claim, fixture.Pod("other/big", fixture.On("grafananp-0"), fixture.Requests("4")),
				fixture.PodOf(influx, "influxdb-0", "", fixture.Unschedulable("0/11 nodes are available"), fixture.Claim("data"), fixture.Requests("1"))),
			[]string{"Error VU-410 pod/shared/influxdb-0: 0/11 nodes are available; belongs on grafananp; no room: 1 too full"},
		},
		"what may not be read is never green": {
			with(base, forbidden("persistentvolumes")),
			[]string{"Error VU-411 check/volumes: not checked whether pods are in the zones of their volumes: forbidden: the current user may not list persistentvolumes"},
		},
		"a role without a pool": {
			with(except(base, "metricsnp-0"), metrics, fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1")),
			[]string{"Error VU-412 role/metrics: no pool of this cluster has this role (the profile knows metricsnp, Metrics-nodegroup, mertics-nodegroup); statefulset/app/metrics-collector: nobody can say whether the pods are right"},
		},
		"a known name in another group is not known": {
			with(base, fixture.Pod("shared/influx-0", fixture.ControlledBy("StatefulSet.apps.kruise.io", "influxdb", "i"), fixture.On("keycloaknp-0"))), nil,
		},
		"a pod of another group's DaemonSet is where it belongs": {
			with(base, fixture.Pod("app/agent-a", fixture.ControlledBy("DaemonSet.apps.kruise.io", "agent", "a"), fixture.On("mongodbnp-0"), fixture.PrefersNodes("influxdb"))), nil,
		},
		"so is one that ends by itself": {
			with(base, fixture.Pod("app/step", fixture.ControlledBy("Workflow.argoproj.io", "nightly", "n"), fixture.On("mongodbnp-0"), fixture.PrefersNodes("influxdb"),
				func(o metav1.Object) { o.(*corev1.Pod).Spec.RestartPolicy = corev1.RestartPolicyNever })), nil,
		},
		"a Job's pod may be anywhere": {
			with(base, fixture.Pod("app/mongobackup-1", fixture.ControlledBy("Job", "mongobackup", "j"), fixture.On("mongodbnp-0"), fixture.PrefersNodes("influxdb"))), nil,
		},
		"finished, static and ending pods don't count": {
			with(base,
				fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-0", fixture.Phase(corev1.PodSucceeded)),
				fixture.PodOf(metrics, "metrics-collector-1", "vantiqnp-0", fixture.Terminating()),
				fixture.Pod("kube-system/proxy", fixture.On("mongodbnp-0"), fixture.Mirror())), nil,
		},
		"no installation, no map": {
			with(nodes(), keycloak, fixture.PodsOf(keycloak, "mongodbnp-0", "mongodbnp-1", "vantiqnp-2")), nil,
		},
		"no installation, but a spread": {
			with(nodes(), keycloak, fixture.PodsOf(keycloak, "mongodbnp-0", "mongodbnp-0", "mongodbnp-1")),
			[]string{
				"Warning VU-404 pod/shared/keycloak-1: on the same node as keycloak-0; on mongodbnp-0; room on keycloaknp-2",
				"Warning VU-405 statefulset/shared/keycloak: its replicas are spread unevenly over the zones: z1 2, z2 1, z3 0; keycloak-1 could go to z3; on mongodbnp-0; room on keycloaknp-2",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, outline(world(t, tt.world...))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestReport looks at what else a report says.
func TestReport(t *testing.T) {
	metrics := fixture.StatefulSet("app/metrics-collector")
	r := world(t, with(with(nodes(), vantiq()...), metrics,
		fixture.PodOf(metrics, "metrics-collector-0", "vantiqnp-1", fixture.Requests("500m")),
		fixture.Pod("other/waits", fixture.Phase(corev1.PodPending)))...)
	if diff := cmp.Diff(v1alpha1.PlacementSummary{Pods: 8, Right: 6, Wrong: 1, Pending: 1}, r.Summary); diff != "" || r.Verdict != v1alpha1.PlacementWrong {
		t.Errorf("verdict %s, -want +got:\n%s", r.Verdict, diff)
	}
	p := podOf(t, r, "app/metrics-collector-0")
	want := v1alpha1.PlacedPod{
		Namespace: "app", Name: "metrics-collector-0", Workload: "statefulset/app/metrics-collector",
		Node: "vantiqnp-1", Pool: "vantiqnp", Zone: "z2", Since: p.Since, Verdict: v1alpha1.PlacementWrong, Known: true,
		Belongs: []string{"metricsnp"}, Codes: []string{"VU-401"}, Room: []string{"metricsnp-0"}, Expected: "metricsnp-0",
		Command: "kubectl vantiq-upgrade placement-check --relocate --pod app/metrics-collector-0",
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !p.Since.Time.Equal(fixture.Epoch()) {
		t.Errorf("since %s", p.Since)
	}
	if diff := cmp.Diff([]string{"z1", "z2", "z3"}, r.Zones); diff != "" {
		t.Error(diff)
	}
	first := v1alpha1.PlacementNode{
		Name: "grafananp-0", Pool: "grafananp", Role: "grafana", Zone: "z1", Ready: true,
		Allocatable: v1alpha1.NodeResources{MilliCPU: 4000},
	}
	if diff := cmp.Diff(first, r.Nodes[0]); diff != "" || r.Nodes[1].Name != "keycloaknp-0" {
		t.Errorf("%s; -want +got:\n%s", r.Nodes[1].Name, diff)
	}
	for _, n := range r.Nodes {
		if want := (v1alpha1.NodeResources{MilliCPU: 500, Pods: 2}); n.Name == "vantiqnp-1" && n.Requested != want {
			t.Errorf("%+v", n.Requested)
		}
	}
}

// TestRoomApartFromReplicas: where another replica is it would not be right either.
func TestRoomApartFromReplicas(t *testing.T) {
	keycloak := fixture.StatefulSet("shared/keycloak", fixture.Replicas(3))
	r := world(t, with(with(nodes(), vantiq()...), keycloak,
		fixture.PodsOf(keycloak, "keycloaknp-0", "keycloaknp-1", "metricsnp-0"),
		fixture.Pod("other/big", fixture.On("keycloaknp-2"), fixture.Requests("3")))...)
	want := []string{"keycloaknp-2", "keycloaknp-0", "keycloaknp-1"}
	if diff := cmp.Diff(want, podOf(t, r, "shared/keycloak-2").Room); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCommandForTheUnknown: a workload that the profile does not know is moved with
// --force only, so the command that is offered has it.
func TestCommandForTheUnknown(t *testing.T) {
	other := fixture.StatefulSet("other/db")
	r := world(t, with(with(nodes(), vantiq()...), other,
		fixture.PodOf(other, "db-0", "mongodbnp-0", fixture.Requests("500m")))...)
	if got, want := podOf(t, r, "other/db-0").Command, "kubectl vantiq-upgrade placement-check --relocate --pod other/db-0 --force"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
