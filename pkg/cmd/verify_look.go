// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/probe"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/verify"
)

// latest stands for the newest snapshot that the cluster keeps, fromStdin for one
// that comes by a pipe.
const (
	latest    = "latest"
	fromStdin = "-"
)

// looker reads the cluster and judges it, once or again and again.
type looker struct {
	*verifyOptions
	*clients

	talk *talk

	before *v1alpha1.ClusterSnapshot
	source string
}

func (o *verifyOptions) newLooker(ctx context.Context) (*looker, error) {
	l := &looker{verifyOptions: o, talk: o.newTalk(false, eventsText)}
	var err error
	// A file that cannot be read is told of before the cluster is asked.
	if o.baselineName != "" && o.baselineName != latest {
		if l.before, err = o.readBaseline(); err != nil {
			return nil, err
		}
		l.source = o.baselineName
	}
	if l.clients, err = o.conn.clients(); err != nil {
		return nil, err
	}
	if o.baselineName == latest {
		err = l.loadLatest(ctx)
	}
	return l, err
}

// readBaseline reads the snapshot from its file, or from stdin.
func (o *verifyOptions) readBaseline() (*v1alpha1.ClusterSnapshot, error) {
	if o.baselineName != fromStdin {
		return baseline.ReadFile(o.baselineName)
	}
	s, err := baseline.Read(o.In)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline from stdin: %w", err)
	}
	return s, nil
}

// state is what is read beside the Snapshot.
type state struct {
	volumes *cluster.Volumes
	survey  *cluster.Survey
	hpas    []*autoscalingv2.HorizontalPodAutoscaler
	status  *v1alpha1.StatusReport
	probes  []v1alpha1.Probe
}

// once reads everything at the same time, by one list a kind, and judges it.
func (l *looker) once(ctx context.Context) (*v1alpha1.VerifyReport, error) {
	var snapshot *cluster.Snapshot
	var s *state
	group, reading := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		snapshot, err = cluster.List(reading, l)
		return err
	})
	group.Go(func() (err error) {
		s, err = l.readState(reading, true)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return l.judge(snapshot, s)
}

// readState reads what no watch keeps fresh; volumes only where they are wanted.
func (l *looker) readState(ctx context.Context, volumes bool) (*state, error) {
	s := &state{}
	group, reading := errgroup.WithContext(ctx)
	if volumes {
		group.Go(func() (err error) {
			s.volumes, err = cluster.ListVolumes(reading, l)
			return err
		})
	}
	group.Go(func() (err error) {
		s.survey, err = cluster.ReadSurvey(reading, l, l.objects, l.metadata)
		return err
	})
	group.Go(func() (err error) {
		s.hpas, err = cluster.ListHPAs(reading, l)
		if apierrors.IsForbidden(err) {
			return nil // then nothing is known to scale by itself
		}
		return err
	})
	group.Go(func() (err error) {
		s.status, _, err = l.stillOurs(reading, l, l.talk.trouble)
		return err
	})
	group.Go(func() error {
		s.probes = l.probe(reading)
		return nil
	})
	return s, group.Wait()
}

// probe asks for all pages at the same time.
func (l *looker) probe(ctx context.Context) []v1alpha1.Probe {
	prober := probe.Prober{Client: probe.NewClient(), Clock: l.Clock}
	answers := make([]v1alpha1.Probe, len(l.probes))
	var asked sync.WaitGroup
	for i, target := range l.probes {
		asked.Go(func() { answers[i] = prober.Probe(ctx, target) })
	}
	asked.Wait()
	return answers
}

// judge judges what was read.
func (l *looker) judge(snapshot *cluster.Snapshot, s *state) (*v1alpha1.VerifyReport, error) {
	if err := l.sameCluster(s.survey); err != nil {
		return nil, err
	}
	snapshot = snapshot.WithHPAs(s.hpas)
	now, pools, view := l.now(), pool.List(snapshot.Nodes, l.profile), disruption.ViewOf(snapshot, l.profile)
	records := baseline.Of(baseline.Source{Snapshot: snapshot, Volumes: s.volumes, Survey: s.survey, Pools: pools, Time: now})
	l.conn.identify(&records.Cluster)
	return verify.Judge(verify.Input{
		Snapshot: snapshot, Survey: s.survey, Pools: pools, Profile: view, Now: records, Status: s.status,
		Placement: placement.Judge(placement.Input{Snapshot: snapshot, Volumes: s.volumes, Pools: pools, Profile: view, Time: now}),
		Baseline:  l.before, Source: l.source, Target: l.target, Probes: s.probes, Ignore: l.rules, Time: now,
	}), nil
}

// sameCluster refuses a snapshot of another cluster: every difference would be
// one.
func (l *looker) sameCluster(survey *cluster.Survey) error {
	if l.before == nil || l.before.Cluster.UID == survey.UID {
		return nil
	}
	of := l.before.Cluster
	return fmt.Errorf("%s is of another cluster: of %s (%s), taken on %s; its kube-system has the uid %s, that of %s has %s",
		l.source, of.Context, of.Server, l.before.Time.Local().Format(time.DateTime), of.UID, l.conn.describe(), survey.UID)
}

// loadLatest loads the newest snapshot that the cluster keeps.
func (l *looker) loadLatest(ctx context.Context) error {
	var err error
	if l.before, err = l.baselines(l, l.talk.trouble).Latest(ctx); err != nil {
		return fmt.Errorf("--baseline latest: %w", err)
	}
	l.source = l.before.Name + " (kept in the cluster)"
	return nil
}
