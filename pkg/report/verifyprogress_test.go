// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// look is the report of a look n of --wait.
func look(n, inARow int) *v1alpha1.VerifyReport {
	r := verified()
	r.Time = utc(22, 19, n)
	r.Looks = &v1alpha1.Looks{Total: n, InARow: inARow, Wanted: 3}
	return r
}

// allHolds is one at which nothing was found.
func allHolds(n, inARow int) *v1alpha1.VerifyReport {
	r := look(n, inARow)
	r.Outcome, r.Findings = v1alpha1.VerifyPassed, nil
	for i := range r.Checks {
		if r.Checks[i].State != v1alpha1.CheckSkipped {
			r.Checks[i].State, r.Checks[i].Detail = v1alpha1.CheckOK, "14 of 14"
		}
	}
	return r
}

func TestVerifyProgress(t *testing.T) {
	want := []string{
		"3 checks not as wanted, 0 of 3 in a row; 12m30s left",
		"Failed      Pods are Running or Completed: 1 of 92 is not",
		"Not checked Volumes are bound and attached: no right to list persistentvolumes",
		"Warning     The last mongobackup succeeded: it failed at 2026-11-22 18:00:00, …",
		"Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available",
		"Warning VU-544 cronjob/app/mongobackup: its last job failed",
	}
	if diff := cmp.Diff(want, VerifyProgress(look(7, 0), 12*time.Minute+30*time.Second, 80, 24, Style{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	got := VerifyProgress(allHolds(8, 2), -time.Second, 80, 24, Style{})
	if diff := cmp.Diff([]string{"all holds, 2 of 3 in a row; 0s left"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestVerifyProgressFits: the area keeps to the screen, and says what it leaves out.
func TestVerifyProgressFits(t *testing.T) {
	r := look(1, 0)
	for i := range 50 {
		r.Findings = append(r.Findings, v1alpha1.Finding{Code: "VU-502", Severity: v1alpha1.SeverityError, Object: fmt.Sprintf("pod/app/p%d", i), Message: strings.Repeat("word ", 40)})
	}
	for _, height := range []int{2, 4, 8, 24, 60} {
		for _, style := range []Style{{}, {on: true}} {
			area := VerifyProgress(r, time.Minute, 60, height, style)
			if len(area) >= height {
				t.Errorf("%d lines on %d", len(area), height)
			}
			for _, line := range area {
				if visible(line) > 59 {
					t.Errorf("wider than the screen: %q", line)
				}
			}
			if last := area[len(area)-1]; height >= 8 && !strings.HasPrefix(last, "and ") {
				t.Errorf("%d lines: the last one is %q", height, last)
			}
		}
	}
}

func TestVerifyChanges(t *testing.T) {
	inZone(t, "JST", 9)
	var out strings.Builder
	first, second, third := look(1, 0), look(2, 0), look(3, 0)
	second.Findings[0].Message = "Pending for 13m: 0/14 nodes are available" // says the same
	third.Checks[1].Detail = "2 of 92 are not"
	third.Findings = append(third.Findings, v1alpha1.Finding{Code: "VU-502", Severity: v1alpha1.SeverityError, Object: "pod/app/vantiq-2", Message: "Pending"})
	reports := []*v1alpha1.VerifyReport{nil, first, second, third, allHolds(4, 1), allHolds(5, 2), allHolds(6, 2), look(7, 0)}
	for i := range reports[1:] {
		VerifyChanges(&out, reports[i], reports[i+1], time.Duration(10-i)*time.Minute)
	}
	lines(t, out.String(), `
04:01:00 3 checks not as wanted, 0 of 3 in a row; 10m0s left
04:01:00   Pods are Running or Completed: Failed, 1 of 92 is not
04:01:00   The last mongobackup succeeded: Warning, it failed at 2026-11-22 18:00:00, and the one that succeeded before is of 2026-11-21
04:01:00   Volumes are bound and attached: Not checked, no right to list persistentvolumes
04:01:00   new:  Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available
04:01:00   new:  Warning VU-544 cronjob/app/mongobackup: its last job failed
04:03:00 3 checks not as wanted, 0 of 3 in a row; 8m0s left
04:03:00   Pods are Running or Completed: Failed, 2 of 92 are not
04:03:00   new:  Error VU-502 pod/app/vantiq-2: Pending
04:04:00 all holds, 1 of 3 in a row; 7m0s left
04:04:00   Pods are Running or Completed: Failed -> OK, 14 of 14
04:04:00   The last mongobackup succeeded: Warning -> OK, 14 of 14
04:04:00   Volumes are bound and attached: Not checked -> OK, 14 of 14
04:04:00   gone: Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available
04:04:00   gone: Warning VU-544 cronjob/app/mongobackup: its last job failed
04:04:00   gone: Error VU-502 pod/app/vantiq-2: Pending
04:05:00 all holds, 2 of 3 in a row; 6m0s left
04:07:00 3 checks not as wanted, 0 of 3 in a row; 4m0s left
04:07:00   Pods are Running or Completed: OK -> Failed, 1 of 92 is not
04:07:00   The last mongobackup succeeded: OK -> Warning, it failed at 2026-11-22 18:00:00, and the one that succeeded before is of 2026-11-21
04:07:00   Volumes are bound and attached: OK -> Not checked, no right to list persistentvolumes
04:07:00   new:  Error VU-502 pod/app/vantiq-1: Pending for 12m: 0/14 nodes are available
04:07:00   new:  Warning VU-544 cronjob/app/mongobackup: its last job failed
`)
}

// TestVerifyChangesAreFew: a cluster that comes up does not flood a log.
func TestVerifyChangesAreFew(t *testing.T) {
	r := look(1, 0)
	for i := range 100 {
		r.Findings = append(r.Findings, v1alpha1.Finding{Code: "VU-502", Object: fmt.Sprintf("pod/app/p%d", i)})
	}
	var out strings.Builder
	VerifyChanges(&out, nil, r, time.Minute)
	VerifyChanges(&out, r, allHolds(2, 1), 0)
	for _, want := range []string{"new:  92 more findings", "gone: 92 more findings"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	// Without a count of looks there is still a line that says how it stands.
	out.Reset()
	VerifyChanges(&out, nil, &v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyFailed, Findings: []v1alpha1.Finding{{Code: "VU-574", Severity: v1alpha1.SeverityError}}}, time.Second)
	if !strings.Contains(out.String(), " 1 error; 1s left\n") {
		t.Errorf("got %s", out.String())
	}
}
