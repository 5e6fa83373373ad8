// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// readingAway is how long a reading waits for an API server that does not answer:
// nothing has been begun that would have to be brought to its end.
const readingAway = 20 * time.Second

// read takes the snapshot. A reading that breaks off for a passing reason is
// begun anew.
func (o *snapshotOptions) read(ctx context.Context, c *clients, t *talk) (*v1alpha1.ClusterSnapshot, error) {
	var out *v1alpha1.ClusterSnapshot
	wait := patience.Patience{Clock: o.Clock, Away: readingAway, OnTrouble: t.trouble, Hopeless: o.conn.isHopeless}
	err := wait.Do(ctx, func() (err error) {
		out, err = o.readOnce(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	o.label(out)
	return out, nil
}

// readOnce reads all but the pods first, then the pods page by page: of a large
// cluster they are most, and what is kept of each is little.
func (o *snapshotOptions) readOnce(ctx context.Context, c *clients) (*v1alpha1.ClusterSnapshot, error) {
	began := o.Clock.Now()
	source := baseline.Source{}
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		source.Snapshot, err = cluster.ListWithoutPods(reading, c)
		return err
	})
	group.Go(func() (err error) {
		source.Volumes, err = cluster.ListVolumes(reading, c)
		return err
	})
	group.Go(func() (err error) {
		source.Survey, err = cluster.ReadSurvey(reading, c, c.objects, c.metadata, baseline.NotRecorded()...)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	source.Pools = pool.List(source.Snapshot.Nodes, nil)
	// What happens while it is read comes after it.
	source.Time = o.now().Add(-o.Clock.Since(began))
	return baseline.Stream(ctx, source, func(ctx context.Context, keep func(*corev1.Pod)) error {
		return cluster.EachPod(ctx, c, keep)
	})
}

// baselines is where the cluster keeps its snapshots. onTrouble is told of requests
// that are tried again.
func (s *suite) baselines(client kubernetes.Interface, onTrouble func(error)) *baseline.Store {
	return &baseline.Store{
		ConfigMaps: client.CoreV1().ConfigMaps(s.journalNamespace), Now: s.now, Retry: s.patience(onTrouble),
	}
}

// newSnapshotReport says what a snapshot has, and what it lacks.
func newSnapshotReport(s *v1alpha1.ClusterSnapshot) *v1alpha1.SnapshotReport {
	out := &v1alpha1.SnapshotReport{
		TypeMeta: v1alpha1.TypeMeta("SnapshotReport"), ObjectMeta: metav1.ObjectMeta{Name: s.Name},
		Time: s.Time, Cluster: s.Cluster, Counts: baseline.Counts(s), NotRead: s.NotRead, Findings: []v1alpha1.Finding{},
	}
	for _, unread := range s.NotRead {
		out.Findings = append(out.Findings, unreadFinding(unread))
	}
	out.Findings = append(out.Findings, unwell(s)...)
	return out
}

// unwell warns of what is not well already: verify takes it for the state to come
// back to.
func unwell(s *v1alpha1.ClusterSnapshot) []v1alpha1.Finding {
	var findings []v1alpha1.Finding
	warn := func(code finding.Code, object, message string) {
		f := finding.New(code, object, message+"; verify will take that for its state before the upgrade", "mend it, and take the snapshot again")
		findings = append(findings, finding.WithSeverity(f, v1alpha1.SeverityWarning))
	}
	for i := range s.Nodes {
		switch n := &s.Nodes[i]; {
		case !n.Ready:
			warn(finding.NodeDown, "node/"+n.Name, "not Ready now")
		case n.Cordoned:
			warn(finding.NodeCordoned, "node/"+n.Name, "cordoned now")
		}
	}
	for i := range s.Workloads {
		if w := &s.Workloads[i]; w.Ready < w.Replicas {
			warn(finding.WorkloadShort, w.Kind+"/"+w.Namespace+"/"+w.Name, fmt.Sprintf("%d of %d Ready now", w.Ready, w.Replicas))
		}
	}
	return findings
}

func unreadFinding(unread v1alpha1.UnreadKind) v1alpha1.Finding {
	remedy := ""
	if _, right, forbidden := strings.Cut(unread.Reason, "may not "); forbidden {
		remedy = "ask for the right to " + right + ", and take the snapshot again"
	}
	return finding.New(finding.SnapshotIncomplete, unread.Kind, unread.Reason+"; verify cannot compare it", remedy)
}
