// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// stateIs fails unless a check is so.
func stateIs(t *testing.T, r *v1alpha1.VerifyReport, name string, want v1alpha1.CheckState) {
	t.Helper()
	i := slices.IndexFunc(r.Checks, func(c v1alpha1.Check) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no check %s", name)
	}
	if got := r.Checks[i]; got.State != want {
		t.Errorf("%s is %s (%s), want %s", name, got.State, got.Detail, want)
	}
}

// TestSkipped: what compares is skipped without a baseline, and says why.
func TestSkipped(t *testing.T) {
	w := well()
	w.Baseline = nil
	r := w.judge(t)
	for _, name := range []string{"restarts", "services", "pools", "objects", "blockers", "backups", "pages"} {
		stateIs(t, r, name, v1alpha1.CheckSkipped)
	}
	for _, name := range []string{"nodes-ready", "pods-running", "versions", "nothing-left", "workloads", "daemonsets", "storage", "placement", "events", "extensions"} {
		stateIs(t, r, name, v1alpha1.CheckOK)
	}
	if r.Outcome != v1alpha1.VerifyPassed || r.Baseline != nil || len(r.Differences) > 0 {
		t.Errorf("%s, %+v, %+v", r.Outcome, r.Baseline, r.Differences)
	}
	if r = well().judge(t); r.Baseline == nil || r.Baseline.Source != "before.yaml" || r.Baseline.Version != "v1.30.2" {
		t.Errorf("%+v", r.Baseline)
	}
}

// TestChecklist: only people of an installation have something to look at.
func TestChecklist(t *testing.T) {
	w := well()
	if r := w.judge(t); r.Checklist == nil || len(r.Checklist) > 0 {
		t.Errorf("without an installation: %+v", r.Checklist)
	}
	w.install()
	r := w.judge(t)
	if len(r.Checklist) != 6 {
		t.Errorf("%+v", r.Checklist)
	}
	for _, item := range r.Checklist {
		if item.Where == "" || item.Text == "" {
			t.Errorf("%+v", item)
		}
	}
}

// TestNotChecked: what could not be read is never green, and alone it is not a
// failure.
func TestNotChecked(t *testing.T) {
	tests := map[string][]string{
		cluster.KindAttachments: {"storage"}, cluster.KindEndpointSlices: {"services", "extensions"}, cluster.KindServices: {"services", "extensions", "objects"},
		cluster.KindCronJobs: {"backups", "objects"}, cluster.KindJobs: {"backups"}, cluster.KindEvents: {"events"},
		cluster.KindMutatingHooks: {"extensions", "objects"}, cluster.KindValidatingHooks: {"extensions", "objects"}, cluster.KindAPIServices: {"extensions"},
		cluster.KindStorageClasses: {"objects"}, cluster.KindBudgets: {"objects"}, cluster.KindCRDs: {"objects"}, cluster.KindReleases: {"objects"},
		"persistentvolumes": {"storage", "objects"}, "persistentvolumeclaims": {"storage", "objects"},
	}
	for kind, checks := range tests {
		t.Run(kind, func(t *testing.T) {
			w := well()
			unread := v1alpha1.UnreadKind{Kind: kind, Reason: "forbidden"}
			w.Survey.Unread = []v1alpha1.UnreadKind{unread}
			w.Now.NotRead = []v1alpha1.UnreadKind{unread}
			empty(w.Now, kind)
			r := w.judge(t)
			if r.Outcome != v1alpha1.VerifyNotChecked || len(r.Findings) != len(checks) {
				t.Errorf("%s, %+v", r.Outcome, r.Findings)
			}
			for _, f := range r.Findings {
				if f.Code != string(finding.CheckNotMade) || f.Message != kind+" could not be read: forbidden" || f.Remedy != "ask for the right to list "+kind {
					t.Errorf("%+v", f)
				}
			}
			for _, c := range r.Checks {
				if (c.State == v1alpha1.CheckNotChecked) != slices.Contains(checks, c.Name) {
					t.Errorf("%s is %s", c.Name, c.State)
				}
			}
		})
	}
}

// empty takes the records of a kind out, as they are missing where it was not read.
func empty(s *v1alpha1.ClusterSnapshot, kind string) {
	switch kind {
	case cluster.KindEndpointSlices:
		s.Services[0].Endpoints = 0
	case cluster.KindServices:
		s.Services = nil
	case cluster.KindCronJobs:
		s.CronJobs = nil
	case cluster.KindValidatingHooks:
		s.Webhooks = nil
	case cluster.KindStorageClasses:
		s.StorageClasses = nil
	case cluster.KindBudgets:
		s.Budgets = nil
	case cluster.KindCRDs:
		s.CustomResources = nil
	case cluster.KindReleases:
		s.Releases = nil
	case "persistentvolumes":
		s.Volumes = nil
	case "persistentvolumeclaims":
		s.Claims = nil
	}
}

