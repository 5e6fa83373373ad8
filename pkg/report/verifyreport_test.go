// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// inZone gives this machine a zone for the time of a test.
func inZone(t *testing.T, name string, hours int) {
	t.Helper()
	was := time.Local
	time.Local = time.FixedZone(name, hours*3600)
	t.Cleanup(func() { time.Local = was })
}

// utc is a moment on the day before the upgrade.
func utc(day, hour, minute int) metav1.Time {
	return metav1.NewTime(time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC))
}

// verified is a report with something of everything.
func verified() *v1alpha1.VerifyReport {
	r := &v1alpha1.VerifyReport{
		TypeMeta: v1alpha1.TypeMeta("VerifyReport"), ObjectMeta: metav1.ObjectMeta{Name: "cluster"},
		Time: utc(22, 19, 30), Outcome: v1alpha1.VerifyFailed, Target: "1.30.2",
		Cluster:  v1alpha1.ClusterIdentity{UID: "9f3a", Context: "prod-aks", Server: "https://prod.example:443", Version: "v1.30.2"},
		Baseline: &v1alpha1.BaselineRef{Source: "snapshot-prod-aks-20261122T171000Z.yaml.gz", Time: utc(22, 17, 10), Version: "v1.29.4"},
		Checks: []v1alpha1.Check{
			{Name: "nodes-ready", Title: "Nodes are Ready", State: v1alpha1.CheckOK, Detail: "14 of 14"},
			{Name: "pods-running", Title: "Pods are Running or Completed", State: v1alpha1.CheckFailed, Detail: "1 of 92 is not"},
			{Name: "kubelets", Title: "Kubelets are at the target", State: v1alpha1.CheckOK, Detail: "14 of 14 at v1.30.2"},
			{Name: "backup", Title: "The last mongobackup succeeded", State: v1alpha1.CheckWarning, Detail: "it failed at 2026-11-22 18:00:00, and the one that succeeded before is of 2026-11-21"},
			{Name: "volumes", Title: "Volumes are bound and attached", State: v1alpha1.CheckNotChecked, Detail: "no right to list persistentvolumes"},
			{Name: "pages", Title: "Pages answer", State: v1alpha1.CheckSkipped, Detail: "no --http"},
		},
		Findings: []v1alpha1.Finding{
			{Code: "VU-502", Severity: v1alpha1.SeverityError, Object: "pod/app/vantiq-1", Message: "Pending for 12m: 0/14 nodes are available", Remedy: "kubectl describe pod -n app vantiq-1"},
			{Code: "VU-544", Severity: v1alpha1.SeverityWarning, Object: "cronjob/app/mongobackup", Message: "its last job failed"},
		},
		Ignored: []v1alpha1.IgnoredFinding{{
			Finding: v1alpha1.Finding{Code: "VU-505", Severity: v1alpha1.SeverityWarning, Object: "pod/shared/grafana-0", Message: "restarted 3 times"},
			Rule:    "VU-505=pod/shared/*", Reason: "known, ticket 1234",
		}},
		Events: []v1alpha1.TroubleEvent{
			{Object: "pod/app/vantiq-1", Reason: "FailedScheduling", Message: "0/14 nodes are available: 3 Insufficient cpu, 11 node(s) didn't match Pod's node affinity/selector", Count: 12, Last: utc(22, 19, 28)},
			{Object: "pod/app/vantiq-0", Reason: "FailedAttachVolume", Message: "Multi-Attach error", Count: 2, Last: utc(22, 18, 1), Over: true},
		},
		Probes: []v1alpha1.Probe{
			{Name: "ide", URL: "https://vantiq.example/ui/ide/index.html", Status: 200, Milliseconds: 132, Final: "https://vantiq.example/login", Expires: new(metav1.NewTime(utc(22, 19, 30).AddDate(0, 0, 39))), Up: true},
			{Name: "grafana", URL: "https://grafana.example/", Milliseconds: 10000, Message: "no answer within 10s"},
		},
		Checklist: []v1alpha1.ChecklistItem{
			{Where: "Vantiq IDE", Text: "System Administrators see the IDE and Grafana as before the upgrade, every panel with data"},
			{Text: "No data is missing"},
		},
	}
	for i := range 14 {
		r.Differences = append(r.Differences, v1alpha1.Difference{Group: v1alpha1.DifferenceNodes, Object: fmt.Sprintf("node/aks-vantiqnp-41304253-vmss%06d", i), Field: "kubelet", Before: "v1.29.4", After: "v1.30.2"})
	}
	r.Differences = append(r.Differences,
		v1alpha1.Difference{Group: v1alpha1.DifferenceExtras, Object: "customresource/certificates.cert-manager.io", Field: "served versions", Before: "v1, v1beta1", After: "v1", Code: "VU-562"},
		v1alpha1.Difference{Group: v1alpha1.DifferenceWorkloads, Object: "statefulset/app/vantiq", Field: "ready", Before: "3", After: "2", Code: "VU-511"},
		v1alpha1.Difference{Group: v1alpha1.DifferenceWorkloads, Object: "deployment/kube-system/coredns", Field: "image of coredns", Before: "registry.example/oss/kubernetes/coredns:v1.9.4", After: "registry.example/oss/kubernetes/coredns:v1.11.1"},
		v1alpha1.Difference{Group: v1alpha1.DifferenceNodes, Object: "pool/vantiqnp", Field: "label vantiq.com/x", Before: "", After: "y|z"},
	)
	return r
}

