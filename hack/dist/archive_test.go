// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// commitTime is odd on purpose: the old time stamps of a zip know even seconds only.
var commitTime = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

var formats = map[string]func(io.Writer) archiver{
	"tar.gz": func(w io.Writer) archiver { return newTarball(w, commitTime) },
	"zip":    func(w io.Writer) archiver { return newZipball(w, commitTime) },
}

// sources writes the two files of an archive, as a machine with that umask and that
// clock leaves them.
func sources(t *testing.T, umask os.FileMode, at time.Time) []member {
	t.Helper()
	dir := t.TempDir()
	members := []member{
		{name: "plugin", source: filepath.Join(dir, "plugin"), mode: 0o755},
		{name: "LICENSE", source: filepath.Join(dir, "LICENSE"), mode: 0o644},
	}
	for _, m := range members {
		err := errors.Join(
			os.WriteFile(m.source, []byte(strings.Repeat("the bytes of "+m.name+"\n", 5000)), 0o600),
			os.Chmod(m.source, m.mode&^umask),
			os.Chtimes(m.source, at, at),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	return members
}

func packed(t *testing.T, format func(io.Writer) archiver, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := writeArchive(format(&out), members); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTheSameBytesFromAnyMachine(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			here := sources(t, 0o022, time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC))
			there := sources(t, 0o077, time.Date(2031, 2, 3, 4, 5, 6, 789, time.FixedZone("JST", 9*3600)))
			first := packed(t, format, here...)
			if !bytes.Equal(first, packed(t, format, here...)) {
				t.Error("a second run gives other bytes")
			}
			if !bytes.Equal(first, packed(t, format, there[1], there[0])) {
				t.Error("other times, modes and another order give other bytes")
			}
		})
	}
}

// entry is what an archive says of a file.
type entry struct {
	Name, Time string
	Mode       os.FileMode
	Owner      int
	Bytes      int
}

var wanted = []entry{
	{Name: "LICENSE", Time: "2026-01-02T15:04:05Z", Mode: 0o644, Bytes: 105000},
	{Name: "plugin", Time: "2026-01-02T15:04:05Z", Mode: 0o755, Bytes: 100000},
}

func TestTarball(t *testing.T) {
	data := packed(t, formats["tar.gz"], sources(t, 0o077, time.Now())...)
	compressed, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if compressed.Name != "" || !compressed.ModTime.IsZero() {
		t.Errorf("the header of gzip says %q, %v", compressed.Name, compressed.ModTime)
	}
	var got []entry
	for reader := tar.NewReader(compressed); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, entry{
			Name: header.Name, Time: header.ModTime.UTC().Format(time.RFC3339), Mode: header.FileInfo().Mode(),
			Owner: header.Uid + header.Gid, Bytes: len(content),
		})
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestZipball(t *testing.T) {
	data := packed(t, formats["zip"], sources(t, 0o077, time.Now())...)
	reader, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var got []entry
	for _, file := range reader.File {
		got = append(got, entry{
			Name: file.Name, Time: file.Modified.UTC().Format(time.RFC3339), Mode: file.Mode(), Bytes: int(file.UncompressedSize64),
		})
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAFileThatIsMissing(t *testing.T) {
	for name, format := range formats {
		err := writeArchive(format(io.Discard), []member{{name: "plugin", source: filepath.Join(t.TempDir(), "plugin")}})
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
