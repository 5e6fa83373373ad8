// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

func TestNothingChanged(t *testing.T) {
	run(t, []judged{
		{name: "with a baseline", change: func(*world) {}},
		{name: "without one", change: func(w *world) { w.Baseline = nil }},
	})
}

func TestWorkloads(t *testing.T) {
	run(t, []judged{
		{
			name:        "scaled by hand",
			change:      func(w *world) { w.Now.Workloads[0].Replicas, w.Now.Workloads[0].Ready = 3, 3 },
			findings:    []string{"VU-512 Error deployment/app/web: replicas: 2 → 3"},
			differences: []string{"Workloads deployment/app/web replicas: 2 → 3 (VU-512)"}, check: "workloads Failed",
		},
		{
			name: "scaled by an HPA",
			change: func(w *world) {
				w.Now.Workloads[0].Replicas, w.Now.Workloads[0].Ready = 3, 3
				w.hpas = []*autoscalingv2.HorizontalPodAutoscaler{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web"},
					Spec:       autoscalingv2.HorizontalPodAutoscalerSpec{ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "web"}},
				}}
			},
			differences: []string{"Workloads deployment/app/web replicas: 2 → 3 ()"},
		},
		{
			name:        "another image",
			change:      func(w *world) { w.Now.Workloads[0].Images = []string{"init=i:1", "web=web:2"} },
			findings:    []string{"VU-514 Error deployment/app/web: image of init: none → i:1", "VU-514 Error deployment/app/web: image of web: web:1 → web:2"},
			differences: []string{"Workloads deployment/app/web image of init:  → i:1 (VU-514)", "Workloads deployment/app/web image of web: web:1 → web:2 (VU-514)"}, check: "workloads Failed",
		},
		{
			name: "a container less",
			change: func(w *world) {
				w.Baseline.Workloads[0].Images = []string{"web=web:1", "sidecar=s:1"}
			},
			findings:    []string{"VU-514 Error deployment/app/web: image of sidecar: s:1 → none"},
			differences: []string{"Workloads deployment/app/web image of sidecar: s:1 →  (VU-514)"}, check: "workloads Failed",
		},
		{
			name: "another image in kube-system",
			change: func(w *world) {
				for i, s := range []*v1alpha1.ClusterSnapshot{w.Baseline, w.Now} {
					s.Workloads = append(s.Workloads, v1alpha1.WorkloadRecord{Kind: "daemonset", Namespace: "kube-system", Name: "proxy", Replicas: 2, Ready: 2, Images: []string{"proxy=p:" + string(rune('1'+i))}})
				}
			},
			differences: []string{"Workloads daemonset/kube-system/proxy image of proxy: p:1 → p:2 ()"},
		},
		{
			name:     "short",
			change:   func(w *world) { w.Now.Workloads[0].Ready = 1 },
			findings: []string{"VU-511 Error deployment/app/web: 1 of 2 Ready, in the baseline 2 of 2"}, check: "workloads Failed",
		},
		{
			name:     "as short as before",
			change:   func(w *world) { w.Now.Workloads[0].Ready, w.Baseline.Workloads[0].Ready = 1, 1 },
			findings: []string{"VU-511 Warning deployment/app/web: 1 of 2 Ready, in the baseline 1 of 2 too"}, check: "workloads Warning",
		},
		{
			name:     "shorter than before",
			change:   func(w *world) { w.Now.Workloads[0].Ready, w.Baseline.Workloads[0].Ready = 0, 1 },
			findings: []string{"VU-511 Error deployment/app/web: 0 of 2 Ready, in the baseline 1 of 2"}, check: "workloads Failed",
		},
		{
			name:     "short without a baseline",
			change:   func(w *world) { w.Now.Workloads[0].Ready, w.Baseline = 1, nil },
			findings: []string{"VU-511 Error deployment/app/web: 1 of 2 Ready"}, check: "workloads Failed",
		},
		{
			name:        "gone",
			change:      func(w *world) { w.Now.Workloads = nil },
			findings:    []string{"VU-513 Error deployment/app/web: it does not exist any more"},
			differences: []string{"Workloads deployment/app/web : there → gone (VU-513)"}, check: "workloads Failed",
		},
		{
			name: "gone from kube-system",
			change: func(w *world) {
				w.Baseline.Workloads = append(w.Baseline.Workloads, v1alpha1.WorkloadRecord{Kind: "deployment", Namespace: "kube-system", Name: "old"})
			},
			findings:    []string{"VU-513 Warning deployment/kube-system/old: it does not exist any more"},
			differences: []string{"Workloads deployment/kube-system/old : there → gone (VU-513)"}, check: "workloads Warning",
		},
		{
			name: "new",
			change: func(w *world) {
				w.Now.Workloads = append(w.Now.Workloads, v1alpha1.WorkloadRecord{Kind: "deployment", Namespace: "app", Name: "other"})
			},
			differences: []string{"Workloads deployment/app/other :  → new ()"},
		},
		{
			name: "a DaemonSet has more nodes now, and misses one of them",
			change: func(w *world) {
				for i, s := range []*v1alpha1.ClusterSnapshot{w.Baseline, w.Now} {
					s.Workloads = append(s.Workloads, v1alpha1.WorkloadRecord{Kind: "daemonset", Namespace: "app", Name: "agent", Replicas: 2 + i, Ready: 2})
				}
				w.Placement.Findings = []v1alpha1.Finding{finding.New(finding.DaemonMissing, "daemonset/app/agent", "no Ready pod on node-2", "look")}
			},
			findings: []string{"VU-409 Error daemonset/app/agent: no Ready pod on node-2"}, check: "daemonsets Failed",
			differences: []string{"Workloads daemonset/app/agent nodes: 2 → 3 ()"},
		},
		{
			name: "a DaemonSet is not for all nodes any more",
			change: func(w *world) {
				for i, s := range []*v1alpha1.ClusterSnapshot{w.Baseline, w.Now} {
					s.Workloads = append(s.Workloads, v1alpha1.WorkloadRecord{Kind: "daemonset", Namespace: "app", Name: "agent", Replicas: 2 - i, Ready: 2 - i})
				}
			},
			findings: []string{"VU-512 Error daemonset/app/agent: it was for all 2 nodes, and is for 1 of 2"}, check: "workloads Failed",
			differences: []string{"Workloads daemonset/app/agent nodes: 2 → 1 (VU-512)"},
		},
	})
}

