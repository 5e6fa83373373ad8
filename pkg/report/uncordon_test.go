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

func TestMain(m *testing.M) {
	// Tables show local time; here it must differ from UTC everywhere.
	time.Local = time.FixedZone("JST", 9*60*60)
	m.Run()
}

func TestUncordon(t *testing.T) {
	at := new(metav1.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC))
	node := func(n, action, by string, at *metav1.Time) v1alpha1.UncordonedNode {
		return v1alpha1.UncordonedNode{Name: "aks-mongodbnp-34842842-vmss00000" + n, Action: action, CordonedBy: by, CordonedAt: at}
	}
	all := []v1alpha1.UncordonedNode{
		node("0", "uncordoned", "ops@bastion", at),
		node("1", "mark removed", "ops@bastion", at),
		node("2", "left cordoned", "", nil),
		node("3", "not cordoned", "", nil),
	}
	tests := map[string]struct {
		report v1alpha1.UncordonReport
		wide   bool
		want   string
	}{
		"one of each": {
			report: v1alpha1.UncordonReport{DryRun: "none", Nodes: all},
			want: `
NODE                   ACTION          CORDONED BY   SINCE
mongodbnp-vmss000000   uncordoned      ops@bastion   2026-03-02 02:00:00
mongodbnp-vmss000001   mark removed    ops@bastion   2026-03-02 02:00:00
mongodbnp-vmss000002   left cordoned
mongodbnp-vmss000003   not cordoned

2 nodes given back
1 node left as somebody else cordoned it. To give back all: kubectl vantiq-upgrade uncordon-pool mongodbnp --all
`,
		},
		"wide, dry run": {
			report: v1alpha1.UncordonReport{DryRun: "client", Nodes: all[:1]},
			wide:   true,
			want: "NODE                                ACTION       CORDONED BY   SINCE                 " + `SINCE (UTC)
aks-mongodbnp-34842842-vmss000000   uncordoned   ops@bastion   2026-03-02 02:00:00   2026-03-01T17:00:00Z

1 node given back (dry run: client; nothing was changed)
`,
		},
		"nothing to do": {
			report: v1alpha1.UncordonReport{DryRun: "none", Nodes: all[3:]},
			want: `
NODE                   ACTION         CORDONED BY   SINCE
mongodbnp-vmss000003   not cordoned

0 nodes given back
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.report.Name = "mongodbnp"
			var out strings.Builder
			if err := Uncordon(&out, &test.report, Style{}, test.wide); err != nil {
				t.Fatal(err)
			}
			lines(t, out.String(), test.want)
		})
	}
}

func TestFindings(t *testing.T) {
	findings := []v1alpha1.Finding{
		{Code: "VU-202", Severity: v1alpha1.SeverityError, Object: "pdb/shared/telegraf-prom", Message: "minAvailable 1 of 1 replica(s) never allows an eviction", Remedy: "kubectl scale …"},
		{Code: "VU-213", Severity: v1alpha1.SeverityWarning, Object: "deployment/shared/grafana", Message: "one replica: it is away while it moves"},
		{Code: "VU-206", Severity: v1alpha1.SeverityInfo, Object: "pdb/app/web", Message: "needs 2 healthy pods, has 2"},
	}
	var out strings.Builder
	Findings(&out, findings, Style{})
	lines(t, out.String(), `
Error VU-202 pdb/shared/telegraf-prom: minAvailable 1 of 1 replica(s) never allows an eviction
  → kubectl scale …
Warning VU-213 deployment/shared/grafana: one replica: it is away while it moves
Info VU-206 pdb/app/web: needs 2 healthy pods, has 2
About a code: kubectl vantiq-upgrade explain VU-202
`)

	out.Reset()
	Findings(&out, findings[1:2], Style{on: true})
	if want := "\x1b[33mWarning\x1b[0m VU-213 \x1b[1mdeployment/shared/grafana\x1b[0m: one replica: it is away while it moves\n\x1b[2mAbout a code: kubectl vantiq-upgrade explain VU-213\x1b[0m\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}

	if errors, warnings := counts(append(findings, findings[0])); errors != 2 || warnings != 1 {
		t.Errorf("got %d errors, %d warnings", errors, warnings)
	}
	for n, want := range map[int]string{0: "0 pods", 1: "1 pod", 2: "2 pods"} {
		if got := plural(n, "pod"); got != want {
			t.Errorf("got %s", got)
		}
	}
}
