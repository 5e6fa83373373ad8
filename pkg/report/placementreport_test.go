// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func placements() *v1alpha1.PlacementReport {
	return &v1alpha1.PlacementReport{
		Time: metav1.NewTime(time.Date(2026, 11, 23, 15, 4, 5, 0, time.Local)), Installations: []string{"app"},
		Verdict: v1alpha1.PlacementWrong, Summary: v1alpha1.PlacementSummary{Pods: 4, Right: 1, Wrong: 1, Poor: 1, Pending: 1},
		Pods: []v1alpha1.PlacedPod{
			{
				Namespace: "app", Name: "metrics-collector-0", Workload: "statefulset/app/metrics-collector", Known: true,
				Node: "aks-vantiqnp-41304253-vmss000002", Pool: "vantiqnp", Zone: "japaneast-3", Verdict: v1alpha1.PlacementWrong,
				Belongs: []string{"metricsnp"}, Codes: []string{"VU-401"}, Room: []string{"aks-metricsnp-29006181-vmss000000"},
			},
			{
				Namespace: "app", Name: "vantiq-0", Workload: "statefulset/app/vantiq", Known: true, Belongs: []string{"vantiqnp"},
				Node: "aks-vantiqnp-41304253-vmss000000", Pool: "vantiqnp", Zone: "japaneast-1", Verdict: v1alpha1.PlacementRight,
			},
			{
				Namespace: "app", Name: "vantiq-1", Workload: "statefulset/app/vantiq", Known: true, Belongs: []string{"vantiqnp"},
				Verdict: v1alpha1.PlacementPending, Codes: []string{"VU-410"}, NoRoom: "3 too full",
			},
			{
				Namespace: "shared", Name: "telegraf-prom-x", Workload: "deployment/shared/telegraf-prom",
				Node: "aks-mongodbnp-34842842-vmss000000", Pool: "mongodbnp", Verdict: v1alpha1.PlacementPoor, Codes: []string{"VU-403", "VU-408"}, NoRoom: "no",
			},
		},
		Findings: []v1alpha1.Finding{
			{Code: "VU-401", Severity: v1alpha1.SeverityError, Object: "pod/app/metrics-collector-0", Message: "on pool vantiqnp, belongs on metricsnp", Remedy: "move it"},
		},
	}
}

func TestPlacementReport(t *testing.T) {
	var out strings.Builder
	if err := PlacementReport(&out, placements(), Style{}, false); err != nil {
		t.Fatal(err)
	}
	lines(t, out.String(), `
POD                       NODE                   BELONGS     CODES           ROOM
app/metrics-collector-0   vantiqnp-vmss000002    metricsnp   VU-401          yes
app/vantiq-1              <none>                 vantiqnp    VU-410          no
shared/telegraf-prom-x    mongodbnp-vmss000000   <any>       VU-403,VU-408   no

WORKLOAD                    PODS   RIGHT   BELONGS
sts app/metrics-collector   1      0       metricsnp
sts app/vantiq              2      1       vantiqnp
all others                  1      0       <any>

Error VU-401 pod/app/metrics-collector-0: on pool vantiqnp, belongs on metricsnp
  → move it
About a code: kubectl vantiq-upgrade explain VU-401
Wrong: of 4 pods 1 in a wrong place, 1 in a poor one, 1 pending, 1 right; 1 error, 0 warnings.
`)
	out.Reset()
	if err := PlacementReport(&out, placements(), Style{width: 80}, false); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n")[:9] {
		if visible(strings.TrimRight(line, " ")) > 79 {
			t.Errorf("wider than a terminal: %q", line)
		}
	}
}

func TestPlacementReportWide(t *testing.T) {
	var out strings.Builder
	if err := PlacementReport(&out, placements(), Style{}, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"app/vantiq-0 ", "aks-vantiqnp-41304253-vmss000000", "Right", "japaneast-1", "statefulset/app/vantiq"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestPlacementVerdict(t *testing.T) {
	tests := map[string]struct {
		report *v1alpha1.PlacementReport
		want   string
	}{
		"right": {
			&v1alpha1.PlacementReport{Verdict: v1alpha1.PlacementRight, Installations: []string{"app"}, Summary: v1alpha1.PlacementSummary{Pods: 92, Right: 92}},
			"Right: 92 pods, and nothing is to be said against their places.\n",
		},
		"no installation": {
			&v1alpha1.PlacementReport{Verdict: v1alpha1.PlacementRight, Summary: v1alpha1.PlacementSummary{Pods: 1, Right: 1}},
			"There is no Vantiq installation in this cluster: nothing was asked of its map of pools.\nRight: 1 pod, and nothing is to be said against their places.\n",
		},
		"not checked": {
			&v1alpha1.PlacementReport{
				Verdict: v1alpha1.PlacementWrong, Installations: []string{"app"}, Summary: v1alpha1.PlacementSummary{Pods: 1, Right: 1},
				NotChecked: []v1alpha1.UncheckedPlacement{{Check: "volumes", Reason: "forbidden"}},
				Findings:   []v1alpha1.Finding{{Severity: v1alpha1.SeverityError}},
			},
			"Not checked: volumes (forbidden)\nWrong: of 1 pod 0 in a wrong place, 0 in a poor one, 0 pending, 1 right; 1 error, 0 warnings.\n",
		},
		"warnings": {
			&v1alpha1.PlacementReport{
				Verdict: v1alpha1.PlacementPoor, Installations: []string{"app"}, Summary: v1alpha1.PlacementSummary{Pods: 1, Poor: 1},
				Findings: []v1alpha1.Finding{{Severity: v1alpha1.SeverityWarning}},
			},
			"Could be better: of 1 pod 0 in a wrong place, 1 in a poor one, 0 pending, 0 right; 0 errors, 1 warning.\n",
		},
	}
	for name, tt := range tests {
		var out strings.Builder
		printPlacementVerdict(&out, tt.report, Style{})
		if out.String() != tt.want {
			t.Errorf("%s: got\n%swant\n%s", name, out.String(), tt.want)
		}
	}
}

func TestPlacementChanges(t *testing.T) {
	before, after := placements(), placements()
	after.Pods[0].Verdict, after.Pods[0].Node, after.Pods[0].Codes = v1alpha1.PlacementRight, "aks-metricsnp-29006181-vmss000000", nil
	after.Pods[1].Name, after.Pods[1].Verdict = "vantiq-2", v1alpha1.PlacementWrong // one is gone that was right, one is new that is not
	after.Pods = after.Pods[:3]
	var out strings.Builder
	PlacementChanges(&out, before, after)
	lines(t, out.String(), `
15:04:05 pod/app/metrics-collector-0 Wrong -> Right on metricsnp-vmss000000
15:04:05 pod/app/vantiq-2 Right -> Wrong on vantiqnp-vmss000000
15:04:05 pod/shared/telegraf-prom-x Poor -> gone
`)
	out.Reset()
	PlacementChanges(&out, before, before)
	if out.String() != "" {
		t.Errorf("nothing has changed:\n%s", out.String())
	}
}

func TestScreen(t *testing.T) {
	text := "one\n\x1b[31mred and long\x1b[0m\nthree   \nfour\n"
	got := strings.Join(Screen(text, 8, 4), "|")
	if want := "one|\x1b[31mred an…\x1b[0m|three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
