// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestArchives wants an archive for each platform that was asked for.
func TestArchives(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	want := strings.Fields(os.Getenv("KREW_PLATFORMS"))
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(r.archives)); !slices.Equal(got, want) {
		t.Errorf("archives for %q, want %q", got, want)
	}
}

// TestChecksums wants checksums.txt to tell of everything in the folder, and truly.
func TestChecksums(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	files, err := filepath.Glob(filepath.Join(r.dir, "kubectl-*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(r.sums) || len(files) != 2*len(r.archives) {
		t.Errorf("%d files, %d sums, %d archives", len(files), len(r.sums), len(r.archives))
	}
	for name, want := range r.sums {
		if got, err := r.sum(name); err != nil || got != want {
			t.Errorf("%s: %v, sum %s, want %s", name, err, got, want)
		}
	}
}

// TestSBOM wants the list of modules that comes with each archive to be about the
// binary in it, and to give nothing away of when and where it was made.
func TestSBOM(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	for platform, archive := range r.archives {
		stem, _, _ := strings.Cut(archive, ".tar.gz")
		data, err := os.ReadFile(filepath.Join(r.dir, strings.TrimSuffix(stem, ".zip")+".cdx.json"))
		if err != nil {
			t.Error(err)
			continue
		}
		var bom struct {
			SerialNumber string
			Metadata     struct {
				Timestamp string
				Component struct{ Name, Version, Purl string }
			}
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(data, &bom); err != nil {
			t.Fatal(err)
		}
		goos, goarch, _ := strings.Cut(platform, "/")
		main := bom.Metadata.Component
		if main.Version != r.tag || !strings.Contains(main.Purl, "goarch="+goarch) || !strings.Contains(main.Purl, "goos="+goos) {
			t.Errorf("%s: the SBOM is about %+v", platform, main)
		}
		if bom.SerialNumber != "" || bom.Metadata.Timestamp != "" {
			t.Errorf("%s: serial number %q, time %q", platform, bom.SerialNumber, bom.Metadata.Timestamp)
		}
		found := map[string]string{}
		for _, c := range bom.Components {
			found[c.Name] = c.Version
		}
		if found["k8s.io/client-go"] == "" || found["std"] == "" {
			t.Errorf("%s: the SBOM has neither client-go nor the standard library: %v", platform, found)
		}
	}
}