// held has a pod wait for a finalizer.
func held(pod *corev1.Pod) {
	pod.DeletionTimestamp, pod.Finalizers = &metav1.Time{Time: moment}, []string{"example.com/hold"}
}

// TestRemovalOfAPod: kubectl delete waits for ever for a pod that is deleted already.
func TestRemovalOfAPod(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web-1"}}
	if got := removal(pod); !strings.HasPrefix(got, "kubectl delete pod -n app web-1 ") {
		t.Error(got)
	}
	held(pod)
	if got := removal(pod); got != "kubectl describe pod -n app web-1" {
		t.Error(got)
	}
}

func TestPods(t *testing.T) {
	failed := func(w *world) {
		w.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "low on memory"}
	}
	waiting := func(reason string) func(*world) {
		return func(w *world) {
			w.Pods[1].Status.Conditions[0].Status = corev1.ConditionFalse
			w.Pods[1].Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", RestartCount: 4, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
		}
	}
	run(t, []judged{
		{name: "failed", change: failed, findings: []string{"VU-502 Error pod/app/web-1: Failed: Evicted: low on memory"}, check: "pods-running Failed"},
		{
			name: "failed in the baseline already", change: func(w *world) {
				failed(w)
				w.Baseline.Pods[1].Phase = "Failed"
			},
			findings: []string{"VU-502 Warning pod/app/web-1: Failed, as in the baseline: Evicted: low on memory"}, check: "pods-running Warning",
		},
		{
			name: "another pod of the name failed in the baseline", change: func(w *world) {
				failed(w)
				w.Baseline.Pods[1].Phase, w.Baseline.Pods[1].UID = "Failed", "other"
			},
			findings: []string{"VU-502 Error pod/app/web-1: Failed: Evicted: low on memory"}, check: "pods-running Failed",
		},
		{
			name: "failed, and replaced", change: func(w *world) {
				set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "web", UID: "set"}}
				w.StatefulSets = append(w.StatefulSets, set) // of one replica
				for _, pod := range w.Pods {
					pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "web", UID: "set", Controller: new(true)}}
				}
				failed(w)
			},
			findings: []string{"VU-502 Warning pod/app/web-1: left over, it is replaced (statefulset/app/web has 1 of 1 Ready). Failed: Evicted: low on memory"}, check: "pods-running Warning",
		},
		{
			name: "failed, deleted already", change: func(w *world) {
				failed(w)
				held(w.Pods[1])
			},
			findings: []string{"VU-502 Error pod/app/web-1: Failed: Evicted: low on memory; deleted already, held by finalizers example.com/hold"}, check: "pods-running Failed",
		},
		{
			name: "on its way out", change: func(w *world) { held(w.Pods[1]) },
			findings: []string{"VU-502 Error pod/app/web-1: Terminating on node-1, held by finalizers example.com/hold"}, check: "pods-running Failed",
		},
		{name: "completed", change: func(w *world) { w.Pods[1].Status = corev1.PodStatus{Phase: corev1.PodSucceeded} }},
		{
			name: "its node is gone", change: func(w *world) { w.Pods[1].Spec.NodeName = "node-9" },
			findings: []string{"VU-502 Error pod/app/web-1: its node node-9 does not exist any more"}, check: "pods-running Failed",
		},
		{
			name: "crashing", change: waiting("CrashLoopBackOff"),
			findings: []string{"VU-503 Error pod/app/web-1: CrashLoopBackOff (container web), 4 restarts"}, check: "pods-running Failed",
		},
		{
			name: "starting", change: waiting("ContainerCreating"),
			findings: []string{"VU-504 Error pod/app/web-1: Running, ContainerCreating (container web)"}, check: "pods-running Failed",
		},
		{
			name: "restarted since the baseline", change: func(w *world) { w.Baseline.Pods[0].Restarts, w.Now.Pods[0].Restarts = 2, 3 },
			findings: []string{"VU-505 Warning pod/app/web-0: 1 restart since the baseline (2 → 3)"}, check: "restarts Warning",
		},
		{name: "restarted before the baseline", change: func(w *world) { w.Baseline.Pods[0].Restarts, w.Now.Pods[0].Restarts = 2, 2 }},
		{
			name: "restarted, and newer than the baseline", change: func(w *world) { w.Now.Pods[0].UID, w.Now.Pods[0].Restarts = "new", 2 },
			findings: []string{"VU-505 Warning pod/app/web-0: 2 restarts since it was made, after the baseline"}, check: "restarts Warning",
		},
		{
			name: "moved to another pool and zone", change: func(w *world) { w.Now.Pods[0].Pool, w.Now.Pods[0].Zone = "othernp", "zone-1" },
			differences: []string{"Pods deployment/app/web pools: webnp 2 → othernp 1, webnp 1 ()", "Pods deployment/app/web zones: zone-0 1, zone-1 1 → zone-1 2 ()"},
		},
	})
}

