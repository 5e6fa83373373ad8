// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// denials are the answers of admission to the evictions of one pod, in a row.
type denials struct {
	last  refusal.Refusal
	times int
	since time.Time
}

// book adds a denial; nil, another answer, ends the row.
func (d *denials) book(denial *refusal.Refusal, now time.Time) {
	if denial == nil {
		*d = denials{}
		return
	}
	if d.times == 0 {
		d.since = now
	}
	d.last = *denial
	d.times++
}

// held is the pod for which a workload waits first, and why; nil when none is
// held. While nothing is missing that is one that was asked for: the others only
// stay behind it, since it might be gone.
func (g *group) held() (*member, string) {
	var first, asked *member
	for _, m := range g.members {
		switch {
		case m.phase != staying && m.phase != asking:
			continue
		case g.ready >= g.expected() && m.denied.times > 0:
			return m, m.refusal
		case m.phase == asking:
			asked = m
		case first == nil && m.cause != "":
			first = m
		}
	}
	switch {
	case asked != nil && g.ready >= g.expected():
		return asked, "the API server has not answered yet whether " + cluster.PodObject(asked.Pod) + " may go"
	case first != nil:
		return first, first.cause
	}
	return nil, ""
}

// notAllowed is the finding for a pod that may not go for too long.
func (e *Engine) notAllowed(g *group, m *member, cause string, now time.Time) v1alpha1.Finding {
	object, limit := cluster.PodObject(m.Pod), e.plan.options.PodTimeout
	if d := m.denied; d.times > 0 && cause == m.refusal {
		show := d.last.Command(m.Pod.Namespace)
		if show == "" {
			show = "kubectl get validatingadmissionpolicies,validatingwebhookconfigurations # one of them, or a plugin of the API server"
		}
		return finding.New(finding.WaitedTooLong, object,
			fmt.Sprintf("not allowed to go for %s: refused %s in %s: %s", limit, times(d.times), now.Sub(d.since).Round(time.Second), d.last),
			show+" # mend what it asks for, then "+again)
	}
	remedy := "mend that, then " + again
	if m.show != "" {
		remedy = m.show + " # mend what keeps it, then " + again
	}
	if g.lack.why != "" && strings.HasSuffix(cause, g.lack.why) {
		remedy = g.lack.remedy(g.ref)
	}
	return finding.New(finding.WaitedTooLong, object, fmt.Sprintf("not allowed to go for %s: %s", limit, cause), remedy)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// refused is the finding for an eviction that can never be accepted. The server
// does not name the budgets when there are several on a pod.
func refused(pod *corev1.Pod, cause string, budgets []*policyv1.PodDisruptionBudget) v1alpha1.Finding {
	remedy := "kubectl describe pod -n " + pod.Namespace + " " + pod.Name
	if r, _ := refusal.Parse(cause); r.By == refusal.Authorizer {
		remedy = "kubectl auth can-i create pods --subresource=eviction -n " + pod.Namespace + " # it says no: ask for the right, then run the same command again"
	}
	if len(budgets) > 1 {
		names := make([]string, 0, len(budgets))
		for _, pdb := range budgets {
			names = append(names, pdb.Name)
		}
		cause += " They are " + strings.Join(names, " and ") + "."
		remedy = "kubectl describe pdb -n " + pod.Namespace + " " + strings.Join(names, " ") + " # and leave one of them"
	}
	return finding.New(finding.EvictionRefused, cluster.PodObject(pod), cause, remedy)
}
