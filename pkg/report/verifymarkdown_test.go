// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func TestVerifyMarkdown(t *testing.T) {
	inZone(t, "JST", 9)
	r := verified()
	r.Differences = r.Differences[13:]
	r.Looks = &v1alpha1.Looks{Total: 7, InARow: 3, Wanted: 3, Seconds: 92.4}
	var out strings.Builder
	if err := VerifyMarkdown(&out, r); err != nil {
		t.Fatal(err)
	}
	lines(t, out.String(), `
# Verification after the upgrade: Failed

**Failed**: 1 of 5 checks, 1 could not be made, 1 with warnings, 1 finding ignored; compared with snapshot-prod-aks-20261122T171000Z.yaml.gz of 2026-11-23 02:10 JST (11-22 17:10 UTC), v1.29.4 then

| What | Value |
| --- | --- |
| Looked at | 2026-11-23 04:30 JST (11-22 19:30 UTC) |
| Context | prod-aks |
| Server | https://prod.example:443 |
| API server | v1.30.2 |
| Target | 1.30.2 |
| Cluster (uid of kube-system) | 9f3a |
| Compared with | snapshot-prod-aks-20261122T171000Z.yaml.gz |
| Snapshot taken | 2026-11-23 02:10 JST (11-22 17:10 UTC) |
| Version then | v1.29.4 |
| Waited | 7 looks in 1m32s; the last 3 in a row held, of 3 wanted |

## Checks

| State | Check | Detail |
| --- | --- | --- |
| OK | Nodes are Ready | 14 of 14 |
| Failed | Pods are Running or Completed | 1 of 92 is not |
| OK | Kubelets are at the target | 14 of 14 at v1.30.2 |
| Warning | The last mongobackup succeeded | it failed at 2026-11-22 18:00:00, and the one that succeeded before is of 2026-11-21 |
| Not checked | Volumes are bound and attached | no right to list persistentvolumes |
| Skipped | Pages answer | no --http |

## Findings

| Severity | Code | Object | Cause | Remedy |
| --- | --- | --- | --- | --- |
| Error | VU-502 | pod/app/vantiq-1 | Pending for 12m: 0/14 nodes are available | kubectl describe pod -n app vantiq-1 |
| Warning | VU-544 | cronjob/app/mongobackup | its last job failed |  |

## Left out of the verdict

| Severity | Code | Object | Cause | Rule | Reason |
| --- | --- | --- | --- | --- | --- |
| Warning | VU-505 | pod/shared/grafana-0 | restarted 3 times | VU-505=pod/shared/\* | known, ticket 1234 |

## Changed: Nodes

| Object | Field | Before | After | Code |
| --- | --- | --- | --- | --- |
| node/aks-vantiqnp-41304253-vmss000013 | kubelet | v1.29.4 | v1.30.2 |  |
| pool/vantiqnp | label vantiq.com/x |  | y\|z |  |

## Changed: Workloads

| Object | Field | Before | After | Code |
| --- | --- | --- | --- | --- |
| statefulset/app/vantiq | ready | 3 | 2 | VU-511 |
| deployment/kube-system/coredns | image of coredns | registry.example/oss/kubernetes/coredns:v1.9.4 | registry.example/oss/kubernetes/coredns:v1.11.1 |  |

## Changed: Extensions

| Object | Field | Before | After | Code |
| --- | --- | --- | --- | --- |
| customresource/certificates.cert-manager.io | served versions | v1, v1beta1 | v1 | VU-562 |

## Events of trouble

| Object | Reason | Count | Last | Over | Message |
| --- | --- | --- | --- | --- | --- |
| pod/app/vantiq-1 | FailedScheduling | 12 | 2026-11-23 04:28 JST (11-22 19:28 UTC) | no | 0/14 nodes are available: 3 Insufficient cpu, 11 node(s) didn't match Pod's node affinity/selector |
| pod/app/vantiq-0 | FailedAttachVolume | 2 | 2026-11-23 03:01 JST (11-22 18:01 UTC) | yes | Multi-Attach error |

## Pages

| Page | State | Status | Time | Certificate ends | Address | Final address | Message |
| --- | --- | --- | --- | --- | --- | --- | --- |
| ide | up | 200 | 132ms | 2027-01-01 04:30 JST (2026-12-31 19:30 UTC) | https://vantiq.example/ui/ide/index.html | https://vantiq.example/login |  |
| grafana | DOWN |  | 10s |  | https://grafana.example/ |  | no answer within 10s |

## For a person to look at

- [ ] Vantiq IDE: System Administrators see the IDE and Grafana as before the upgrade, every panel with data
- [ ] No data is missing
`)
}

// TestVerifyMarkdownHidesNothing: what the tables for people put together is whole
// in a work report.
func TestVerifyMarkdownHidesNothing(t *testing.T) {
	var out strings.Builder
	if err := VerifyMarkdown(&out, verified()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "| node/aks-vantiqnp-"); n != 14 {
		t.Errorf("%d of 14 nodes", n)
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|\n") {
			t.Errorf("a row that does not end: %q", line)
		}
	}
}

// TestVerifyMarkdownEmpty: a clean cluster has its checks, and no empty chapters.
func TestVerifyMarkdownEmpty(t *testing.T) {
	var out strings.Builder
	r := &v1alpha1.VerifyReport{Outcome: v1alpha1.VerifyPassed, Time: utc(22, 19, 30), Checks: []v1alpha1.Check{{Title: "Nodes are Ready", State: v1alpha1.CheckOK}}}
	if err := VerifyMarkdown(&out, r); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n## "); got != 1 || !strings.HasPrefix(out.String(), "# Verification after the upgrade: Passed\n") {
		t.Errorf("%d chapters in:\n%s", got, out.String())
	}
}

func TestPlainText(t *testing.T) {
	for text, want := range map[string]string{
		"a|b":                 `a\|b`,
		"a\r\nb\t c":          "a b c",
		"<script>&amp;":       "&lt;script&gt;&amp;amp;",
		"*a* _b_ `c` ~d~":     "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~",
		`[x](y) \| `:          `\[x\](y) \\\|`,
		"vantiq-0 in v1.30.2": "vantiq-0 in v1.30.2",
	} {
		if got := plainText(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