func TestPools(t *testing.T) {
	run(t, []judged{
		{
			name: "a node less", change: func(w *world) { w.Now.Nodes = w.Now.Nodes[:1] },
			findings:    []string{"VU-523 Error pool/webnp: nodes: 2 → 1", "VU-523 Error pool/webnp: no node is in zone-1 any more"},
			differences: []string{"Nodes pool/webnp nodes: 2 → 1 (VU-523)", "Nodes pool/webnp zones: zone-0, zone-1 → zone-0 (VU-523)"}, check: "pools Failed",
		},
		{
			name: "a zone lost", change: func(w *world) { w.Now.Nodes[1].Zone = "zone-0" },
			findings:    []string{"VU-523 Error pool/webnp: no node is in zone-1 any more"},
			differences: []string{"Nodes pool/webnp zones: zone-0, zone-1 → zone-0 (VU-523)"}, check: "pools Failed",
		},
		{
			name: "a node more", change: func(w *world) {
				more := w.Now.Nodes[1]
				more.Name = "node-2"
				w.Now.Nodes = append(w.Now.Nodes, more)
			},
			differences: []string{"Nodes pool/webnp nodes: 2 → 3 ()"},
		},
		{
			name: "all nodes gone", change: func(w *world) { w.Now.Nodes = nil },
			findings:    []string{"VU-523 Error pool/webnp: nodes: 2 → 0"},
			differences: []string{"Nodes pool/webnp nodes: 2 → 0 (VU-523)"}, check: "pools Failed",
		},
		{
			name: "a new pool", change: func(w *world) {
				w.Now.Nodes = append(w.Now.Nodes, v1alpha1.NodeRecord{Name: "x", Pool: "newnp"})
			},
			differences: []string{"Nodes pool/newnp nodes:  → 1 ()"},
		},
		{
			name: "a label lost by one node", change: func(w *world) { delete(w.Now.Nodes[0].Labels, "team") },
			findings:    []string{"VU-524 Error pool/webnp: not every node has team=a any more; without team=a: 1 of 2, such as node-0"},
			differences: []string{"Nodes pool/webnp label team: a →  (VU-524)"}, check: "pools Failed",
		},
		{
			name: "a label with another value", change: func(w *world) {
				w.Now.Nodes[0].Labels["team"], w.Now.Nodes[1].Labels["team"] = "b", "b"
			},
			findings:    []string{"VU-524 Error pool/webnp: not every node has team=a any more; without team=a: 2 of 2, such as node-0"},
			differences: []string{"Nodes pool/webnp label team: a → b (VU-524)"}, check: "pools Failed",
		},
		{name: "a label that one node had", change: func(w *world) { w.Baseline.Nodes[0].Labels["once"] = "x" }},
		{name: "a label of the cloud", change: func(w *world) { w.Now.Nodes[0].Labels["kubernetes.azure.com/node-image-version"] = "2" }},
		{
			name: "another kubelet, runtime and OS", change: func(w *world) {
				for i := range w.Now.Nodes {
					w.Now.Nodes[i].Kubelet, w.Now.Nodes[i].Runtime, w.Now.Nodes[i].OS = "v1.31.0", "containerd://2.0", "Ubuntu 24"
				}
			},
			differences: []string{
				"Nodes pool/webnp kubelet: v1.30.2 → v1.31.0 ()", "Nodes pool/webnp runtime: containerd://1.7 → containerd://2.0 ()", "Nodes pool/webnp OS: Ubuntu → Ubuntu 24 ()",
			},
		},
	})
}

