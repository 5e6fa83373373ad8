// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Names and keys of the ConfigMaps.
const (
	namePrefix = "vantiq-upgrade-"
	// JournalLabel is on every ConfigMap of the journal; its value says whether
	// something is left of the run. What counts is the content.
	JournalLabel = v1alpha1.Group + "/journal"
	// RunLabel names the run.
	RunLabel = v1alpha1.Group + "/run"

	labelOpen   = "open"
	labelClosed = "closed"

	headerKey  = "run"
	changesKey = "changes"
)

// What one ConfigMap holds at most. The API server takes a mebibyte; the rest is
// for notes that are written later, and for the line of the run.
const (
	maxLines = 1000
	maxBytes = 700_000
)

// shard is one ConfigMap of a run.
type shard struct {
	index int
	// object is as the server has it, but for the lines; it has no
	// resourceVersion when it is still to be created.
	object *corev1.ConfigMap
	lines  []line
	bytes  int
	// stored: the server has, or has had, this shard.
	stored bool
	// dirty: the lines, the header or the label differ from what is stored.
	dirty bool
}

// shardName is the name of a ConfigMap: run and shard.
func shardName(id string, index int) string {
	return namePrefix + id + "-" + strconv.Itoa(index)
}

// maxIndex bounds the number of a shard: a higher one is none of ours.
const maxIndex = 99_999

// splitName reads the name of a ConfigMap of ours.
func splitName(name string) (id string, index int, ours bool) {
	rest, ours := strings.CutPrefix(name, namePrefix)
	at := strings.LastIndexByte(rest, '-')
	if !ours || at < 0 {
		return "", 0, false
	}
	id = rest[:at]
	index, err := strconv.Atoi(rest[at+1:])
	return id, index, err == nil && index <= maxIndex && name == shardName(id, index) && IsID(id)
}

func newShard(id string, index int) *shard {
	return &shard{index: index, dirty: true, object: &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:   shardName(id, index),
			Labels: map[string]string{JournalLabel: labelOpen, RunLabel: id},
		},
		Data: map[string]string{},
	}}
}

// readShard reads a ConfigMap. Empty lines are kept, and mean nothing.
func readShard(index int, object *corev1.ConfigMap) *shard {
	s := &shard{index: index, object: object, stored: true}
	text := object.Data[changesKey]
	if text == "" {
		return s
	}
	for raw := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		l := line{raw: raw}
		if strings.TrimSpace(raw) != "" {
			l = decodeLine(raw)
		}
		s.lines = append(s.lines, l)
		s.bytes += len(raw) + 1
	}
	return s
}

// hasRoom reports whether a line fits.
func (s *shard) hasRoom(raw string) bool {
	return len(s.lines) < maxLines && s.bytes+len(raw)+1 <= maxBytes
}

func (s *shard) add(l line) {
	s.lines = append(s.lines, l)
	s.bytes += len(l.raw) + 1
	s.dirty = true
}

func (s *shard) replace(at int, l line) {
	s.bytes += len(l.raw) - len(s.lines[at].raw)
	s.lines[at] = l
	s.dirty = true
}

// configMap returns the object to be stored.
func (s *shard) configMap() *corev1.ConfigMap {
	object := s.object.DeepCopy()
	if len(s.lines) == 0 {
		return object
	}
	if object.Data == nil {
		object.Data = map[string]string{}
	}
	var text strings.Builder
	text.Grow(s.bytes)
	for _, l := range s.lines {
		text.WriteString(l.raw)
		text.WriteByte('\n')
	}
	object.Data[changesKey] = text.String()
	return object
}

// label says on the ConfigMap whether something is left of the run.
func (s *shard) label(id, value string) {
	if s.object.Labels[JournalLabel] == value && s.object.Labels[RunLabel] == id {
		return
	}
	if s.object.Labels == nil {
		s.object.Labels = map[string]string{}
	}
	s.object.Labels[JournalLabel], s.object.Labels[RunLabel] = value, id
	s.dirty = true
}

// set writes a key beside the lines.
func (s *shard) set(key, value string) {
	if s.object.Data == nil {
		s.object.Data = map[string]string{}
	}
	if s.object.Data[key] != value {
		s.object.Data[key] = value
		s.dirty = true
	}
}

// String names the ConfigMap as findings do.
func (s *shard) String() string {
	return "configmap/" + s.object.Namespace + "/" + s.object.Name
}