// TestFailedIsWorse: a failure beside a check that could not be made is a failure,
// and a failed check stays one when a part of it could not be made.
func TestFailedIsWorse(t *testing.T) {
	w := well()
	w.Survey.Unread = []v1alpha1.UnreadKind{{Kind: cluster.KindAttachments, Reason: "forbidden"}}
	w.Now.Claims[0].Phase = "Lost"
	r := w.judge(t)
	if r.Outcome != v1alpha1.VerifyFailed || len(r.Findings) != 2 {
		t.Errorf("%s, %+v", r.Outcome, r.Findings)
	}
	stateIs(t, r, "storage", v1alpha1.CheckFailed)
}

// TestIgnored: what is ignored counts neither for the verdict nor for its check.
func TestIgnored(t *testing.T) {
	w := well()
	w.Now.Workloads[0].Ready = 1
	w.Baseline.Pods[0].Restarts, w.Now.Pods[0].Restarts = 0, 1
	w.Ignore = []Rule{{Code: finding.WorkloadShort, Object: "deployment/app/*", Reason: "known"}}
	r := w.judge(t)
	stateIs(t, r, "workloads", v1alpha1.CheckOK)
	stateIs(t, r, "restarts", v1alpha1.CheckWarning)
	if r.Outcome != v1alpha1.VerifyPassed || len(r.Findings) != 1 || len(r.Ignored) != 1 || r.Ignored[0].Reason != "known" || r.Ignored[0].Finding.Code != string(finding.WorkloadShort) {
		t.Errorf("%s, %+v, ignored %+v", r.Outcome, r.Findings, r.Ignored)
	}

	w.Ignore[0].Object = "deployment/app/other"
	r = w.judge(t)
	stateIs(t, r, "workloads", v1alpha1.CheckFailed)
	if r.Outcome != v1alpha1.VerifyFailed || len(r.Ignored) > 0 || len(r.Findings) != 3 || r.Findings[2].Code != string(finding.IgnoredNothing) {
		t.Errorf("%s, %+v, ignored %+v", r.Outcome, r.Findings, r.Ignored)
	}
}

// TestIgnoredNotChecked: with its reason an operator may go without a check.
func TestIgnoredNotChecked(t *testing.T) {
	w := well()
	w.Survey.Unread = []v1alpha1.UnreadKind{{Kind: cluster.KindEvents, Reason: "forbidden"}}
	w.Ignore = []Rule{{Code: finding.CheckNotMade, Object: "check/events/events", Reason: "no right"}}
	if r := w.judge(t); r.Outcome != v1alpha1.VerifyPassed || len(r.Ignored) != 1 || len(r.Findings) > 0 {
		t.Errorf("%s, %+v", r.Outcome, r.Findings)
	}
}

func TestExtensions(t *testing.T) {
	hook := func(policy admissionregistrationv1.FailurePolicyType, service string) func(*world) {
		return func(w *world) {
			w.Survey.Validating = []*admissionregistrationv1.ValidatingWebhookConfiguration{{
				ObjectMeta: metav1.ObjectMeta{Name: "hook"},
				Webhooks: []admissionregistrationv1.ValidatingWebhook{{
					Name: "a", FailurePolicy: &policy,
					ClientConfig: admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Namespace: "app", Name: service}},
				}},
			}}
		}
	}
	const unserved = "validatingwebhookconfiguration/hook: webhook a: service/app/nobody has no endpoint; "
	run(t, []judged{
		{name: "served", change: hook(admissionregistrationv1.Fail, "web")},
		{
			name: "unserved", change: hook(admissionregistrationv1.Fail, "nobody"),
			findings: []string{"VU-551 Error " + unserved + "what it is asked about is refused"}, check: "extensions Failed",
		},
		{
			name: "unserved and ignored", change: hook(admissionregistrationv1.Ignore, "nobody"),
			findings: []string{"VU-551 Warning " + unserved + "it is ignored meanwhile"}, check: "extensions Warning",
		},
		{name: "by a URL", change: func(w *world) {
			hook(admissionregistrationv1.Fail, "nobody")(w)
			w.Survey.Validating[0].Webhooks[0].ClientConfig = admissionregistrationv1.WebhookClientConfig{URL: new("https://example.com")}
		}},
		{
			name: "an API that is down", change: func(w *world) {
				w.Survey.APIServices = []cluster.APIService{{Name: "v1.up", Available: true}, {Name: "v1.down", Message: "no endpoints"}}
			},
			findings: []string{"VU-552 Error apiservice/v1.down: not available: no endpoints"}, check: "extensions Failed",
		},
	})
}

