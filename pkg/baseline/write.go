// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// comment is the first line of a file, for who opens it.
const comment = "# The state of a cluster, by kubectl vantiq-upgrade snapshot. An edited file is refused."

// Write writes a snapshot as one YAML document with a line for each object.
func Write(w io.Writer, s *v1alpha1.ClusterSnapshot) error {
	out := newWriter(w)
	out.line(comment)
	out.line("apiVersion: " + v1alpha1.GroupVersion().String())
	out.line("kind: " + kind)
	out.line(fmt.Sprintf("format: %d", format))
	for _, section := range sections(s) {
		out.section(section)
	}
	out.value("end", end{Counts: Counts(s), SHA256: hex.EncodeToString(out.sum.Sum(nil))})
	if out.err == nil {
		out.err = out.to.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("writing the snapshot: %w", out.err)
	}
	return nil
}

// writer writes lines and sums them up; it keeps the first error.
type writer struct {
	to  *bufio.Writer
	sum hash.Hash
	// buffer and json hold one line at a time.
	buffer bytes.Buffer
	json   *json.Encoder
	err    error
}

func newWriter(w io.Writer) *writer {
	out := &writer{to: bufio.NewWriter(w), sum: sha256.New()}
	out.json = json.NewEncoder(&out.buffer)
	out.json.SetEscapeHTML(false)
	return out
}

func (w *writer) section(s section) {
	switch {
	case s.list == nil && s.absent && isEmpty(s.value), s.list != nil && s.absent && s.list.len() == 0:
	case s.list == nil:
		w.value(s.key, s.value)
	case s.list.len() == 0:
		w.line(s.key + ": []")
	default:
		w.line(s.key + ":")
		for i := range s.list.len() {
			w.entry("- ", s.list.at(i))
		}
	}
}

func (w *writer) value(key string, value any) { w.entry(key+": ", value) }

// entry writes a line that ends with a value as JSON, which is YAML as well.
func (w *writer) entry(start string, value any) {
	w.buffer.Reset()
	if err := w.json.Encode(value); err != nil && w.err == nil {
		w.err = err
	}
	w.line(start + string(bytes.TrimSuffix(w.buffer.Bytes(), []byte("\n"))))
}

func (w *writer) line(text string) {
	if w.err != nil {
		return
	}
	text += "\n"
	w.sum.Write([]byte(text)) // a hash returns no error
	_, w.err = w.to.WriteString(text)
}