func TestNodes(t *testing.T) {
	run(t, []judged{
		{
			name: "not Ready", change: func(w *world) { w.Nodes[0].Status.Conditions[0].Status = corev1.ConditionUnknown },
			findings: []string{"VU-501 Error node/node-0: not Ready: its kubelet does not report"}, check: "nodes-ready Failed",
		},
		{
			name: "kubelets of two versions", change: func(w *world) { w.Nodes[0].Status.NodeInfo.KubeletVersion = "v1.29.4" },
			findings: []string{"VU-522 Error pool/webnp: its kubelets are at v1.29.4 and v1.30.2"}, check: "versions Failed",
		},
		{
			name: "cordoned", change: func(w *world) { w.Nodes[0].Spec.Unschedulable = true },
			findings: []string{"VU-525 Error node/node-0: cordoned, by no run of ours that is open"}, check: "nothing-left Failed",
		},
		{
			name: "cordoned in the baseline", change: func(w *world) {
				w.Nodes[0].Spec.Unschedulable, w.Baseline.Nodes[0].Cordoned = true, true
			},
		},
		{
			name: "tainted", change: func(w *world) { taint(w, "node-0", "key") },
			findings: []string{"VU-526 Error node/node-0: tainted key=value:NoSchedule, which keeps pods away"}, check: "nothing-left Failed",
		},
		{
			name: "a taint that its pool had", change: func(w *world) {
				taint(w, "node-0", "key")
				w.Baseline.Nodes[1].Taints = []string{"key=value:NoSchedule"}
			},
		},
		{
			name: "a taint of all nodes, without a baseline", change: func(w *world) {
				w.Baseline = nil
				taint(w, "node-0", "mine")
				taint(w, "node-1", "mine")
			},
		},
		{
			name: "the taint of the relocation by hand on all nodes, without a baseline", change: func(w *world) {
				w.Baseline = nil
				taint(w, "node-0", "key")
				taint(w, "node-1", "key")
			},
			findings: []string{
				"VU-526 Error node/node-0: tainted key=value:NoSchedule, which keeps pods away", "VU-526 Error node/node-1: tainted key=value:NoSchedule, which keeps pods away",
			},
			check: "nothing-left Failed",
		},
		{
			name: "a taint of one node, without a baseline", change: func(w *world) {
				w.Baseline = nil
				taint(w, "node-1", "mine")
			},
			findings: []string{"VU-526 Error node/node-1: tainted mine=value:NoSchedule, which keeps pods away"}, check: "nothing-left Failed",
		},
	})
}

