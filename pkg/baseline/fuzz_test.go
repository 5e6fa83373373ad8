// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
)

// FuzzRead: whatever the bytes, the reader says why it refuses them in a line, or
// gives a snapshot that is written and read to the same again.
func FuzzRead(f *testing.F) {
	for _, s := range [][]byte{written(f, sample()), written(f, empty())} {
		f.Add(s)
		f.Add(zipped(f, s))
		f.Add(s[:len(s)/2])
		f.Add(zipped(f, s)[:100])
		f.Add(bytes.Replace(s, []byte("format: 1"), []byte("format: 2"), 1))
		f.Add(bytes.Replace(s, []byte(`"v1.29.4"`), []byte(`{"a":[[[]]]}`), 1))
	}
	f.Add([]byte(nil))
	f.Add([]byte("#\n#\n"))
	f.Add([]byte("apiVersion: upgrade.vantiq.com/v1alpha1\nkind: ClusterSnapshot\n"))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := baseline.Read(bytes.NewReader(data))
		if err != nil {
			if text := err.Error(); text == "" || strings.ContainsAny(text, "\n\r\x1b") || len(text) > 1000 || s != nil {
				t.Errorf("%q, %v", text, s)
			}
			return
		}
		once := written(t, s)
		again, err := baseline.Read(bytes.NewReader(once))
		if err != nil {
			t.Fatalf("what was read and written cannot be read: %v\n%s", err, once)
		}
		if twice := written(t, again); !bytes.Equal(once, twice) {
			t.Errorf("once:\n%s\ntwice:\n%s", once, twice)
		}
	})
}
