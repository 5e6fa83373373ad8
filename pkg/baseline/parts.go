// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Names and keys of the ConfigMaps.
const (
	// Label is on every ConfigMap that holds a part of a snapshot; its value is the
	// snapshot's name.
	Label = v1alpha1.Group + "/baseline"

	partAnnotation  = v1alpha1.Group + "/baseline-part"
	partsAnnotation = v1alpha1.Group + "/baseline-parts"
	sumAnnotation   = v1alpha1.Group + "/baseline-sha256"
	timeAnnotation  = v1alpha1.Group + "/baseline-time"

	namePrefix = "vantiq-upgrade-baseline-"
	dataKey    = "snapshot.yaml.gz"
)

// partSize is what a ConfigMap holds at most: the API server takes a mebibyte of
// it, names and annotations included. partsPage bounds the parts of one answer,
// maxParts those of a snapshot.
const (
	partSize  = 900_000
	partsPage = 20
	maxParts  = 200
)

// split makes ConfigMaps of a packed snapshot. Each says of how many it is one,
// and what the sum of all is.
func split(name string, taken time.Time, packed []byte) []*corev1.ConfigMap {
	sum := sha256.Sum256(packed)
	pieces := slices.Collect(slices.Chunk(packed, partSize))
	parts := make([]*corev1.ConfigMap, 0, len(pieces))
	for i, piece := range pieces {
		parts = append(parts, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Name:   namePrefix + name + "-" + strconv.Itoa(i),
				Labels: map[string]string{Label: name},
				Annotations: map[string]string{
					partAnnotation: strconv.Itoa(i), partsAnnotation: strconv.Itoa(len(pieces)),
					sumAnnotation: hex.EncodeToString(sum[:]), timeAnnotation: taken.UTC().Format(time.RFC3339),
				},
			},
			Immutable:  new(true),
			BinaryData: map[string][]byte{dataKey: piece},
		})
	}
	return parts
}

// collect puts a part to the others of its snapshot. What is none of ours has no
// name, or no time.
func collect(byName map[string]*Stored, part *corev1.ConfigMap) {
	name := part.Labels[Label]
	taken, err := time.Parse(time.RFC3339, part.Annotations[timeAnnotation])
	if name == "" || err != nil {
		return
	}
	if byName[name] == nil {
		byName[name] = &Stored{Name: name, Time: taken}
	}
	byName[name].parts = append(byName[name].parts, part)
}

// isWhole reports whether every part is there, and is one of the same snapshot. It
// puts them in order.
func (s *Stored) isWhole() bool {
	slices.SortFunc(s.parts, func(a, b *corev1.ConfigMap) int { return cmp.Compare(numberOf(a), numberOf(b)) })
	first := s.parts[0].Annotations
	if first[partsAnnotation] != strconv.Itoa(len(s.parts)) || len(s.parts) > maxParts {
		return false
	}
	for i, part := range s.parts {
		if numberOf(part) != i || part.Annotations[partsAnnotation] != first[partsAnnotation] || part.Annotations[sumAnnotation] != first[sumAnnotation] {
			return false
		}
	}
	return true
}

// numberOf is the place of a part; -1 where it does not say.
func numberOf(part *corev1.ConfigMap) int {
	number, err := strconv.Atoi(part.Annotations[partAnnotation])
	if err != nil {
		return -1
	}
	return number
}

// read puts the parts together.
func (s *Stored) read() (*v1alpha1.ClusterSnapshot, error) {
	var packed []byte
	for _, part := range s.parts {
		packed = append(packed, part.BinaryData[dataKey]...)
	}
	sum := sha256.Sum256(packed)
	if hex.EncodeToString(sum[:]) != s.parts[0].Annotations[sumAnnotation] {
		return nil, s.unreadable(errors.New("it is damaged: its checksum is another"))
	}
	snapshot, err := Read(bytes.NewReader(packed))
	if err != nil {
		return nil, s.unreadable(err)
	}
	return snapshot, nil
}

func (s *Stored) unreadable(err error) error {
	return fmt.Errorf("snapshot %s of the cluster: %w", s.Name, err)
}