func taint(w *world, node, key string) {
	for _, n := range w.Nodes {
		if n.Name == node {
			n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Value: "value", Effect: corev1.TaintEffectNoSchedule})
		}
	}
}

func TestObjects(t *testing.T) {
	run(t, []judged{
		{
			name: "a version of a CRD lost", change: func(w *world) { w.Now.CustomResources[0].Served = []string{"v1"} },
			findings:    []string{"VU-562 Error customresourcedefinition/xs.example.com: not served any more: v1beta1"},
			differences: []string{"Extensions customresourcedefinition/xs.example.com served versions: v1, v1beta1 → v1 (VU-562)"}, check: "objects Failed",
		},
		{
			name: "a version of a CRD gained", change: func(w *world) {
				w.Now.CustomResources[0].Served = []string{"v1", "v1beta1", "v2"}
			},
			differences: []string{"Extensions customresourcedefinition/xs.example.com served versions: v1, v1beta1 → v1, v1beta1, v2 ()"},
		},
		{
			name: "a CRD gone", change: func(w *world) { w.Now.CustomResources = nil },
			findings:    []string{"VU-561 Error customresourcedefinition/xs.example.com: it does not exist any more"},
			differences: []string{"Extensions customresourcedefinition/xs.example.com : there → gone (VU-561)"}, check: "objects Failed",
		},
		{
			name: "a release", change: func(w *world) { w.Now.Releases[0].Revision, w.Now.Releases[0].Status = 4, "failed" },
			findings:    []string{"VU-563 Warning release/app/web: revision: 3 → 4", "VU-563 Warning release/app/web: status: deployed → failed"},
			differences: []string{"Extensions release/app/web revision: 3 → 4 (VU-563)", "Extensions release/app/web status: deployed → failed (VU-563)"}, check: "objects Warning",
		},
		{
			name: "a volume and its claim", change: func(w *world) {
				w.Now.Volumes[0].ReclaimPolicy, w.Now.Claims[0].Volume = "Delete", "other"
			},
			findings: []string{"VU-562 Error persistentvolume/pv: reclaim policy: Retain → Delete", "VU-562 Error persistentvolumeclaim/app/data: volume: pv → other"},
			differences: []string{
				"Storage persistentvolumeclaim/app/data volume: pv → other (VU-562)", "Storage persistentvolume/pv reclaim policy: Retain → Delete (VU-562)",
			},
			check: "objects Failed",
		},
		{
			name: "a budget that we have paused", change: func(w *world) {
				w.Now.Budgets[0].MinAvailable = "0"
				w.Status.Changes = []v1alpha1.ChangeStatus{{
					Run: "r1", Object: v1alpha1.ObjectRef{Kind: "PodDisruptionBudget", Namespace: "app", Name: "web"}, Field: "spec.minAvailable",
					Before: []byte("1"), After: []byte("0"), Mode: "relax", Since: metav1.NewTime(moment.In(time.Local)), State: v1alpha1.ChangeOurs,
				}}
			},
			findings:    []string{"VU-531 Error poddisruptionbudget/app/web: relax of " + moment.Local().Format(time.DateTime) + " is not given back: spec.minAvailable 1 → 0, run r1"},
			differences: []string{"Policy poddisruptionbudget/app/web minAvailable: 1 → 0 (VU-531)"}, check: "nothing-left Failed",
		},
		{
			name: "a Service with fewer endpoints", change: func(w *world) { w.Now.Services[0].Endpoints = 1 },
			findings:    []string{"VU-543 Error service/app/web: endpoints: 2 → 1"},
			differences: []string{"Network service/app/web endpoints: 2 → 1 (VU-543)"}, check: "services Failed",
		},
		{name: "a Service with more endpoints", change: func(w *world) { w.Now.Services[0].Endpoints = 3 }},
		{
			name: "a cordon of ours whose node is gone", change: func(w *world) {
				w.Status.Changes = []v1alpha1.ChangeStatus{{Object: v1alpha1.ObjectRef{Kind: "Node", Name: "node-9"}, Mode: "cordon", State: v1alpha1.ChangeGone}}
			},
		},
	})
}

