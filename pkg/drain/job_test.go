// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"math"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

func onDisruption(action batchv1.PodFailurePolicyAction) batchv1.PodFailurePolicyRule {
	return batchv1.PodFailurePolicyRule{Action: action, OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}}}
}

func onExit(action batchv1.PodFailurePolicyAction, operator batchv1.PodFailurePolicyOnExitCodesOperator, codes ...int32) batchv1.PodFailurePolicyRule {
	return batchv1.PodFailurePolicyRule{Action: action, OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{Operator: operator, Values: codes}}
}

// TestFateOf: what the Job controller makes of a pod that is evicted.
func TestFateOf(t *testing.T) {
	const ignore, failJob, failIndex, count = batchv1.PodFailurePolicyActionIgnore, batchv1.PodFailurePolicyActionFailJob, batchv1.PodFailurePolicyActionFailIndex, batchv1.PodFailurePolicyActionCount
	const in, notIn = batchv1.PodFailurePolicyOnExitCodesOpIn, batchv1.PodFailurePolicyOnExitCodesOpNotIn
	type rules = []batchv1.PodFailurePolicyRule
	perIndex := func(limit int32) func(*batchv1.Job) {
		return func(j *batchv1.Job) {
			j.Spec.BackoffLimitPerIndex, j.Spec.BackoffLimit = &limit, new(int32(math.MaxInt32))
		}
	}
	tests := map[string]struct {
		limit   int32
		failed  int32
		leaving int
		rules   rules
		change  func(*batchv1.Job)
		before  string // failures of the pod's index
		fails   bool
		words   string
	}{
		"as most are":                    {limit: 6, leaving: 1, words: "has 5 of its 6 retries left"},
		"no retry at all":                {limit: 0, leaving: 1, fails: true, words: "no retry left (backoffLimit 0)"},
		"all retries used":               {limit: 3, failed: 3, leaving: 1, fails: true, words: "no retry left (backoffLimit 3)"},
		"the last retry":                 {limit: 3, failed: 2, leaving: 1, words: "has 0 of its 3 retries left"},
		"more pods than retries":         {limit: 2, failed: 1, leaving: 2, fails: true, words: "2 of its pods go and it has 1"},
		"as many pods as retries":        {limit: 2, leaving: 2, words: "has 0 of its 2 retries left"},
		"more failures than retries":     {limit: 1, failed: 4, leaving: 1, fails: true, words: "no retry left"},
		"limit not set":                  {limit: -1, leaving: 1, words: "5 of its 6"},
		"a disruption is ignored":        {leaving: 1, rules: rules{onDisruption(ignore)}, words: "does not count"},
		"a disruption fails it":          {limit: 6, leaving: 1, rules: rules{onDisruption(failJob)}, fails: true, words: "podFailurePolicy fails it"},
		"a disruption fails its index":   {limit: 6, leaving: 1, rules: rules{onDisruption(failIndex)}, fails: true, words: "the index"},
		"a disruption counts":            {leaving: 1, rules: rules{onDisruption(count), onDisruption(ignore)}, fails: true, words: "no retry left"},
		"the first rule that matches":    {leaving: 1, rules: rules{onExit(failJob, in, 1, 42), onDisruption(ignore)}, words: "does not count"},
		"SIGTERM fails it first":         {limit: 6, leaving: 1, rules: rules{onExit(failJob, in, 143), onDisruption(ignore)}, fails: true, words: "podFailurePolicy fails it"},
		"whatever is not 0 fails it":     {limit: 6, leaving: 1, rules: rules{onExit(failJob, notIn, 3), onDisruption(ignore)}, fails: true},
		"all but signals fails it":       {leaving: 1, rules: rules{onExit(failJob, notIn, 137, 143), onDisruption(ignore)}, words: "does not count"},
		"rules that match nothing":       {leaving: 1, rules: rules{onExit(failJob, in, 42)}, fails: true, words: "no retry left"},
		"an index with retries":          {leaving: 3, change: perIndex(2), before: "1", words: "starts it again"},
		"an index without":               {leaving: 1, change: perIndex(2), before: "2", fails: true, words: "index 4 has no retry left (backoffLimitPerIndex 2)"},
		"the first pod of an index":      {leaving: 1, change: perIndex(0), fails: true, words: "backoffLimitPerIndex 0"},
		"an index, disruptions ignored":  {leaving: 1, change: perIndex(0), rules: rules{onDisruption(ignore)}, words: "does not count"},
		"a queue of which one is done":   {limit: 6, leaving: 1, change: func(j *batchv1.Job) { j.Spec.Completions, j.Status.Succeeded = nil, 1 }, words: "does not start it again"},
		"a queue, and no retry":          {limit: 0, leaving: 1, change: func(j *batchv1.Job) { j.Spec.Completions, j.Status.Succeeded = nil, 1 }, fails: true},
		"completions, of which one done": {limit: 6, leaving: 1, change: func(j *batchv1.Job) { j.Status.Succeeded = 1 }, words: "starts it again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			job := &batchv1.Job{Spec: batchv1.JobSpec{BackoffLimit: &tt.limit, Completions: new(int32(3))}, Status: batchv1.JobStatus{Failed: tt.failed}}
			if tt.limit < 0 {
				job.Spec.BackoffLimit = nil
			}
			if tt.rules != nil {
				job.Spec.PodFailurePolicy = &batchv1.PodFailurePolicy{Rules: tt.rules}
			}
			if tt.change != nil {
				tt.change(job)
			}
			pod := fixture.Pod("app/p", fixture.Annotation(batchv1.JobCompletionIndexAnnotation, "4"))
			if tt.before != "" {
				pod.Annotations[batchv1.JobIndexFailureCountAnnotation] = tt.before
			}
			if got := fateOf(job, pod, tt.leaving); got.fails != tt.fails || !strings.Contains(got.words, tt.words) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestJobsInThePlan: all pods of a Job that go count, only running ones; what is
// not known of a Job is not claimed.
func TestJobsInThePlan(t *testing.T) {
	prof, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	of := func(name, node string, options ...fixture.Option) *corev1.Pod {
		return fixture.Pod("app/"+name, append([]fixture.Option{fixture.On(node), fixture.ControlledBy("Job", "sum", "j")}, options...)...)
	}
	s := fixture.Snapshot(fixture.Node("a"), fixture.Node("b"), of("sum-0", "a"), of("sum-1", "b"),
		of("sum-2", "a", fixture.Terminating()), of("sum-3", "a", fixture.Phase(corev1.PodFailed)), of("sum-4", "elsewhere"))
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "app", Name: "sum", UID: "j"}, Spec: batchv1.JobSpec{BackoffLimit: new(int32(1)), Completions: new(int32(9))}}
	judge := func(s *cluster.Snapshot, options Options, nodes ...string) (codes, remedies string) {
		t.Helper()
		for _, f := range (selector{snapshot: s, view: disruption.ViewOf(s, prof), options: options}).selectFrom(nodes).findings {
			codes += f.Code + " " + string(f.Severity) + " " + f.Object + "\n"
			remedies += f.Remedy
		}
		return codes, remedies
	}
	known := s.WithJobs(cluster.Jobs{"j": job})
	if got, remedy := judge(known, Options{}, "a"); got != "VU-218 Warning pod/app/sum-0\n" || !strings.HasSuffix(remedy, "kubectl wait -n app --for=condition=complete job/sum --timeout=1h") {
		t.Errorf("one goes: %s%s", got, remedy)
	}
	if got, _ := judge(known, Options{}, "a", "b"); got != "VU-227 Error pod/app/sum-0\nVU-227 Error pod/app/sum-1\n" {
		t.Errorf("two go: %s", got)
	}
	if got, _ := judge(known, Options{Force: true}, "a", "b"); got != "VU-227 Warning pod/app/sum-0\nVU-227 Warning pod/app/sum-1\n" {
		t.Errorf("two go by force: %s", got)
	}
	if got, _ := judge(s, Options{}, "a", "b"); got != "VU-218 Warning pod/app/sum-0\nVU-218 Warning pod/app/sum-1\n" {
		t.Errorf("Jobs that may not be read: %s", got)
	}
	if refs := s.JobsOn([]string{"a", "b"}); len(refs) != 1 || refs[0].Name != "sum" {
		t.Errorf("asked for %v", refs)
	}
}
