// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// SnapshotReport prints what a snapshot has and where it is, for people.
func SnapshotReport(w io.Writer, r *v1alpha1.SnapshotReport, next Next, style Style, wide bool) error {
	fmt.Fprintf(w, "%s, Kubernetes %s\n", style.Bold(clusterName(r.Cluster)), r.Cluster.Version)
	fmt.Fprintf(w, "as of %s (%s UTC)\n\n", r.Time.Local().Format("2006-01-02 15:04:05 -07:00"), r.Time.UTC().Format(time.TimeOnly))
	t := newTable("KIND", "NUMBER")
	for _, kind := range snapshotKinds() {
		t.add(kind.title, kind.number(r))
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	fmt.Fprintln(w)
	Findings(w, r.Findings, style)
	if r.DryRun != "" {
		fmt.Fprintf(w, "Nothing was written (dry run: %s)\n", r.DryRun)
	}
	if r.File != "" {
		fmt.Fprintf(w, "%s %s, %s\n", style.Green("Written to"), r.File, kilobytes(r.Bytes))
	}
	if r.InCluster != "" && r.DryRun == "" {
		fmt.Fprintf(w, "%s as %s\n", style.Green("Kept in the cluster"), r.InCluster)
	}
	if next.Again != "" {
		fmt.Fprintf(w, "Next: after the upgrade, %s\n", next.Again)
	}
	return nil
}

func clusterName(c v1alpha1.ClusterIdentity) string {
	if c.Context == "" {
		return "Cluster at " + c.Server
	}
	return "Context " + c.Context + " (" + c.Server + ")"
}

// snapshotKind is a row: a key of the counts, how it is called, and the name under
// which it is told that it could not be read.
type snapshotKind struct{ key, title, unread string }

// number is how many there are, as far as that is known.
func (k snapshotKind) number(r *v1alpha1.SnapshotReport) string {
	for _, unread := range r.NotRead {
		if unread.Kind == k.unread {
			return "not read"
		}
	}
	return strconv.Itoa(r.Counts[k.key])
}

// snapshotKinds are in the order of the file.
func snapshotKinds() []snapshotKind {
	return []snapshotKind{
		{"nodes", "Nodes", ""},
		{"workloads", "Workloads", ""},
		{"pods", "Pods", ""},
		{"budgets", "PodDisruptionBudgets", cluster.KindBudgets},
		{"claims", "PersistentVolumeClaims", "persistentvolumeclaims"},
		{"volumes", "PersistentVolumes", "persistentvolumes"},
		{"services", "Services", cluster.KindServices},
		{"storageClasses", "StorageClasses", cluster.KindStorageClasses},
		{"cronJobs", "CronJobs", cluster.KindCronJobs},
		{"webhooks", "Webhook configurations", ""},
		{"customResources", "CustomResourceDefinitions", cluster.KindCRDs},
		{"releases", "Helm releases", cluster.KindReleases},
	}
}

// kilobytes writes a size of a file.
func kilobytes(n int64) string {
	if n < 1000 {
		return plural(int(n), "byte")
	}
	return fmt.Sprintf("%d kB", (n+500)/1000)
}