// TestBackups judges the staleness by the schedule: every day at three.
func TestBackups(t *testing.T) {
	backup := func(schedule string, last time.Duration, change ...func(*batchv1.CronJob)) func(*world) {
		return func(w *world) {
			w.install()
			c := &batchv1.CronJob{
				ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "mongobackup", UID: "backup", CreationTimestamp: metav1.NewTime(moment.Add(-1000 * time.Hour))},
				Spec:       batchv1.CronJobSpec{Schedule: schedule},
			}
			if last > 0 {
				c.Status.LastSuccessfulTime = new(metav1.NewTime(moment.Add(-last)))
			}
			for _, f := range change {
				f(c)
			}
			w.Survey.CronJobs = []*batchv1.CronJob{c}
		}
	}
	at := func(ago time.Duration) string { return moment.Add(-ago).Local().Format(time.DateTime) }
	const stale, name = "VU-545 Warning cronjob/app/mongobackup: ", "cronjob/app/mongobackup"
	run(t, []judged{
		{name: "fresh", change: backup("0 3 * * *", 15*time.Hour)},
		{name: "one was missed", change: backup("0 3 * * *", 39*time.Hour)},
		{
			name: "two were missed", change: backup("0 3 * * *", 63*time.Hour),
			findings: []string{stale + "its last success is of " + at(63*time.Hour) + "; its schedule is 0 3 * * *"}, check: "backups Warning",
		},
		{name: "the second is under way", change: backup("0 17 * * *", 30*time.Hour)},
		{name: "as old, once a week", change: backup("0 3 * * 0", 63*time.Hour)},
		{name: "as old, and not known", change: func(w *world) {
			backup("0 3 * * *", 63*time.Hour, func(c *batchv1.CronJob) { c.Name = "other" })(w)
		}},
		{
			name: "never", change: backup("0 3 * * *", 0),
			findings: []string{stale + "it never succeeded since " + at(1000*time.Hour)}, check: "backups Warning",
		},
		{name: "new", change: backup("0 3 * * *", 0, func(c *batchv1.CronJob) { c.CreationTimestamp = metav1.NewTime(moment) })},
		{
			name: "suspended", change: backup("0 3 * * *", 15*time.Hour, func(c *batchv1.CronJob) { c.Spec.Suspend = new(true) }),
			findings: []string{stale + "it is suspended"}, check: "backups Warning",
		},
		{
			name: "unreadable", change: backup("often", 15*time.Hour),
			findings: []string{stale + "its schedule often cannot be read"}, check: "backups Warning",
		},
		{
			name: "the newest job failed", change: func(w *world) {
				backup("0 3 * * *", 15*time.Hour)(w)
				w.Survey.Jobs = []*batchv1.Job{backupJob("new", time.Hour, true), backupJob("old", 15*time.Hour, false)}
			},
			findings: []string{"VU-544 Warning " + name + ": job new failed: BackoffLimitExceeded"}, check: "backups Warning",
		},
		{name: "an older job failed", change: func(w *world) {
			backup("0 3 * * *", 15*time.Hour)(w)
			w.Survey.Jobs = []*batchv1.Job{backupJob("old", 20*time.Hour, true), backupJob("new", 15*time.Hour, false)}
		}},
	})
}