func printed(t *testing.T, r *v1alpha1.VerifyReport, next Next, style Style, wide bool) string {
	t.Helper()
	var out strings.Builder
	if err := VerifyReport(&out, r, next, style, wide); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestVerifyReport(t *testing.T) {
	inZone(t, "JST", 9)
	lines(t, printed(t, verified(), Next{Again: "kubectl vantiq-upgrade verify --to 1.30.2"}, Style{}, false), `
Failed: 1 of 5 checks, 1 could not be made, 1 with warnings, 1 finding ignored; compared with snapshot-prod-aks-20261122T171000Z.yaml.gz of 2026-11-23 02:10 JST (11-22 17:10 UTC), v1.29.4 then

STATE         CHECK                            DETAIL
OK            Nodes are Ready                  14 of 14
Failed        Pods are Running or Completed    1 of 92 is not
OK            Kubelets are at the target       14 of 14 at v1.30.2
Warning       The last mongobackup succeeded   it failed at 2026-11-22 18:00:00, and the one that succeeded before is of 2026-11-21
Not checked   Volumes are bound and attached   no right to list persistentvolumes
Skipped       Pages answer                     no --http

Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available
  → kubectl describe pod -n app vantiq-1
Warning VU-544 cronjob/app/mongobackup: its last job failed
About a code: kubectl vantiq-upgrade explain VU-502

Left out of the verdict by --ignore:
Warning VU-505 pod/shared/grafana-0: restarted 3 times
  VU-505=pod/shared/*: known, ticket 1234

Changed since the snapshot; what has a code is a finding, the rest is as an upgrade has it:

NODES           FIELD                BEFORE    -> AFTER     CODE
14 nodes        kubelet              v1.29.4   -> v1.30.2
pool/vantiqnp   label vantiq.com/x   <none>    -> y|z

WORKLOADS                        FIELD              BEFORE                                           -> AFTER                                             CODE
statefulset/app/vantiq           ready              3                                                -> 2                                                 VU-511
deployment/kube-system/coredns   image of coredns   registry.example/oss/kubernetes/coredns:v1.9.4   -> registry.example/oss/kubernetes/coredns:v1.11.1

EXTENSIONS                                    FIELD             BEFORE        -> AFTER   CODE
customresource/certificates.cert-manager.io   served versions   v1, v1beta1   -> v1      VU-562

EVENTS OF          REASON             COUNT   LAST          MESSAGE
pod/app/vantiq-1   FailedScheduling   12      11-23 04:28   0/14 nodes are available: 3 Insufficient cpu, 11 node(s) didn't match Pod's node affinity/selector
1 event of trouble with objects that are well or gone by now; -o wide shows all

PAGE      STATE      TIME    CERTIFICATE            ADDRESS
ide       up (200)   132ms   2027-01-01 (39 days)   https://vantiq.example/ui/ide/index.html
grafana   DOWN       10s     <none>                 https://grafana.example/

For a person to look at:
[ ] Vantiq IDE: System Administrators see the IDE and Grafana as before the upgrade, every panel with data
[ ] No data is missing

Next: mend what is named above, then kubectl vantiq-upgrade verify --to 1.30.2
`)
}

// TestVerifyReportNarrow: on a terminal every line of a table keeps off the last
// column, text is broken between words, and what tells names apart is left.
func TestVerifyReportNarrow(t *testing.T) {
	inZone(t, "JST", 9)
	text := printed(t, verified(), Next{Again: "kubectl vantiq-upgrade verify --to 1.30.2"}, Style{width: 80}, false)
	lines(t, text, `
Failed: 1 of 5 checks, 1 could not be made, 1 with warnings, 1 finding ignored;
compared with snapshot-prod-aks-20261122T171000Z.yaml.gz of 2026-11-23 02:10
JST (11-22 17:10 UTC), v1.29.4 then

STATE         CHECK                            DETAIL
OK            Nodes are Ready                  14 of 14
Failed        Pods are Running or Completed    1 of 92 is not
OK            Kubelets are at the target       14 of 14 at v1.30.2
Warning       The last mongobackup succeeded   it failed at 2026-11-22 18:00…
Not checked   Volumes are bound and attached   no right to list persistentvo…
Skipped       Pages answer                     no --http

Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available
  → kubectl describe pod -n app vantiq-1
Warning VU-544 cronjob/app/mongobackup: its last job failed
About a code: kubectl vantiq-upgrade explain VU-502

Left out of the verdict by --ignore:
Warning VU-505 pod/shared/grafana-0: restarted 3 times
  VU-505=pod/shared/*: known, ticket 1234

Changed since the snapshot; what has a code is a finding, the rest is as an
upgrade has it:

NODES           FIELD                BEFORE    -> AFTER     CODE
14 nodes        kubelet              v1.29.4   -> v1.30.2
pool/vantiqnp   label vantiq.com/x   <none>    -> y|z

WORKLOADS                    FIELD              BEFORE   -> AFTER     CODE
sts app/vantiq               ready              3        -> 2         VU-511
deploy kube-system/coredns   image of coredns   v1.9.4   -> v1.11.1

EXTENSIONS                    FIELD             BEFORE        -> AFTER   CODE
customresour…t-manager.io     served versions   v1, v1beta1   -> v1      VU-562

EVENTS OF          REASON             COUNT   LAST          MESSAGE
pod/app/vantiq-1   FailedScheduling   12      11-23 04:28   0/14 nodes are a…
1 event of trouble with objects that are well or gone by now; -o wide shows all

PAGE      STATE      TIME    CERTIFICATE            ADDRESS
ide       up (200)   132ms   2027-01-01 (39 days)   https://vant…e/index.html
grafana   DOWN       10s     <none>                 https://grafana.example/

For a person to look at:
[ ] Vantiq IDE: System Administrators see the IDE and Grafana as before the
    upgrade, every panel with data
[ ] No data is missing

Next: mend what is named above, then kubectl vantiq-upgrade verify --to 1.30.2
`)
	for _, width := range []int{80, 100, 132} {
		for line := range strings.SplitSeq(printed(t, verified(), Next{}, Style{width: width}, false), "\n") {
			if visible(strings.TrimRight(line, " ")) > width-1 {
				t.Errorf("%d columns: wider than a terminal: %q", width, line)
			}
		}
	}
}

// TestVerifyReportWide: nothing is cut, put together or left out, whatever the
// terminal.
func TestVerifyReportWide(t *testing.T) {
	inZone(t, "JST", 9)
	r := verified()
	for i := range 30 {
		r.Findings = append(r.Findings, v1alpha1.Finding{Code: "VU-505", Severity: v1alpha1.SeverityWarning, Object: fmt.Sprintf("pod/app/p%02d", i), Message: "m"})
		r.Ignored = append(r.Ignored, v1alpha1.IgnoredFinding{Finding: v1alpha1.Finding{Code: "VU-505", Object: fmt.Sprintf("pod/app/q%02d", i)}})
		r.Events = append(r.Events, v1alpha1.TroubleEvent{Object: fmt.Sprintf("pod/app/r%02d", i), Reason: "BackOff"})
		r.Differences = append(r.Differences, v1alpha1.Difference{Group: v1alpha1.DifferencePods, Object: fmt.Sprintf("pod/app/s%02d", i), Field: "restarts", Before: "0", After: strconv.Itoa(i + 1)})
	}
	wide := printed(t, r, Next{}, Style{width: 80}, true)
	for _, want := range []string{
		"node/aks-vantiqnp-41304253-vmss000013 ", "deployment/kube-system/coredns ", "coredns:v1.9.4 ", "pods-running",
		"Multi-Attach error", "2026-11-23T04:28:00+09:00", "https://vantiq.example/login", "no answer within 10s",
		"pod/app/p29", "pod/app/q29", "pod/app/r29", "pod/app/s29 ",
	} {
		if !strings.Contains(wide, want) {
			t.Errorf("no %q in:\n%s", want, wide)
		}
	}
	if strings.Contains(wide, "…") || strings.Contains(wide, "-o wide") {
		t.Errorf("something was left out:\n%s", wide)
	}
	narrow := printed(t, r, Next{}, Style{}, false)
	for _, want := range []string{"and 12 more findings; -o wide", "and 11 more findings; -o wide", "and 11 more events; -o wide", "and 10 more differences; -o wide"} {
		if !strings.Contains(narrow, want) {
			t.Errorf("no %q in:\n%s", want, narrow)
		}
	}
}

// TestVerifyReportColours: states are painted, and the columns behind them stand
// where they stand without.
func TestVerifyReportColours(t *testing.T) {
	plain := printed(t, verified(), Next{}, Style{}, false)
	painted := printed(t, verified(), Next{}, Style{on: true}, false)
	for _, want := range []string{"\x1b[31mFailed\x1b[0m: 1 of 5", "\n\x1b[32mOK\x1b[0m    ", "\n\x1b[31mNot checked\x1b[0m ", "\n\x1b[33mWarning\x1b[0m  ", "\n\x1b[2mSkipped\x1b[0m  ", "\x1b[31mError\x1b[0m VU-502"} {
		if !strings.Contains(painted, want) {
			t.Errorf("no %q in:\n%q", want, painted)
		}
	}
	if got := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(painted, ""); got != plain {
		t.Errorf("colours change the text:\n%s", got)
	}
	if strings.Contains(plain, "\x1b") {
		t.Error("colours where none are wanted")
	}
}

func TestVerifyVerdict(t *testing.T) {
	inZone(t, "JST", 9)
	ok, skipped := v1alpha1.Check{State: v1alpha1.CheckOK}, v1alpha1.Check{State: v1alpha1.CheckSkipped}
	unmade, warned := v1alpha1.Check{State: v1alpha1.CheckNotChecked}, v1alpha1.Check{State: v1alpha1.CheckWarning}
	list := []v1alpha1.ChecklistItem{{Text: "look"}}
	tests := map[string]struct {
		report *v1alpha1.VerifyReport
		want   string
	}{
		"passed": {
			&v1alpha1.VerifyReport{
				Outcome: v1alpha1.VerifyPassed, Checks: []v1alpha1.Check{ok, ok, skipped}, Checklist: list,
				Baseline: &v1alpha1.BaselineRef{Source: "s.yaml.gz", Time: utc(23, 3, 10)}, Target: "1.37",
			},
			"Passed: 2 checks; compared with s.yaml.gz of 2026-11-23 12:10 JST (03:10 UTC) | Next: go through the list above; then the upgrade is done.",
		},
		"passed on the way": {
			&v1alpha1.VerifyReport{
				Outcome: v1alpha1.VerifyPassed, Checks: []v1alpha1.Check{ok}, Checklist: list,
				Baseline: &v1alpha1.BaselineRef{Source: "s.yaml.gz", Time: utc(23, 3, 10)},
			},
			"Passed: 1 check; compared with s.yaml.gz of 2026-11-23 12:10 JST (03:10 UTC) | Next: go through the list above.",
		},
		"passed without anything to compare with": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyPassed, Checks: []v1alpha1.Check{ok}},
			"Passed: 1 check; compared with no snapshot",
		},
		"passed with a list and nothing to compare with": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyPassed, Checks: []v1alpha1.Check{ok}, Checklist: list},
			"Passed: 1 check; compared with no snapshot | Next: go through the list above. Before an upgrade: kubectl vantiq-upgrade snapshot",
		},
		"passed with warnings and something ignored": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyPassed, Checks: []v1alpha1.Check{ok, warned}, Ignored: make([]v1alpha1.IgnoredFinding, 2)},
			"Passed: 2 checks, 1 with warnings, 2 findings ignored; compared with no snapshot",
		},
		"not checked": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyNotChecked, Checks: []v1alpha1.Check{ok, unmade, unmade, skipped}, Checklist: list},
			"Not checked: 2 of 3 checks could not be made; compared with no snapshot | Next: ask for what is missing above, then again",
		},
		"failed beside the checks": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyFailed, Checks: []v1alpha1.Check{ok}, Findings: []v1alpha1.Finding{{Severity: v1alpha1.SeverityError}}},
			"Failed: 1 error; compared with no snapshot | Next: mend what is named above, then again",
		},
		"failed after a wait": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyFailed, Checks: []v1alpha1.Check{{State: v1alpha1.CheckFailed}}, Looks: &v1alpha1.Looks{Total: 90, InARow: 1, Wanted: 3, Seconds: 900.2}},
			"Failed: 1 of 1 check; compared with no snapshot | Waited: 90 looks in 15m0s; the last 1 in a row held, of 3 wanted | Next: mend what is named above, then again",
		},
		"failed only": {
			&v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyFailed, Checks: []v1alpha1.Check{ok, {State: v1alpha1.CheckFailed}}},
			"Failed: 1 of 2 checks; compared with no snapshot | Next: mend what is named above, then again",
		},
	}
	for name, tt := range tests {
		text := strings.Split(strings.TrimSpace(printed(t, tt.report, Next{Again: "again"}, Style{}, false)), "\n")
		got := text[0]
		if strings.HasPrefix(text[1], "Waited") {
			got += " | " + text[1]
		}
		if last := text[len(text)-1]; strings.HasPrefix(last, "Next") {
			got += " | " + last
		}
		if got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}

