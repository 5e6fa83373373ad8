// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// TestSnapshotReport: what there is, what could not be read, where it went.
func TestSnapshotReport(t *testing.T) {
	r := &v1alpha1.SnapshotReport{
		Time:    metav1.NewTime(time.Date(2026, 11, 22, 17, 10, 5, 0, time.UTC)),
		Cluster: v1alpha1.ClusterIdentity{Context: "aks-prod", Server: "https://server", Version: "v1.29.4"},
		File:    "before.yaml.gz", Bytes: 6400, InCluster: "20261122-171005-x7k2p",
		Counts:   map[string]int{"nodes": 14, "pods": 95},
		NotRead:  []v1alpha1.UnreadKind{{Kind: "helm releases", Reason: "forbidden"}},
		Findings: []v1alpha1.Finding{finding.New(finding.SnapshotIncomplete, "helm releases", "forbidden", "ask")},
	}
	var out bytes.Buffer
	if err := report.SnapshotReport(&out, r, report.Next{Again: "kubectl vantiq-upgrade verify"}, report.Style{}, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Context aks-prod (https://server), Kubernetes v1.29.4\n", "(17:10:05 UTC)\n", "Nodes                       14\n", "Pods                        95\n",
		"Helm releases               not read\n", "Warning VU-581 helm releases: forbidden\n  → ask\n",
		"Written to before.yaml.gz, 6 kB\n", "Kept in the cluster as 20261122-171005-x7k2p\n", "Next: after the upgrade, kubectl vantiq-upgrade verify\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	out.Reset()
	r.DryRun, r.File, r.Cluster.Context = "client", "", ""
	if err := report.SnapshotReport(&out, r, report.Next{}, report.Style{}, false); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "Nothing was written (dry run: client)\n") || strings.Contains(text, "Kept in") || !strings.HasPrefix(text, "Cluster at https://server, ") {
		t.Errorf("got:\n%s", text)
	}
}