func backupJob(name string, ago time.Duration, failed bool) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Namespace: "app", Name: name, CreationTimestamp: metav1.NewTime(moment.Add(-ago)),
		OwnerReferences: []metav1.OwnerReference{{Kind: "CronJob", Name: "mongobackup", UID: "backup", Controller: new(true)}},
	}}
	if failed {
		job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Message: "BackoffLimitExceeded"}}
	}
	return job
}

func TestTargets(t *testing.T) {
	target := func(text, server, kubelet string) func(*world) {
		return func(w *world) {
			var err error
			if w.Target, err = ParseTarget(text); err != nil {
				t.Fatal(err)
			}
			w.Survey.Version = server
			for _, n := range w.Nodes {
				n.Status.NodeInfo.KubeletVersion = kubelet
			}
		}
	}
	wrong := func(kubelet, to string) []string {
		return []string{"VU-521 Error pool/webnp: the kubelets of its 2 nodes are at " + kubelet + ", not at " + to}
	}
	run(t, []judged{
		{name: "minor", change: target("1.30", "v1.30.5", "v1.30.2")},
		{name: "patch", change: target("1.30.2", "v1.30.5", "v1.30.2")},
		{name: "of EKS", change: target("v1.30.2-eks-1552ad0", "v1.30.5-eks-2d5f260", "v1.30.2-eks-1552ad0")},
		{name: "another build of EKS", change: target("1.30.2", "v1.30.5", "v1.30.2-eks-36fa427")},
		{name: "the server is ahead", change: target("1.29", "v1.30.5", "v1.29.4")},
		{name: "another minor", change: target("1.30", "v1.30.5", "v1.29.4"), findings: wrong("v1.29.4", "v1.30"), check: "versions Failed"},
		{name: "another patch", change: target("1.30.2", "v1.30.5", "v1.30.3"), findings: wrong("v1.30.3", "v1.30.2"), check: "versions Failed"},
		{name: "another major", change: target("1.30", "v1.30.5", "v2.30.0"), findings: wrong("v2.30.0", "v1.30"), check: "versions Failed"},
		{
			name: "the server is behind", change: target("1.30", "v1.29.9", "v1.30.2"),
			findings: []string{"VU-521 Error server: the API server is at v1.29.9, not at v1.30"}, check: "versions Failed",
		},
	})
	for _, text := range []string{"", "1", "new", "1.30.2.1", "1.x"} {
		if v, err := ParseTarget(text); err == nil {
			t.Errorf("%q was read as %s", text, v)
		}
	}
}

func TestEvents(t *testing.T) {
	event := func(change func(*cluster.Event), others ...func(*world)) func(*world) {
		return func(w *world) {
			w.Pods[0].Status.Conditions[0].Status = corev1.ConditionFalse
			e := cluster.Event{Kind: "Pod", Namespace: "app", Name: "web-0", UID: "web-0", Reason: "FailedMount", Message: "no disk", Count: 3, Last: moment.Add(-time.Minute)}
			change(&e)
			w.Survey.Events = []cluster.Event{e}
			for _, f := range others {
				f(w)
			}
		}
	}
	same := func(*cluster.Event) {}
	serving := func(w *world) { w.Pods[0].Status.Conditions[0].Status = corev1.ConditionTrue }
	tests := []struct {
		name                 string
		change               func(*world)
		events, over, warned int
	}{
		{"of a pod that is not well", event(same), 1, 0, 1},
		{"of a pod that is well", event(same, serving), 1, 1, 0},
		{"of another pod of the name", event(func(e *cluster.Event) { e.UID = "former" }), 1, 1, 0},
		{"of a pod that is gone", event(func(e *cluster.Event) { e.Name = "web-9" }), 1, 1, 0},
		{"of the scheduling of a pod that has its node", event(func(e *cluster.Event) { e.Reason = "FailedScheduling" }), 1, 1, 0},
		{"of the scheduling of a pod without a node", event(func(e *cluster.Event) { e.Reason = "FailedScheduling" }, func(w *world) { w.Pods[0].Spec.NodeName = "" }), 1, 0, 1},
		{"from before the baseline", event(func(e *cluster.Event) { e.Last = moment.Add(-3 * time.Hour) }), 0, 0, 0},
		{"without a baseline of two hours ago", event(func(e *cluster.Event) { e.Last = moment.Add(-2 * time.Hour) }, func(w *world) { w.Baseline = nil }), 0, 0, 0},
		{"of a claim that is bound", event(func(e *cluster.Event) { e.Kind, e.Name = "PersistentVolumeClaim", "data" }), 1, 1, 0},
		{"of a claim that is not", event(func(e *cluster.Event) { e.Kind, e.Name = "PersistentVolumeClaim", "data" }, func(w *world) { w.Now.Claims[0].Phase = "Pending" }), 1, 0, 1},
		{"of a node", event(func(e *cluster.Event) { e.Kind, e.Name = "Node", "node-0" }), 1, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := well()
			tt.change(w)
			r, over, warned := w.judge(t), 0, 0
			for _, e := range r.Events {
				if e.Over {
					over++
				}
			}
			for _, f := range r.Findings {
				if f.Code == string(finding.TroubleReported) && strings.HasSuffix(f.Message, ": no disk") {
					warned++
				}
			}
			if len(r.Events) != tt.events || over != tt.over || warned != tt.warned {
				t.Errorf("%+v, findings %+v", r.Events, r.Findings)
			}
		})
	}
}

