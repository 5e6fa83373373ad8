// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// kept is how many snapshots stay in the cluster.
const kept = 5

// halfWritten is how long a snapshot of which parts are missing may still be on
// its way.
const halfWritten = time.Hour

// Store keeps snapshots in ConfigMaps of one namespace, gzipped and in parts.
type Store struct {
	ConfigMaps corev1client.ConfigMapInterface
	Now        func() time.Time
	// Retry carries out every request, and repeats it for passing reasons; nil
	// carries it out once. A request may be carried out twice.
	Retry func(ctx context.Context, request func() error) error
	// DryRun has the API server judge what Save would create, without creating it.
	DryRun bool
}

// Stored is a snapshot that the cluster keeps.
type Stored struct {
	// Name is what Load wants.
	Name string
	// Time is when it was taken.
	Time time.Time
	// Whole is false when parts of it are missing: writing it was interrupted.
	Whole bool

	parts []*corev1.ConfigMap
}

// Save writes a snapshot down under its own name and reads it back.
func (s *Store) Save(ctx context.Context, snapshot *v1alpha1.ClusterSnapshot) error {
	var packed bytes.Buffer
	if err := WriteGzip(&packed, snapshot); err != nil {
		return err
	}
	options := metav1.CreateOptions{}
	if s.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
	}
	for _, part := range split(snapshot.Name, snapshot.Time.Time, packed.Bytes()) {
		err := s.try(ctx, func() error {
			_, err := s.ConfigMaps.Create(ctx, part, options)
			return err
		})
		// It is ours when the answer to our own request was lost; reading it back tells.
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("writing the snapshot to the cluster: %w", err)
		}
	}
	if s.DryRun {
		return nil
	}
	if _, err := s.Load(ctx, snapshot.Name); err != nil {
		return fmt.Errorf("reading the snapshot back from the cluster: %w", err)
	}
	return nil
}

// Latest returns the newest snapshot that is whole.
func (s *Store) Latest(ctx context.Context) (*v1alpha1.ClusterSnapshot, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Whole {
			return all[i].read()
		}
	}
	return nil, errors.New("the cluster keeps no snapshot: none was taken with --to-cluster, or it went to another --journal-namespace")
}

// Load returns a snapshot by its name.
func (s *Store) Load(ctx context.Context, name string) (*v1alpha1.ClusterSnapshot, error) {
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		switch {
		case all[i].Name != name:
		case !all[i].Whole:
			return nil, fmt.Errorf("snapshot %s is not whole: writing it was interrupted, or parts of it were deleted", name)
		default:
			return all[i].read()
		}
	}
	return nil, fmt.Errorf("the cluster keeps no snapshot %q", shorten(name))
}

// List returns what the cluster keeps, newest first.
func (s *Store) List(ctx context.Context) ([]Stored, error) {
	byName := map[string]*Stored{}
	err := cluster.EachConfigMap(ctx, s.ConfigMaps, Label, partsPage, s.try, func(part *corev1.ConfigMap) { collect(byName, part) })
	if err != nil {
		return nil, fmt.Errorf("reading the snapshots of the cluster: %w", err)
	}
	all := make([]Stored, 0, len(byName))
	for _, stored := range byName {
		stored.Whole = stored.isWhole()
		all = append(all, *stored)
	}
	slices.SortFunc(all, newestFirst)
	return all, nil
}

// newestFirst compares by the second in which they were taken, and within one by
// the order in which the cluster got them.
func newestFirst(a, b Stored) int {
	// Versions that are not the API server's own order nothing.
	written, err := resourceversion.CompareResourceVersion(b.parts[0].ResourceVersion, a.parts[0].ResourceVersion)
	if err != nil {
		written = 0
	}
	return cmp.Or(b.Time.Compare(a.Time), written, cmp.Compare(b.Name, a.Name))
}

// Prune deletes the oldest of the whole ones, all but five, and what is left of
// those that were never finished. The named one stays: clocks may differ, and it
// was just saved.
func (s *Store) Prune(ctx context.Context, saved string) error {
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	whole := 0
	for i := range all {
		if all[i].Whole {
			whole++
		}
		stale := !all[i].Whole && s.Now().Sub(all[i].Time) > halfWritten
		if all[i].Name != saved && (stale || all[i].Whole && whole > kept) {
			if err := s.remove(ctx, all[i]); err != nil {
				return fmt.Errorf("removing snapshot %s from the cluster: %w", all[i].Name, err)
			}
		}
	}
	return nil
}

func (s *Store) remove(ctx context.Context, stored Stored) error {
	for _, part := range stored.parts {
		err := s.try(ctx, func() error {
			return s.ConfigMaps.Delete(ctx, part.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &part.UID}})
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
	}
	return nil
}

func (s *Store) try(ctx context.Context, request func() error) error {
	if s.Retry == nil {
		return request()
	}
	return s.Retry(ctx, request)
}

// WriteGzip is Write, packed.
func WriteGzip(w io.Writer, s *v1alpha1.ClusterSnapshot) error {
	packed := gzip.NewWriter(w)
	if err := Write(packed, s); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return fmt.Errorf("packing the snapshot: %w", err)
	}
	return nil
}
