// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	binary        = "kubectl-vantiq_upgrade"
	checksumsFile = "checksums.txt"
)

// release is what all archives have in common.
type release struct {
	version, sbomTool, dir string
	time                   time.Time
}

// write makes the folder hold this release and nothing of another one.
func (r *release) write(ctx context.Context, platforms []string) error {
	if err := r.clear(); err != nil {
		return err
	}
	names := make([]string, 2*len(platforms))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, platform := range platforms {
		goos, goarch, ok := strings.Cut(platform, "/")
		if !ok {
			return errors.Join(fmt.Errorf("%q is not a platform as in linux/amd64", platform), group.Wait())
		}
		group.Go(func() error {
			archive, err := r.pack(goos, goarch)
			if err != nil {
				return err
			}
			sbom, err := r.describe(ctx, goos, goarch)
			names[2*i], names[2*i+1] = archive, sbom
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return writeChecksums(r.dir, names)
}

// clear removes what an earlier run wrote, so that nothing of it gets published.
func (r *release) clear() error {
	old, err := filepath.Glob(filepath.Join(r.dir, binary+"_*"))
	if err != nil {
		return err
	}
	for _, name := range append(old, filepath.Join(r.dir, checksumsFile)) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (r *release) pack(goos, goarch string) (string, error) {
	members := []member{
		{name: executable(goos), source: r.built(goos, goarch), mode: 0o755},
		{name: "LICENSE", source: "LICENSE", mode: 0o644},
	}
	pages, err := filepath.Glob(filepath.Join(r.dir, ".man", "*.1"))
	if err != nil {
		return "", err
	}
	for _, page := range pages {
		members = append(members, member{name: "man/" + filepath.Base(page), source: page, mode: 0o644})
	}
	name := r.stem(goos, goarch) + extension(goos)
	file, err := os.Create(filepath.Join(r.dir, name))
	if err != nil {
		return "", err
	}
	var a archiver = newTarball(file, r.time)
	if goos == "windows" {
		a = newZipball(file, r.time)
	}
	if err := errors.Join(writeArchive(a, members), file.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return name, nil
}

// describe lists the modules in a binary, as its own build information has them.
// A serial number or a time would make every run's list another one.
func (r *release) describe(ctx context.Context, goos, goarch string) (string, error) {
	name := r.stem(goos, goarch) + ".cdx.json"
	cmd := exec.CommandContext(ctx, r.sbomTool, "bin", "-json", "-noserial", "-notimestamp", "-std",
		"-version", r.version, "-output", filepath.Join(r.dir, name), r.built(goos, goarch))
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch) // it asks go, not the binary
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("writing %s: %w: %s", name, err, out)
	}
	return name, nil
}

func (r *release) stem(goos, goarch string) string {
	return strings.Join([]string{binary, r.version, goos, goarch}, "_")
}

func (r *release) built(goos, goarch string) string {
	return filepath.Join(r.dir, ".binaries", goos+"_"+goarch, executable(goos))
}

func executable(goos string) string {
	if goos == "windows" {
		return binary + ".exe"
	}
	return binary
}

func extension(goos string) string {
	if goos == "windows" {
		return ".zip"
	}
	return ".tar.gz"
}

// writeChecksums writes what `sha256sum -c` reads.
func writeChecksums(dir string, names []string) error {
	var lines strings.Builder
	for _, name := range slices.Sorted(slices.Values(names)) {
		sum, err := checksum(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, name)
	}
	return os.WriteFile(filepath.Join(dir, checksumsFile), []byte(lines.String()), 0o644)
}

func checksum(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