func TestPages(t *testing.T) {
	ends := func(in time.Duration) *metav1.Time { return new(metav1.NewTime(moment.Add(in))) }
	page := func(p v1alpha1.Probe) func(*world) {
		return func(w *world) {
			p.Name, p.URL = "ide", "https://example.com"
			w.Probes = []v1alpha1.Probe{p}
		}
	}
	const day = 24 * time.Hour
	run(t, []judged{
		{name: "up", change: page(v1alpha1.Probe{Up: true, Expires: ends(31 * day)})},
		{name: "without TLS", change: page(v1alpha1.Probe{Up: true})},
		{
			name: "ends soon", change: page(v1alpha1.Probe{Up: true, Expires: ends(29 * day)}),
			findings: []string{"VU-573 Warning page/ide: the certificate ends on " + ends(29*day).Local().Format(time.DateOnly) + ", in 29 days"}, check: "pages Warning",
		},
		{
			name: "down", change: page(v1alpha1.Probe{Message: "status 503", Expires: ends(day)}),
			findings: []string{"VU-572 Error page/ide: https://example.com: status 503"}, check: "pages Failed",
		},
	})
}

func TestLock(t *testing.T) {
	run(t, []judged{
		{
			name: "held", change: func(w *world) {
				w.Status.Lock = &v1alpha1.LockStatus{Holder: "hanako@bastion", Command: "drain-pool x"}
			},
			findings: []string{"VU-532 Error lock: hanako@bastion works on the cluster: drain-pool x"}, check: "nothing-left Failed",
		},
		{
			name: "lapsed", change: func(w *world) { w.Status.Lock = &v1alpha1.LockStatus{Holder: "hanako@bastion", Lapsed: true} },
			findings: []string{"VU-532 Warning lock: hanako@bastion has gone without giving the lock back; the next command takes it over"}, check: "nothing-left Warning",
		},
	})
}

// TestOrder: differences stand in the order of their groups, those with a finding
// first.
func TestOrder(t *testing.T) {
	w := well()
	w.Now.Releases[0].Revision = 4
	w.Now.Budgets[0].MinAvailable = "2"
	w.Now.Workloads[0].Replicas, w.Now.Workloads[0].Ready = 3, 3
	w.Now.Nodes[0].Kubelet = "v1.31.0"
	delete(w.Now.Nodes[0].Labels, "team")
	var got []string
	for _, d := range w.judge(t).Differences {
		got = append(got, string(d.Group)+" "+d.Field)
	}
	want := []string{"Nodes label team", "Nodes kubelet", "Workloads replicas", "Policy minAvailable", "Extensions revision"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestBlockers: telegraf-prom is stopped for an upgrade, and runs again after it.
func TestBlockers(t *testing.T) {
	telegraf := func(before, now int, change ...func(*world)) func(*world) {
		return func(w *world) {
			w.install()
			w.Deployments = append(w.Deployments, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "shared", Name: "telegraf-prom", UID: "telegraf"}})
			record := v1alpha1.WorkloadRecord{Kind: "deployment", Namespace: "shared", Name: "telegraf-prom"}
			record.Replicas, record.Ready = before, before
			w.Baseline.Workloads = append(w.Baseline.Workloads, record)
			record.Replicas, record.Ready = now, now
			w.Now.Workloads = append(w.Now.Workloads, record)
			for _, f := range change {
				f(w)
			}
		}
	}
	const name = "deployment/shared/telegraf-prom"
	run(t, []judged{
		{name: "runs", change: telegraf(1, 1)},
		{
			name: "is stopped", change: telegraf(2, 0),
			findings:    []string{"VU-515 Error " + name + ": replicas: 2 → 0, and no run of ours has stopped it"},
			differences: []string{"Workloads " + name + " replicas: 2 → 0 (VU-515)"}, check: "blockers Failed",
		},
		{name: "was stopped before", change: telegraf(0, 0)},
		{
			name: "is stopped, without a baseline", change: telegraf(1, 0, func(w *world) { w.Baseline = nil }),
			findings: []string{"VU-515 Error " + name + ": it has no replicas, and no run of ours has stopped it"}, check: "blockers Failed",
		},
		{
			name: "is stopped by us", change: telegraf(1, 0, func(w *world) {
				w.Status.Changes = []v1alpha1.ChangeStatus{{
					Run: "r1", Object: v1alpha1.ObjectRef{Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"}, Field: "spec.replicas",
					Before: []byte("1"), After: []byte("0"), Mode: "scale-to-zero", Since: metav1.NewTime(moment), State: v1alpha1.ChangeOurs,
				}}
			}),
			findings: []string{
				"VU-531 Error " + name + ": scale-to-zero of " + moment.Local().Format(time.DateTime) + " is not given back: spec.replicas 1 → 0, run r1",
			},
			differences: []string{"Workloads " + name + " replicas: 1 → 0 (VU-531)"}, check: "nothing-left Failed, blockers Failed",
		},
		{
			name: "has fewer replicas", change: telegraf(2, 1),
			findings:    []string{"VU-512 Error " + name + ": replicas: 2 → 1"},
			differences: []string{"Workloads " + name + " replicas: 2 → 1 (VU-512)"}, check: "workloads Failed",
		},
	})
}

// TestBackupPods: a failed pod of mongobackup says nothing of the cluster; that of
// another job does.
func TestBackupPods(t *testing.T) {
	pod := func(cronJob string) func(*world) {
		return func(w *world) {
			w.install()
			w.Survey.Jobs = []*batchv1.Job{backupJob("run", time.Hour, false)}
			w.Survey.Jobs[0].OwnerReferences[0].Name = cronJob
			w.Survey.Jobs[0].UID = "run"
			w.Pods = append(w.Pods, &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: "app", Name: "run-x", UID: "run-x",
					OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "run", UID: "run", Controller: new(true)}},
				},
				Status: corev1.PodStatus{Phase: corev1.PodFailed},
			})
		}
	}
	run(t, []judged{
		{name: "mongobackup", change: pod("mongobackup")},
		{
			name: "another", change: pod("other"),
			findings: []string{"VU-502 Error pod/app/run-x: Failed: no reason is given"}, check: "pods-running Failed",
		},
	})
}

