// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

func codes(names ...finding.Code) []v1alpha1.FindingCode {
	var out []v1alpha1.FindingCode
	for _, e := range finding.Table() {
		for _, name := range names {
			if e.Code == name {
				out = append(out, v1alpha1.FindingCode{ObjectMeta: metav1.ObjectMeta{Name: string(e.Code)}, Severity: e.Severity, Meaning: e.Title, Why: e.Why, Mend: e.Mend})
			}
		}
	}
	return out
}

func TestExplain(t *testing.T) {
	var out strings.Builder
	Explain(&out, codes("VU-202", "VU-502"), Style{})
	lines(t, out.String(), `
VU-202 Error: A disruption budget wants at least as many pods as the workload
       has
  Why it matters: minAvailable ≥ replicas (percentages round up) never allows an
                  eviction. telegraf-prom is the known case in a Vantiq
                  installation.
  How to mend it: Scale the workload up by one, or to zero for the time of the
                  upgrade.

VU-502 Error: A pod is neither Running nor Completed
  Why it matters: After an upgrade every pod runs again or has finished; pods of
                  mongobackup do not count.
  How to mend it: kubectl describe the pod: its events say what it waits for.
`)
	out.Reset()
	Explain(&out, codes("VU-202"), Style{on: true})
	for _, want := range []string{"\x1b[1mVU-202\x1b[0m \x1b[31mError\x1b[0m: A dis", "  \x1b[2mWhy it matters: \x1b[0mminAvailable"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

// TestExplainKeepsToItsWidth: no entry of the table has a line that is too wide.
func TestExplainKeepsToItsWidth(t *testing.T) {
	var all []finding.Code
	for _, e := range finding.Table() {
		all = append(all, e.Code)
	}
	for width, most := range map[int]int{0: 80, 60: 59, 80: 79, 132: 131} {
		var out strings.Builder
		Explain(&out, codes(all...), Style{width: width})
		for line := range strings.SplitSeq(out.String(), "\n") {
			if visible(line) > most {
				t.Errorf("wider than %d: %q", most, line)
			}
		}
	}
}

func TestCodes(t *testing.T) {
	var out strings.Builder
	if err := Codes(&out, codes("VU-202", "VU-206"), Style{width: 60}, false); err != nil {
		t.Fatal(err)
	}
	lines(t, out.String(), `
CODE     SEVERITY   MEANING
VU-202   Error      A disruption budget wants at least a…
VU-206   Info       A disruption budget allows nothing a…
`)
	out.Reset()
	if err := Codes(&out, codes("VU-202"), Style{width: 60}, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "as the workload has ") || !strings.Contains(out.String(), "for the time of the upgrade.") {
		t.Errorf("got %s", out.String())
	}
}

func TestWrapped(t *testing.T) {
	for name, tt := range map[string]struct {
		text          string
		width, column int
		indent        string
		want          string
	}{
		"whole":              {"a  b\nc", 0, 0, "", "a b c"},
		"nothing":            {" ", 10, 0, "  ", ""},
		"fits":               {"aaa bbb", 7, 0, "  ", "aaa bbb"},
		"breaks":             {"aaa bbb ccc", 7, 0, "  ", "aaa bbb|  ccc"},
		"begins later":       {"aaa bbb ccc", 9, 3, "   ", "aaa|   bbb|   ccc"},
		"a long word":        {"a aaaaaaaaaaaa b", 5, 0, " ", "a| aaaaaaaaaaaa| b"},
		"a long word first":  {"aaaaaaaaaaaa b", 5, 0, " ", "aaaaaaaaaaaa| b"},
		"letters, not bytes": {"≥≥≥ ≥≥≥", 7, 0, "", "≥≥≥ ≥≥≥"},
	} {
		if got := strings.ReplaceAll(wrapped(tt.text, tt.width, tt.column, tt.indent), "\n", "|"); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

// TestWrappedCommands: what is broken can be pasted.
func TestWrappedCommands(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		width int
		want  string
	}{
		"fits":                  {"kubectl a b", 11, "kubectl a b"},
		"in a pipe":             {"kubectl  a b c d e", 0, "kubectl a b c d e"},
		"within a command":      {"→ kubectl aaa --bb", 16, "→ kubectl aaa \\|    --bb"},
		"room for the sign":     {"→ kubectl aaaa bb cc", 15, "→ kubectl \\|    aaaa bb cc"},
		"behind a command":      {"kubectl aaa bbb, then look again", 20, "kubectl aaa bbb,|    then look again"},
		"in its comment":        {"→ kubectl aaa # look, then do it again", 18, "→ kubectl aaa #|    # look, then|    # do it again"},
		"before a command":      {"wait; then: kubectl aaa bbb", 20, "wait; then:|    kubectl aaa bbb"},
		"within parentheses":    {"do so (kubectl aaa) and look", 20, "do so (kubectl aaa)|    and look"},
		"no command":            {"make room where it belongs", 16, "make room where|    it belongs"},
		"a name is never split": {"pod/a/" + strings.Repeat("x", 20) + ": on a node", 12, "pod/a/" + strings.Repeat("x", 20) + ":|    on a|    node"},
	} {
		got := strings.ReplaceAll(wrappedCommands(tt.text, tt.width, 0, hanging), "\n", "|")
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
		for line := range strings.SplitSeq(got, "|") {
			if tt.width > 0 && visible(line) > tt.width && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%s: wider than %d columns: %q", name, tt.width, line)
			}
		}
	}
}

// TestFindingLines: on a terminal broken between words, in a pipe a line each.
func TestFindingLines(t *testing.T) {
	findings := []v1alpha1.Finding{{
		Code: "VU-401", Severity: v1alpha1.SeverityError, Object: "pod/app/metrics-collector-0",
		Message: "on pool vantiqnp, belongs on metricsnp; on aks-vantiqnp-41304253-vmss000001 for 2s; no room: 1 cordoned",
		Remedy:  "kubectl vantiq-upgrade placement-check --relocate --pod app/metrics-collector-0 --force",
	}}
	shown := func(width int) string {
		var out strings.Builder
		findingLines(&out, findings, Style{width: width, on: width > 0})
		return strings.NewReplacer("\x1b[31m", "", "\x1b[1m", "", "\x1b[0m", "").Replace(out.String())
	}
	want := `Error VU-401 pod/app/metrics-collector-0: on pool vantiqnp, belongs on
    metricsnp; on aks-vantiqnp-41304253-vmss000001 for 2s; no room: 1 cordoned
  → kubectl vantiq-upgrade placement-check --relocate --pod \
    app/metrics-collector-0 --force
`
	if diff := cmp.Diff(want, shown(80)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if lines := strings.Count(shown(0), "\n"); lines != 2 {
		t.Errorf("%d lines in a pipe:\n%s", lines, shown(0))
	}
}

func TestBothZones(t *testing.T) {
	moment := time.Date(2026, 12, 31, 17, 10, 0, 0, time.UTC)
	var got []string
	for _, zone := range []struct {
		name  string
		hours int
	}{{"JST", 9}, {"CET", 1}, {"UTC", 0}} {
		inZone(t, zone.name, zone.hours)
		got = append(got, bothZones(moment), bothZones(moment.AddDate(0, 0, -1)))
	}
	want := []string{
		"2027-01-01 02:10 JST (2026-12-31 17:10 UTC)", "2026-12-31 02:10 JST (12-30 17:10 UTC)",
		"2026-12-31 18:10 CET (17:10 UTC)", "2026-12-30 18:10 CET (17:10 UTC)",
		"2026-12-31 17:10 UTC", "2026-12-30 17:10 UTC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
