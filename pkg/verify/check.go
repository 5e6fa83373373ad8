// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// none stands for nothing, for people.
const none = "none"

// check is one thing that is looked at.
type check struct {
	name, title string
	// compares is true where there is nothing to say without a baseline.
	compares bool
	// kinds are those of the Survey that it reads.
	kinds []string
	// run adds findings and returns a detail, one line; skip when there was
	// nothing to look at.
	run func(*judge) (detail string, skip bool)
}

// checks lists them in the order of the runbook.
func checks() []check {
	return []check{
		{name: "nodes-ready", title: "Nodes are Ready", run: (*judge).nodesReady},
		{name: "pods-running", title: "Pods are Running or Completed", run: (*judge).podsRunning},
		{name: "versions", title: "Server and kubelets are at their version", run: (*judge).versions},
		{name: "nothing-left", title: "No cordon, taint, pause or lock is left", run: (*judge).nothingLeft},
		{name: "blockers", title: "What was stopped runs again", run: (*judge).blockers},
		{name: "workloads", title: "Workloads are complete, images as before", run: (*judge).workloads},
		{name: "restarts", title: "No container restarted", compares: true, run: (*judge).restarts},
		{name: "daemonsets", title: "DaemonSets run on every node", run: (*judge).daemonSets},
		{name: "storage", title: "Volumes are bound, attached, in zone", kinds: []string{cluster.KindAttachments}, run: (*judge).storage},
		{name: "services", title: "Services have their endpoints", compares: true, kinds: []string{cluster.KindServices, cluster.KindEndpointSlices}, run: (*judge).services},
		{name: "backups", title: "The last backup succeeded and is fresh", kinds: []string{cluster.KindCronJobs, cluster.KindJobs}, run: (*judge).backups},
		{name: "pools", title: "Pools have their nodes, zones and labels", compares: true, run: (*judge).pools},
		{name: "placement", title: "Pods are where they belong", run: (*judge).placement},
		{name: "events", title: "No events of trouble", kinds: []string{cluster.KindEvents}, run: (*judge).trouble},
		{name: "extensions", title: "Webhooks and aggregated APIs answer", kinds: []string{cluster.KindMutatingHooks, cluster.KindValidatingHooks, cluster.KindAPIServices, cluster.KindServices, cluster.KindEndpointSlices}, run: (*judge).extensions},
		{name: "objects", title: "Other objects are as before", compares: true, run: (*judge).objects},
		{name: "pages", title: "Pages answer", run: (*judge).pages},
	}
}

// judge holds what is known while a cluster is judged.
type judge struct {
	Input
	// found are the findings of the check that is made now; all are those of all
	// checks, kept those of them that are not ignored.
	found, all, kept []v1alpha1.Finding
	differences      []v1alpha1.Difference
	events           []v1alpha1.TroubleEvent
	// held are the objects that we changed and did not give back yet.
	held map[string]bool
	// failed says that what the check is about does not hold, as the finding of
	// another check tells.
	failed bool
	// told are the pods that a finding names already.
	told map[string]bool
}

func newJudge(in Input) *judge {
	j := &judge{Input: in, held: map[string]bool{}, told: map[string]bool{}}
	for i := range in.Status.Changes {
		j.held[objectOf(in.Status.Changes[i].Object)] = true
	}
	return j
}

// make makes one check.
func (j *judge) make(c check) v1alpha1.Check {
	out := v1alpha1.Check{Name: c.name, Title: c.title}
	if c.compares && j.Baseline == nil {
		out.State, out.Detail = v1alpha1.CheckSkipped, "no baseline to compare with"
		return out
	}
	j.found, j.failed = nil, false
	detail, skip := c.run(j)
	for _, unread := range j.Survey.Unread {
		if slices.Contains(c.kinds, unread.Kind) {
			j.notMade(c.name, unread)
		}
	}
	j.all = append(j.all, j.found...)
	kept, _, _ := Apply(j.found, j.Ignore)
	j.kept = append(j.kept, kept...)
	out.State, out.Detail = stateOf(kept), detail
	switch {
	case j.failed:
		out.State = v1alpha1.CheckFailed
	case skip && len(kept) == 0:
		out.State = v1alpha1.CheckSkipped
	}
	if len(kept) > 0 {
		out.Detail += "; " + counted(len(kept), "finding")
	}
	return out
}