// TestVerifyReportIsSafe: what comes from a cluster cannot break a line or steer a
// terminal.
func TestVerifyReportIsSafe(t *testing.T) {
	const evil = "a\nb\x1b[2Jc\rd"
	r := &v1alpha1.VerifyReport{
		Outcome: v1alpha1.VerifyFailed, Baseline: &v1alpha1.BaselineRef{Source: evil, Version: evil},
		Checks:      []v1alpha1.Check{{Title: evil, Detail: evil, State: v1alpha1.CheckFailed}},
		Findings:    []v1alpha1.Finding{{Object: evil, Message: evil, Remedy: evil}},
		Ignored:     []v1alpha1.IgnoredFinding{{Finding: v1alpha1.Finding{Object: evil, Message: evil}, Rule: evil, Reason: evil}},
		Differences: []v1alpha1.Difference{{Group: v1alpha1.DifferencePods, Object: evil, Field: evil, Before: evil, After: evil}},
		Events:      []v1alpha1.TroubleEvent{{Object: evil, Reason: evil, Message: evil}},
		Probes:      []v1alpha1.Probe{{Name: evil, URL: evil, Final: evil, Message: evil}},
		Checklist:   []v1alpha1.ChecklistItem{{Text: evil, Where: evil}},
	}
	var page strings.Builder
	if err := VerifyMarkdown(&page, r); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	VerifyChanges(&told, nil, r, 0)
	for name, text := range map[string]string{"tables": printed(t, r, Next{}, Style{}, true), "Markdown": page.String(), "changes": told.String(), "progress": strings.Join(VerifyProgress(r, 0, 80, 24, Style{}), "\n")} {
		if strings.ContainsAny(text, "\x1b\r") || strings.Contains(text, "a\nb") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

func TestTogether(t *testing.T) {
	d := func(object, field, after, code string) v1alpha1.Difference {
		return v1alpha1.Difference{Group: v1alpha1.DifferenceStorage, Object: object, Field: field, Before: "a", After: after, Code: code}
	}
	var got []string
	for _, one := range together([]v1alpha1.Difference{
		d("storageclass/x", "f", "b", ""), d("storageclass/y", "f", "b", ""), d("pvc/app/x", "f", "b", ""),
		d("storageclass/z", "f", "b", ""), d("storageclass/v", "f", "c", ""), d("storageclass/w", "f", "b", "VU-562"),
		d("networkpolicy/app/1", "g", "b", ""), d("networkpolicy/app/2", "g", "b", ""), d("networkpolicy/b/3", "g", "b", ""),
		d("pvc/app/y", "f", "b", ""),
	}) {
		got = append(got, one.Object+" "+one.Field+" "+one.After+one.Code)
	}
	want := []string{"3 storageclasses f b", "pvc/app/x f b", "storageclass/v f c", "storageclass/w f bVU-562", "3 networkpolicies g b", "pvc/app/y f b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWithoutBeginning(t *testing.T) {
	for in, want := range map[[2]string][2]string{
		{"registry.example/a/b:v1", "registry.example/a/b:v2"}: {"v1", "v2"},
		{"registry.example/a/b:v1", "registry.example/a/c:v1"}: {"b:v1", "c:v1"},
		{"v1.29.4", "v1.30.2"}:                                 {"v1.29.4", "v1.30.2"},
		{"registry.example/a/", "registry.example/a/b"}:        {"registry.example/a/", "registry.example/a/b"},
		{"", "registry.example/a/b"}:                           {"", "registry.example/a/b"},
	} {
		if before, after := withoutBeginning(in[0], in[1]); before != want[0] || after != want[1] {
			t.Errorf("%v: got %s, %s", in, before, after)
		}
	}
}
