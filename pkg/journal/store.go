// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// DefaultNamespace is where the journal is unless the operator wants it
// elsewhere.
const DefaultNamespace = "kube-system"

// Store keeps runs in ConfigMaps of one namespace. A run is split into shards;
// each is written with its resourceVersion as precondition.
type Store struct {
	ConfigMaps corev1client.ConfigMapInterface
	Now        func() time.Time
	// Retry carries out every request, and repeats it for passing reasons; nil
	// carries it out once. A request may be carried out twice.
	Retry func(ctx context.Context, request func() error) error
}

// Begin writes a new run down and returns its recorder. An empty id, version or
// start is filled in.
func (s *Store) Begin(ctx context.Context, run Run) (*Recorder, error) {
	run.ID = cmp.Or(run.ID, NewID(s.Now()))
	if !IsID(run.ID) {
		return nil, fmt.Errorf("%q is not the id of a run", run.ID)
	}
	if run.Started.IsZero() {
		run.Started = s.now()
	}
	run.Changes, run.Damaged, run.Newer = nil, false, false
	raw, err := marshal(header{Version: version, Shards: 1, Run: run})
	if err != nil {
		return nil, err
	}
	first := newShard(run.ID, 0)
	first.set(headerKey, raw)
	d := newDocument(run.ID, []*shard{first})
	err = s.create(ctx, first)
	if apierrors.IsAlreadyExists(err) {
		// Ours, when the answer to our own request was lost.
		if d, err = s.load(ctx, run.ID); err == nil && (d == nil || d.shards[0].object.Data[headerKey] != raw) {
			err = fmt.Errorf("the journal has a run %s already", run.ID)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("writing the journal: %w", err)
	}
	return newRecorder(s, d), nil
}

// Open returns the recorder of a run that was begun before.
func (s *Store) Open(ctx context.Context, id string) (*Recorder, error) {
	d, err := s.load(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, fmt.Errorf("the journal has no run %q", id)
	case d.isNewer():
		return nil, newerError(d)
	}
	return newRecorder(s, d), nil
}

func newerError(d *document) error {
	return fmt.Errorf("run %s can only be read: %w", d.id, d.headerErr)
}

// Runs returns every run, newest first. What cannot be read of them is among the
// findings, and whatever can be read is read.
func (s *Store) Runs(ctx context.Context) ([]*Run, []v1alpha1.Finding, error) {
	configMaps, err := s.list(ctx, JournalLabel)
	if err != nil {
		return nil, nil, err
	}
	runs, findings := Read(configMaps)
	return runs, findings, nil
}

// OpenRuns returns the runs of which something is left, newest first, without
// reading the history: by what their labels say.
func (s *Store) OpenRuns(ctx context.Context) ([]*Run, error) {
	configMaps, err := s.list(ctx, JournalLabel+","+JournalLabel+"!="+labelClosed)
	if err != nil {
		return nil, err
	}
	runs, _ := Read(configMaps)
	return runs, nil
}

// Prune deletes the oldest of the runs of which nothing is left, all but keep of
// them. Runs that cannot be read to the end stay.
func (s *Store) Prune(ctx context.Context, keep int) error {
	configMaps, err := s.list(ctx, JournalLabel)
	if err != nil {
		return err
	}
	for _, d := range documents(configMaps) {
		if d.isNewer() || d.run().IsOpen() {
			continue
		}
		if keep > 0 {
			keep--
			continue
		}
		if err := s.remove(ctx, d); err != nil {
			return fmt.Errorf("removing run %s from the journal: %w", d.id, err)
		}
	}
	return nil
}

// remove deletes a run, its header last: what is left if it is interrupted is
// known for a remainder. A shard that somebody writes to meanwhile stays, with
// all before it.
func (s *Store) remove(ctx context.Context, d *document) error {
	for _, shard := range slices.Backward(d.shards) {
		object := shard.object
		err := s.try(ctx, func() error {
			return s.ConfigMaps.Delete(ctx, object.Name, metav1.DeleteOptions{
				Preconditions: &metav1.Preconditions{UID: &object.UID, ResourceVersion: &object.ResourceVersion},
			})
		})
		if apierrors.IsConflict(err) {
			return nil
		}
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// load reads one run; nil when there is none. The labels are not relied upon to
// name the run: somebody may have lost one.
func (s *Store) load(ctx context.Context, id string) (*document, error) {
	configMaps, err := s.list(ctx, JournalLabel)
	if err != nil {
		return nil, err
	}
	for _, d := range documents(configMaps) {
		if d.id == id {
			return d, nil
		}
	}
	return nil, nil
}

// pageSize bounds the ConfigMaps of one answer: full ones have 700 kB.
const pageSize = 50

// list reads the ConfigMaps of the journal that a selector keeps, past every
// cache.
func (s *Store) list(ctx context.Context, selector string) ([]*corev1.ConfigMap, error) {
	var configMaps []*corev1.ConfigMap
	err := cluster.EachConfigMap(ctx, s.ConfigMaps, selector, pageSize, s.try, func(configMap *corev1.ConfigMap) {
		configMaps = append(configMaps, configMap)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	return configMaps, nil
}

// create and update store a shard and remember it as the server has it.
func (s *Store) create(ctx context.Context, shard *shard) error {
	object := shard.configMap()
	return s.store(ctx, shard, func() (*corev1.ConfigMap, error) {
		return s.ConfigMaps.Create(ctx, object, metav1.CreateOptions{})
	})
}

func (s *Store) update(ctx context.Context, shard *shard) error {
	object := shard.configMap()
	return s.store(ctx, shard, func() (*corev1.ConfigMap, error) {
		return s.ConfigMaps.Update(ctx, object, metav1.UpdateOptions{})
	})
}

func (s *Store) store(ctx context.Context, shard *shard, request func() (*corev1.ConfigMap, error)) error {
	return s.try(ctx, func() error {
		stored, err := request()
		if err == nil {
			shard.object, shard.stored, shard.dirty = stored, true, false
		}
		return err
	})
}

func (s *Store) try(ctx context.Context, request func() error) error {
	if s.Retry == nil {
		return request()
	}
	return s.Retry(ctx, request)
}

// now is the time as it is written down.
func (s *Store) now() time.Time { return s.Now().UTC().Round(0) }