// stateOf is the result of a check by its findings.
func stateOf(findings []v1alpha1.Finding) v1alpha1.CheckState {
	switch outcome(findings) {
	case v1alpha1.VerifyFailed:
		return v1alpha1.CheckFailed
	case v1alpha1.VerifyNotChecked:
		return v1alpha1.CheckNotChecked
	case v1alpha1.VerifyPassed:
	}
	if len(findings) > 0 {
		return v1alpha1.CheckWarning
	}
	return v1alpha1.CheckOK
}

// notMade says that something could not be looked at.
func (j *judge) notMade(name string, unread v1alpha1.UnreadKind) {
	j.add(finding.CheckNotMade, checkObject(name, unread.Kind), unread.Kind+" could not be read: "+unread.Reason, "ask for the right to list "+unread.Kind)
}

// notInBaseline says that there is nothing to compare with.
func (j *judge) notInBaseline(name string, unread v1alpha1.UnreadKind) {
	j.add(finding.CheckNotMade, checkObject(name, unread.Kind), unread.Kind+" are not in the baseline: "+unread.Reason,
		"nothing mends that now; --ignore it with a reason once you have looked yourself")
}

// checkObject names a kind of a check, so that one can be ignored by itself.
func checkObject(name, kind string) string {
	return "check/" + name + "/" + strings.ReplaceAll(kind, " ", "-")
}

func (j *judge) add(code finding.Code, object, message, remedy string) {
	j.found = append(j.found, finding.New(code, object, message, remedy))
}

// warn adds a finding that does not block.
func (j *judge) warn(code finding.Code, object, message, remedy string) {
	j.found = append(j.found, finding.WithSeverity(finding.New(code, object, message, remedy), v1alpha1.SeverityWarning))
}

// pass passes findings of these codes on.
func (j *judge) pass(findings []v1alpha1.Finding, codes ...finding.Code) {
	for _, f := range findings {
		if slices.Contains(codes, finding.Code(f.Code)) {
			j.found = append(j.found, f)
		}
	}
}

// differ notes that something is not as it was; code is empty where that is as an
// upgrade has it.
func (j *judge) differ(group v1alpha1.DifferenceGroup, object, field, before, after string, code finding.Code) {
	j.differences = append(j.differences, v1alpha1.Difference{Group: group, Object: object, Field: field, Before: before, After: after, Code: string(code)})
}

// sorted are the differences by group, those with a finding first.
func (j *judge) sorted() []v1alpha1.Difference {
	groups := []v1alpha1.DifferenceGroup{
		v1alpha1.DifferenceNodes, v1alpha1.DifferenceWorkloads, v1alpha1.DifferencePods, v1alpha1.DifferenceStorage,
		v1alpha1.DifferenceNetwork, v1alpha1.DifferencePolicy, v1alpha1.DifferenceExtras,
	}
	rank := func(d v1alpha1.Difference) int {
		at := 2 * slices.Index(groups, d.Group)
		if d.Code == "" {
			at++
		}
		return at
	}
	slices.SortStableFunc(j.differences, func(a, b v1alpha1.Difference) int { return rank(a) - rank(b) })
	return j.differences
}

// isOfCloud reports whether a namespace holds what the cloud brings, and changes
// with the version.
func isOfCloud(namespace string) bool { return namespace == "kube-system" }

// objectOf is the way findings name an object.
func objectOf(o v1alpha1.ObjectRef) string { return object(o.Kind, o.Namespace, o.Name) }

// object is kind/namespace/name, or kind/name without a namespace.
func object(kind, namespace, name string) string {
	kind = strings.ToLower(kind)
	if namespace == "" {
		return kind + "/" + name
	}
	return kind + "/" + namespace + "/" + name
}

// counted is 1 node, 2 nodes.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
