// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// boundTo requires a node by name, as the DaemonSet controller does; one term for
// each list of names.
func boundTo(terms ...[]string) fixture.Option {
	return func(o metav1.Object) {
		selector := &corev1.NodeSelector{}
		for _, names := range terms {
			selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, corev1.NodeSelectorTerm{
				MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: names}},
			})
		}
		o.(*corev1.Pod).Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: selector}}
	}
}

func tolerating(key string) fixture.Option {
	return func(o metav1.Object) {
		o.(*corev1.Pod).Spec.Tolerations = []corev1.Toleration{{Key: key, Operator: corev1.TolerationOpExists}}
	}
}

// TestAgents: what a controller puts back on the same node, cordon or not.
func TestAgents(t *testing.T) {
	const cordon = corev1.TaintNodeUnschedulable
	daemons := fixture.DaemonSet("app/agent")
	none := []string{}
	for name, tt := range map[string]struct {
		options []fixture.Option
		want    bool
	}{
		"a DaemonSet":                       {[]fixture.Option{fixture.OwnedBy(daemons)}, true},
		"a DaemonSet that is gone":          {[]fixture.Option{fixture.ControlledBy("DaemonSet", "agent", "former")}, false},
		"a DaemonSet of another group":      {[]fixture.Option{fixture.ControlledBy("DaemonSet.apps.kruise.io", "agent", "1")}, true},
		"a StatefulSet of another group":    {[]fixture.Option{fixture.ControlledBy("StatefulSet.apps.kruise.io", "queue", "1")}, false},
		"by its signs":                      {[]fixture.Option{fixture.ControlledBy("ExtendedDaemonSetReplicaSet.datadoghq.com", "agent", "1"), boundTo([]string{"n1"}), tolerating(cordon)}, true},
		"by its signs, tolerates all":       {[]fixture.Option{fixture.ControlledBy("BroadcastJob.apps.kruise.io", "agent", "1"), boundTo([]string{"n1"}), tolerating("")}, true},
		"bound, in each of two ways":        {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo([]string{"n1"}, []string{"n1"}), tolerating(cordon)}, true},
		"bound, and waits for the uncordon": {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo([]string{"n1"})}, false},
		"tolerates the cordon, not bound":   {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), tolerating(cordon)}, false},
		"may run on another node":           {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo([]string{"n1", "n2"}), tolerating(cordon)}, false},
		"may run on another node instead":   {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo([]string{"n1"}, []string{"n2"}), tolerating(cordon)}, false},
		"bound elsewhere":                   {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo([]string{"n2"}), tolerating(cordon)}, false},
		"required affinity without a term":  {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo(), tolerating(cordon)}, false},
		"bound to none":                     {[]fixture.Option{fixture.ControlledBy("Agent.example.com", "agent", "1"), boundTo(none), tolerating(cordon)}, false},
		// A Deployment is not meant for nodes: that one is bound to its node is for the
		// operator to see.
		"the signs, of a builtin kind": {[]fixture.Option{fixture.ControlledBy("ReplicaSet", "web", "1"), boundTo([]string{"n1"}), tolerating(cordon)}, false},
		"the signs, without an owner":  {[]fixture.Option{boundTo([]string{"n1"}), tolerating(cordon)}, false},
	} {
		pod := fixture.Pod("app/x", append(tt.options, fixture.On("n1"))...)
		if got := fixture.Snapshot(daemons, pod).IsAgent(pod); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
