// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// TestFileNameFor: a context may have any name, a file may not.
func TestFileNameFor(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 10, 5, 0, time.FixedZone("JST", 9*60*60))
	for kubeContext, want := range map[string]string{
		"aks-prod": "snapshot-aks-prod-20261122T171005Z.yaml.gz",
		"arn:aws:eks:ap-northeast-1:123:cluster/vantiq": "snapshot-arn-aws-eks-ap-northeast-1-123-cluster-vantiq-20261122T171005Z.yaml.gz",
		`../\*?"<>|本番`:           "snapshot-.." + strings.Repeat("-", 10) + "-20261122T171005Z.yaml.gz",
		"":                       "snapshot--20261122T171005Z.yaml.gz",
		strings.Repeat("x", 300): "snapshot-" + strings.Repeat("x", 100) + "-20261122T171005Z.yaml.gz",
	} {
		if got := fileNameFor(kubeContext, at); got != want {
			t.Errorf("%s: got %s, want %s", kubeContext, got, want)
		}
	}
}

// TestUnreadFinding: a missing right is named so that it can be asked for; what the
// server lacks is nobody's right.
func TestUnreadFinding(t *testing.T) {
	forbidden := unreadFinding(v1alpha1.UnreadKind{Kind: "cronjobs", Reason: "forbidden: the current user may not list cronjobs.batch"})
	if forbidden.Code != "VU-581" || forbidden.Severity != v1alpha1.SeverityWarning || forbidden.Object != "cronjobs" ||
		forbidden.Remedy != "ask for the right to list cronjobs.batch, and take the snapshot again" {
		t.Errorf("%+v", forbidden)
	}
	if absent := unreadFinding(v1alpha1.UnreadKind{Kind: "apiservices", Reason: "the server does not have it"}); absent.Remedy != "" {
		t.Errorf("%+v", absent)
	}
}

// TestSnapshotArguments are refused before anything is asked of a cluster.
func TestSnapshotArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{""}, "FILE is empty"},
		{[]string{"a", "b"}, "one file at a time; got a b"},
		{[]string{"--dry-run", "client"}, "--dry-run takes its value with an equals sign: --dry-run=client"},
		{[]string{"-", "-o", "yaml"}, "give one of them"},
		{[]string{t.TempDir()}, "is a folder"},
		{[]string{"x.yaml", "-o", "table"}, "no output format"},
		{[]string{"--dry-run=maybe"}, "must be none, client or server"},
	} {
		root, err := NewRootCommand(testSystem())
		if err != nil {
			t.Fatal(err)
		}
		root.SetArgs(append([]string{"snapshot"}, tt.args...))
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: got %v, want %q", tt.args, err, tt.want)
		}
	}
}
