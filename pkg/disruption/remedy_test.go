// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// ofJob makes a Job the controller of a pod.
func ofJob(o metav1.Object) {
	o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: "migrate", UID: "job", Controller: new(true)}})
}

// TestRemedies: for each class what harms least is proposed, nothing that a pause would
// refuse, and a drain says the same.
func TestRemedies(t *testing.T) {
	const pause = "kubectl vantiq-upgrade pause-pdb-blockers "
	web := fixture.Deployment("app/web", fixture.Replicas(2))
	keda := fixture.HPA(web, 2, 5, fixture.ControlledBy("ScaledObject", "web-scaler", "1"))
	finished := fixture.Pod("app/migrate-x", fixture.Label("app", "web"), fixture.Phase(corev1.PodSucceeded), ofJob)
	running := fixture.Pod("app/migrate-y", fixture.On("n1"), fixture.Label("app", "web"), ofJob)
	failed := options{fixture.MaxUnavailable("1"), fixture.SyncFailed("jobs.batch does not implement the scale subresource")}
	sick := fixture.Waiting("CrashLoopBackOff", "", 3)
	stuck := fixture.PodOf(fixture.ReplicaSetOf(web), "web-new", "", fixture.Unschedulable("no node"))
	tests := map[string]struct {
		objects []any
		want    string
	}{
		"a healthy service stays up":     {two(options{fixture.MinAvailable("2")}), pause + "deployment/app/web --mode=surge"},
		"its autoscaler would undo that": {append(two(options{fixture.MinAvailable("2")}), keda), pause + "pdb/app/web --mode=relax"},
		"no number of replicas opens it": {two(options{fixture.MaxUnavailable("0")}), pause + "pdb/app/web --mode=relax"},
		"a rollout stuck half-way":       {append(two(options{fixture.MinAvailable("2")}), stuck), pause + "deployment/app/web --mode=surge"},
		"the pods are sick":              {two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0)}, sick), pause + "pdb/app/web --mode=relax"},
		"the sick pods may go already":   {two(options{fixture.MinAvailable("1"), fixture.Status(0, 1, 0), fixture.UnhealthyPolicy("AlwaysAllow")}, sick), ""},
		"two budgets":                    {append(two(options{fixture.MinAvailable("2")}), fixture.PDB("app/more", fixture.Selecting("app", "web"))), "kubectl delete pdb -n app web # or narrow its selector"},
		"the broad one of two budgets": {
			append(two(options{fixture.MinAvailable("2")}), fixture.Pod("app/other", fixture.On("n1")),
				fixture.PDB("app/all", fixture.Selector(&metav1.LabelSelector{}), fixture.MinAvailable("1"), fixture.Status(3, 1, 2))),
			"kubectl delete pdb -n app all # or narrow its selector",
		},
		"0, and no number would do":       {two(options{fixture.MaxUnavailable("0"), fixture.SyncFailed("no matches for kind Broker")}), pause + "deployment/app/web --mode=scale-to-zero"},
		"a finished pod of a Job":         {append(two(failed), finished), "kubectl delete pod -n app migrate-x # finished; or have the budget's selector leave out job/app/migrate"},
		"a running pod of a Job":          {append(two(failed), running), "kubectl edit pdb -n app web # have its selector leave out job/app/migrate"},
		"a running one beside a finished": {append(two(failed), running, finished), "kubectl edit pdb -n app web # have its selector leave out job/app/migrate"},
		"computed for another reason":     {two(failed), "kubectl describe pdb -n app web"},
		"it opens by itself":              {two(options{fixture.MinAvailable("1"), fixture.Status(1, 1, 0)}), ""},
		"all that it holds is sick":       {set("app/db", options{fixture.Replicas(1)}, sick), pause + "pdb/app/db --mode=relax"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := fixture.Snapshot(test.objects...)
			wish := disruption.Wish{Profile: vantiq(t)}
			blockers := disruption.Blockers(s, nil)
			if test.want == "" && len(blockers) == 0 {
				return
			}
			findings := disruption.Findings(s, disruption.Choose(s, blockers, wish), wish)
			if len(findings) != 1 || findings[0].Remedy != test.want {
				t.Fatalf("want %s, got %+v", test.want, findings)
			}
			left := wish.Left(s, &blockers[0])
			if left.Remedy != test.want || left.Message != findings[0].Message {
				t.Errorf("a drain says %+v", left)
			}
			if mode, found := strings.CutPrefix(test.want[strings.LastIndex(test.want, " ")+1:], "--mode="); found {
				if r := blockers[0].Relieve(s, disruption.Mode(mode), disruption.Terms{Named: true}); !r.Works() {
					t.Errorf("what is proposed is refused: %s", r.Refused)
				}
			}
		})
	}
}

// TestSizeIsSize: how many pods are expected does not depend on those that happen to be
// there. A rollout's pod more, Pending or Ready, opens no budget for good.
func TestSizeIsSize(t *testing.T) {
	owner := fixture.ControlledBy("StatefulSet", "web", "statefulset/app/web")
	tests := map[string]struct {
		extra []any
		class disruption.Class
	}{
		"as many as wanted":      {nil, disruption.PermanentBySize},
		"one more, Pending":      {[]any{fixture.Pod("app/web-x", fixture.Label("app", "web"), fixture.Phase(corev1.PodPending), owner)}, disruption.PermanentBySize},
		"one more, unplaced":     {[]any{fixture.Pod("app/web-x", fixture.Label("app", "web"), fixture.Unschedulable("no node"), owner)}, disruption.PermanentBySize},
		"one more, Ready":        {[]any{fixture.Pod("app/web-x", fixture.On("n1"), fixture.Label("app", "web"), owner)}, disruption.PermanentBySize},
		"one more, finished":     {[]any{fixture.Pod("app/web-x", fixture.Label("app", "web"), fixture.Phase(corev1.PodFailed), owner)}, disruption.PermanentBySize},
		"another one by itself":  {[]any{fixture.Pod("app/solo", fixture.On("n1"), fixture.Label("app", "web"))}, disruption.Transient},
		"one by itself, leaving": {[]any{fixture.Pod("app/solo", fixture.On("n1"), fixture.Label("app", "web"), fixture.Terminating())}, disruption.PermanentBySize},
		"one of a kind unknown":  {[]any{fixture.Pod("app/w", fixture.On("n1"), fixture.Label("app", "web"), fixture.ControlledBy("Widget", "w", "w"))}, disruption.Transient},
	}
	for name, test := range tests {
		pdb := fixture.PDB("app/web", fixture.MinAvailable("2"), fixture.Status(2, 2, 0))
		got := disruption.Classify(fixture.Snapshot(append(append(web(2, 2), pdb), test.extra...)...), pdb)
		if got.Class != test.class && (test.class != disruption.Transient || got.Class != disruption.Unhealthy) {
			t.Errorf("%s: %s (%s), want %s", name, got.Class, got.Cause, test.class)
		}
	}
	// A workload that is scaled to zero holds nothing, though its pods are still there.
	pdb := fixture.PDB("app/web", fixture.MinAvailable("1"))
	if got := disruption.Classify(fixture.Snapshot(append(web(0, 1), pdb)...), pdb); got.Class != disruption.Open {
		t.Errorf("scaled to zero: %s (%s)", got.Class, got.Cause)
	}
}