func TestStorage(t *testing.T) {
	attachment := func(ago time.Duration, status storagev1.VolumeAttachmentStatus) func(*world) {
		return func(w *world) {
			w.Survey.Attachments = []*storagev1.VolumeAttachment{{
				ObjectMeta: metav1.ObjectMeta{Name: "a", CreationTimestamp: metav1.NewTime(moment.Add(-ago))},
				Spec:       storagev1.VolumeAttachmentSpec{NodeName: "node-0", Source: storagev1.VolumeAttachmentSource{PersistentVolumeName: new("pv")}}, Status: status,
			}}
		}
	}
	failed := &storagev1.VolumeError{Message: "busy"}
	const object = "VU-542 Error volumeattachment/a: persistentvolume/pv "
	run(t, []judged{
		{
			name: "not bound", change: func(w *world) { w.Now.Claims[0].Phase = "Lost" },
			findings: []string{"VU-541 Error persistentvolumeclaim/app/data: Lost"}, check: "storage Failed",
		},
		{
			name: "not bound before either", change: func(w *world) { w.Now.Claims[0].Phase, w.Baseline.Claims[0].Phase = "Pending", "Pending" },
			findings: []string{"VU-541 Warning persistentvolumeclaim/app/data: Pending, as in the baseline"}, check: "storage Warning",
		},
		{name: "attached", change: attachment(time.Hour, storagev1.VolumeAttachmentStatus{Attached: true})},
		{name: "just to be attached", change: attachment(time.Minute, storagev1.VolumeAttachmentStatus{})},
		{name: "not attached for long", change: attachment(3*time.Minute, storagev1.VolumeAttachmentStatus{}), findings: []string{object + "is not attached to node-0 after 3m0s"}, check: "storage Failed"},
		{name: "cannot be attached", change: attachment(0, storagev1.VolumeAttachmentStatus{AttachError: failed}), findings: []string{object + "cannot be attached to node-0: busy"}, check: "storage Failed"},
		{name: "cannot be detached", change: attachment(0, storagev1.VolumeAttachmentStatus{Attached: true, DetachError: failed}), findings: []string{object + "cannot be detached from node-0: busy"}, check: "storage Failed"},
	})
}

// TestNothingToCheck: a cluster without nodes is never told to be well.
func TestNothingToCheck(t *testing.T) {
	w := well()
	w.Nodes, w.Pods = nil, nil
	r := w.judge(t)
	missing := slices.ContainsFunc(r.Findings, func(f v1alpha1.Finding) bool {
		return f.Code == string(finding.CheckNotMade) && f.Object == "check/nodes/nodes"
	})
	if !missing || r.Outcome == v1alpha1.VerifyPassed {
		t.Errorf("%s: %+v", r.Outcome, r.Findings)
	}
}