// TestToldOnce: what has a finding of its own is told of by no other check.
func TestToldOnce(t *testing.T) {
	run(t, []judged{
		{
			name: "a node that we have cordoned", change: func(w *world) {
				w.Nodes[0].Spec.Unschedulable = true
				w.Nodes[0].Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}}
				w.Status.Changes = []v1alpha1.ChangeStatus{{
					Run: "r1", Object: v1alpha1.ObjectRef{Kind: "Node", Name: "node-0"}, Field: "spec.unschedulable",
					Before: []byte("null"), After: []byte("true"), Mode: "cordon", Since: metav1.NewTime(moment), State: v1alpha1.ChangeOurs,
				}}
			},
			findings: []string{"VU-531 Error node/node-0: cordon of " + moment.Local().Format(time.DateTime) + " is not given back: spec.unschedulable null → true, run r1"},
			check:    "nothing-left Failed",
		},
		{
			name: "a container that crashes has restarted", change: func(w *world) {
				w.Pods[0].Status.Conditions[0].Status = corev1.ConditionFalse
				w.Now.Pods[0].Restarts = 4
			},
			findings: []string{"VU-504 Error pod/app/web-0: Running, not Ready on node-0"}, check: "pods-running Failed",
		},
		{
			name: "the pods of a DaemonSet are where the nodes are", change: func(w *world) {
				for i, s := range []*v1alpha1.ClusterSnapshot{w.Baseline, w.Now} {
					s.Pods = append(s.Pods, v1alpha1.PodRecord{Namespace: "app", Name: "agent", UID: "agent", Workload: "daemonset/app/agent", Zone: []string{"zone-0", "zone-1"}[i], Phase: "Running"})
				}
			},
		},
		{
			name: "endpoints that the baseline does not have cannot be compared", change: func(w *world) {
				w.Baseline.NotRead = []v1alpha1.UnreadKind{{Kind: cluster.KindEndpointSlices, Reason: "forbidden"}}
				w.Baseline.Services[0].Endpoints = 0
			},
			findings: []string{"VU-571 Error check/services/endpointslices: endpointslices are not in the baseline: forbidden"}, check: "services NotChecked",
		},
		{
			name: "a kind that the baseline does not have cannot be compared", change: func(w *world) {
				w.Baseline.NotRead = []v1alpha1.UnreadKind{{Kind: cluster.KindBudgets, Reason: "forbidden"}}
				w.Baseline.Budgets = nil
			},
			findings: []string{"VU-571 Error check/objects/poddisruptionbudgets: poddisruptionbudgets are not in the baseline: forbidden"}, check: "objects NotChecked",
		},
		{
			name: "an object of the cloud changes with the version", change: func(w *world) {
				for i, s := range []*v1alpha1.ClusterSnapshot{w.Baseline, w.Now} {
					s.Budgets = append(s.Budgets, v1alpha1.BudgetRecord{Namespace: "kube-system", Name: "dns", MinAvailable: []string{"1", "2"}[i]})
				}
			},
			differences: []string{"Policy poddisruptionbudget/kube-system/dns minAvailable: 1 → 2 ()"},
		},
	})
}
